//! Hands the input of libFuzzer to `entry/frame.rs`.
#![no_main]

#[path = "../entry/frame.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
