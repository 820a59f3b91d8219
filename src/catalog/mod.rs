//! The model: what a schema is made of. Pure; imports nothing of this crate.
