//! Orders the steps that lead from one catalog to another. Knows no kind by name.
