//! Tests of the store as a whole, on a memory backend and on local folders.

mod basic;
mod faults;
mod golden;
mod keep;
mod memory;
mod names;
mod orders;
mod support;
