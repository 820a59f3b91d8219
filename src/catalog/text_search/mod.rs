//! Full text search (manual, chapter 12): parsers, templates, dictionaries, configurations, a file per kind.
//!
//! Parsers and templates are made of functions in C and have no owner.

pub mod configuration;
pub mod dictionary;
pub mod parser;
pub mod template;
