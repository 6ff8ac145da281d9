# OE-Core's recipe, its flags and features, on the source that the host's rustc comes with.
PV = "${TINYRUST_HOST_RUST}"
FILESEXTRAPATHS:prepend := "${TINYRUST_HOST_RUST_SOURCE}:"
SRC_URI = "file://library"
# OE's recipe reads the whole lock; Debian's source has the crates that its own systems compile.
python __anonymous() {
    with open(d.expand('${TINYRUST_HOST_RUST_SOURCE}/library/Cargo.lock')) as lock:
        for name, version, checksum in tinyrust.rust.crates(lock.read()):
            d.appendVar('SRC_URI', ' crate://crates.io/%s/%s' % (name, version))
            d.setVarFlag('SRC_URI', '%s-%s.sha256sum' % (name, version), checksum)
}
CARGO_VENDORING_DIRECTORY = "${CARGO_HOME}/bitbake"
S = "${UNPACKDIR}/library/sysroot"
# The source's own COPYRIGHT stands above library/, in the tarball that is not here.
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"

# libcxx is there for its libunwind, which GCC has under another name.
DEPENDS:remove = "libcxx"
# The host's GCC has no shared libgcc for musl: a shared libstd is left out.
RUSTFLAGS:append = " -Ctarget-feature=+crt-static ${TINYRUST_HOST_JSON_TARGET}"
do_install:append() {
    install -m 0644 "$(${CC} -print-file-name=libgcc_eh.a)" ${D}${rustlibdir}/libunwind.a
}
FILES:${PN}-staticdev += "${rustlibdir}/*.a"
