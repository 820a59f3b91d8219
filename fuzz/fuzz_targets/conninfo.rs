//! Hands the input of libFuzzer to `entry/conninfo.rs`.
#![no_main]

#[path = "../entry/conninfo.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
