//! Hands the input of libFuzzer to `entry/manifest.rs`.
#![no_main]

#[path = "../entry/manifest.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
