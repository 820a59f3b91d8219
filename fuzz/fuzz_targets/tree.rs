//! Hands the input of libFuzzer to `entry/tree.rs`.
#![no_main]

#[path = "../entry/tree.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
