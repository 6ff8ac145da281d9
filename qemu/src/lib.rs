//! Boots firmware from an emulated flash chip.
