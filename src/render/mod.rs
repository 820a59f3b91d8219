//! Canonical SQL of a catalog.
