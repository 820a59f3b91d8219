//! Hands the input of libFuzzer to `entry/check.rs`.
#![no_main]

#[path = "../entry/check.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
