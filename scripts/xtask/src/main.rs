//! The automation of this repository.

fn main() {}
