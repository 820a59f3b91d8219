//! Hands the input of libFuzzer to `entry/session.rs`.
#![no_main]

#[path = "../entry/session.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::run(data));
