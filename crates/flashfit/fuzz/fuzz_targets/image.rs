//! See [`flashfit_fuzz::image`].
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| flashfit_fuzz::image(bytes));
