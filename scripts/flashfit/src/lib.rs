//! The flash budget and layout tool for firmware images.
