//! What differs between two catalogs. Knows no kind by name.
