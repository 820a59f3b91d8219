//! Hands the input of libFuzzer to `entry/canon.rs`.
#![no_main]

#[path = "../entry/canon.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
