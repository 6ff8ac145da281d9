SUMMARY = "Web server of a device whose whole system lives in a small flash chip"
DESCRIPTION = "An HTTP status server in Rust (actix-web), linked statically: a page, \
its JSON, a health check and Prometheus metrics, in less than 200 KB of flash."
SECTION = "net"
LIC_FILES_CHKSUM = "file://../LICENSE-MIT;md5=52845b9a94064f49ec371ee9ad7b1b6c \
                    file://../LICENSE-APACHE;md5=3b83ef96387f14655fc854ddc3c6bd57"

require tinyrust-crates.inc
# The program's own licence, and those of the crates that are linked into it.
require tinyrust-license.inc

# Two forms of the source. In a clone of the repository it stands beside this layer,
# and each file is named, so that a developer's app/target is neither copied nor
# hashed. For a layer that was copied out of it, TINYRUST_RELEASE names a tarball
# (`git archive`'s, of the whole repository) and TINYRUST_RELEASE_SHA256 its hash.
TINYRUST_RELEASE ?= ""
TINYRUST_RELEASE_SHA256 ?= ""
TINYRUST_CHECKOUT = "file://app/Cargo.toml file://app/Cargo.lock file://app/src \
                     file://LICENSE-MIT file://LICENSE-APACHE"
FILESEXTRAPATHS:prepend := "${TINYRUST_ROOT}:"

SRC_URI += "${@d.getVar('TINYRUST_RELEASE') + ';name=release;subdir=release;striplevel=1' if d.getVar('TINYRUST_RELEASE') else d.getVar('TINYRUST_CHECKOUT')}"
SRC_URI[release.sha256sum] = "${TINYRUST_RELEASE_SHA256}"

S = "${UNPACKDIR}/${@'release/app' if d.getVar('TINYRUST_RELEASE') else 'app'}"

# What each costs stands in docs/yocto.md.
PACKAGECONFIG ??= "std-rebuild immediate-abort ${@'mimalloc' if d.getVar('TINYRUST_RUST_ALLOCATOR') == 'mimalloc' else ''}"
PACKAGECONFIG[std-rebuild] = ",,"
PACKAGECONFIG[immediate-abort] = ",,"
PACKAGECONFIG[mimalloc] = "--features mimalloc,,"
PACKAGECONFIG[upx] = ",,upx-native"

TINYRUST_STD_REBUILD = "${@bb.utils.contains('PACKAGECONFIG', 'std-rebuild', '1', '0', d)}"
TINYRUST_IMMEDIATE_ABORT = "${@bb.utils.contains('PACKAGECONFIG', 'immediate-abort', '1', '0', d)}"

inherit tinyrust_size cargo-update-recipe-crates

# What GET /api/v1/system says about the build.
TINYRUST_GIT_REVISION ?= "${@tinyrust.revision.of(d)}"
TINYRUST_GIT_REVISION[vardepvalue] = ""
export TINYRUST_GIT_REVISION
export TINYRUST_TARGET
export TINYRUST_PROFILE

CARGO_BUILD_FLAGS += "--no-default-features --bin tinyrust"
# mimalloc is C, and asks for what Rust's own run-time library has not.
TINYRUST_EXTRA_RUSTFLAGS = "${@bb.utils.contains('PACKAGECONFIG', 'mimalloc', '-Clink-arg=-lgcc', '', d)}"
TINYRUST_ALLOCATOR = "${@bb.utils.contains('PACKAGECONFIG', 'mimalloc', 'mimalloc', 'system', d)}"
# What upx packs is no longer the file that was linked.
TINYRUST_BUILT = "${B}/target/${CARGO_TARGET_SUBDIR}/tinyrust"
TINYRUST_PROGRAMS = "${@bb.utils.contains('PACKAGECONFIG', 'upx', 'tinyrust=${TINYRUST_BUILT}', '', d)}"

do_install() {
    install -D -m 0755 ${TINYRUST_BUILT} ${D}${bindir}/tinyrust
    # Here and not in do_compile, so that nothing is compiled for it.
    if ${@bb.utils.contains('PACKAGECONFIG', 'upx', 'true', 'false', d)}; then
        ${STRIP} ${D}${bindir}/tinyrust
        upx --quiet --ultra-brute ${D}${bindir}/tinyrust
    fi
}
# A packed program has no sections that do_package could strip or take symbols from.
INHIBIT_PACKAGE_STRIP = "${@bb.utils.contains('PACKAGECONFIG', 'upx', '1', '0', d)}"
# Only with both does do_package not refuse it as stripped already.
INHIBIT_PACKAGE_DEBUG_SPLIT = "${INHIBIT_PACKAGE_STRIP}"
