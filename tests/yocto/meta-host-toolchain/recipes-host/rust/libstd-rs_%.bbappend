# For PACKAGECONFIG without std-rebuild: OE-Core's recipe, on the source of the std that the
# host's compiler is of. The tarball of the release's Rust is not fetched here.
SRC_URI = ""
RUST_VERSION = "${TINYRUST_HOST_RUST}"
RUSTSRC = "${UNPACKDIR}/rust"
CARGO_VENDORING_DIRECTORY = "${RUSTSRC}/library/vendor"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"
DEPENDS:remove = "libcxx"
# A target of one's own is an unstable option to a compiler that OE-Core did not patch.
RUSTFLAGS:append = " -Zunstable-options"

host_std_source() {
    install -d ${RUSTSRC}
    cp -r $(rustc --print sysroot)/lib/rustlib/src/rust/library ${RUSTSRC}/
    # The harness' C library is static, so there is no libstd.so to link.
    sed -i 's/^crate-type = \["dylib", "rlib"\]$/crate-type = ["rlib"]/' ${RUSTSRC}/library/std/Cargo.toml
}
do_unpack[postfuncs] += "host_std_source"
