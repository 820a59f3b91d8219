//! Hands the input of libFuzzer to `entry/split.rs`.
#![no_main]

#[path = "../entry/split.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
