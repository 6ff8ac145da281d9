//! See [`flashfit_fuzz::import`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| flashfit_fuzz::import(bytes));
