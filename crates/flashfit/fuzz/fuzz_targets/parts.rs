//! See [`flashfit_fuzz::parts`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| flashfit_fuzz::parts(bytes));
