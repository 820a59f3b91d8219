//! Tests of the store as a whole, on a memory backend and on local folders.

mod basic;
mod names;
mod support;
