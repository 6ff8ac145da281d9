# nooelint: oelint.var.mandatoryvar.SRC_URI - of OE-Core's include
SUMMARY = "The crates of Rust's standard library, for recipes that rebuild it"
DESCRIPTION = "They come from the compiler's own source, the archive that OE-Core's rust recipes fetch. \
library/Cargo.lock in it lists the crates, so a new Rust in OE-Core needs no change here."
HOMEPAGE = "https://www.rust-lang.org"
SECTION = "devel"
# As OE-Core's rust has it; each crate brings its own text.
LICENSE = "${@tinyrust.licence.expression('(MIT OR Apache-2.0) AND Unicode-3.0')}"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302 \
                    file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

DEPENDS = "flashfit-native xz-native"

PV = "${@tinyrust.rust.version(d)}"

# Address and checksum. OE-Core's patches are of the compiler, and unpacked it is 4 GB.
# nooelint: oelint.file.requirenotfound - of OE-Core
require recipes-devtools/rust/rust-source.inc
# nooelint: oelint.task.noanonpython - what an include appended is not to be had by an operator
python __anonymous() {
    archive = [url for url in d.getVar('SRC_URI').split() if ';name=rust' in url]
    d.setVar('SRC_URI', ' '.join(url + ';unpack=0' for url in archive))
}
UNPACKDIR = "${WORKDIR}/sources"
S = "${UNPACKDIR}"
B = "${WORKDIR}/build"

# An archive, or a folder with library/ in it.
RUST_STD_SOURCE ?= "${UNPACKDIR}/rustc-${PV}-src.tar.xz"

inherit_defer native

do_compile() {
    imagekit std-source ${RUST_STD_SOURCE} --into ${B}
    # Windows' import libraries, which are no ELF files.
    find ${B}/library/vendor -name '*.a' -delete
}

RUST_STD_CRATES = "${datadir}/rust-std-crates"
do_install() {
    install -d ${D}${RUST_STD_CRATES}
    cp -r ${B}/library/vendor ${B}/library/Cargo.lock ${D}${RUST_STD_CRATES}/
}
INHIBIT_SYSROOT_STRIP = "1"

# In the SPDX each crate stands beside the archive that it came in.
do_create_spdx[prefuncs] += "rust_std_crates_in_spdx"
python rust_std_crates_in_spdx() {
    import pathlib
    staged = pathlib.Path(d.expand('${COMPONENTS_DIR}/${BUILD_ARCH}/${PN}${prefix_native}/share/rust-std-crates'))
    crates = tinyrust.rust.crates((staged / 'Cargo.lock').read_text())
    for name, version, checksum in crates:
        if not (staged / 'vendor' / ('%s-%s' % (name, version))).is_dir():
            continue
        d.appendVar('SRC_URI', ' crate://crates.io/%s/%s' % (name, version))
        d.setVarFlag('SRC_URI', '%s-%s.sha256sum' % (name, version), checksum)
}
