//! Hands the input of libFuzzer to `entry/pack.rs`.
#![no_main]

#[path = "../entry/pack.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
