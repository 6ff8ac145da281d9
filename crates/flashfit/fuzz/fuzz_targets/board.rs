//! See [`flashfit_fuzz::board`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| flashfit_fuzz::board(bytes));
