SUMMARY = "Web server of a device whose whole system lives in a small flash chip"
DESCRIPTION = "An HTTP status server in Rust (actix-web): a page, its JSON, a health check and Prometheus metrics. \
${@'Linked statically, in less than 200 KB of flash.' if d.getVar('TCLIBC') == 'musl' else 'Linked dynamically, with the C library of the system.'}"
SECTION = "net"
LIC_FILES_CHKSUM = "file://../LICENSE-MIT;md5=52845b9a94064f49ec371ee9ad7b1b6c \
                    file://../LICENSE-APACHE;md5=3b83ef96387f14655fc854ddc3c6bd57"

require tinyrust-crates.inc
# The program's own licence, and those of the crates that are linked into it.
require tinyrust-license.inc

# Not app/ as a whole: a developer's app/target is neither copied nor hashed.
TINYRUST_FILES = "app/Cargo.toml app/Cargo.lock app/src app/serve/Cargo.toml app/serve/src LICENSE-MIT LICENSE-APACHE"
TINYRUST_FROM_RELEASE = "1"

S = "${UNPACKDIR}/app"

# What each costs stands in docs/yocto.md.
PACKAGECONFIG ??= "std-rebuild immediate-abort \
                   ${@'mimalloc' if d.getVar('TINYRUST_RUST_ALLOCATOR') == 'mimalloc' else ''} \
                   ${@'' if d.getVar('TCLIBC') == 'musl' else 'hardening'}"
PACKAGECONFIG[std-rebuild] = ",,"
PACKAGECONFIG[immediate-abort] = ",,"
PACKAGECONFIG[mimalloc] = "--features mimalloc,,"
PACKAGECONFIG[hardening] = ",,"
PACKAGECONFIG[upx] = ",,upx-native"

TINYRUST_STD_REBUILD = "${@bb.utils.contains('PACKAGECONFIG', 'std-rebuild', '1', '0', d)}"
TINYRUST_IMMEDIATE_ABORT = "${@bb.utils.contains('PACKAGECONFIG', 'immediate-abort', '1', '0', d)}"

inherit tinyrust_source tinyrust_size cargo-update-recipe-crates

# What GET /api/v1/system says about the build.
TINYRUST_GIT_REVISION ?= "${@tinyrust.revision.of(d)}"
TINYRUST_GIT_REVISION[vardepvalue] = ""
export TINYRUST_GIT_REVISION
export TINYRUST_TARGET
export TINYRUST_PROFILE

# Without hardening: none of what the distro's security_flags.inc adds to compiler and linker.
TARGET_CC_ARCH:remove = "${@bb.utils.contains('PACKAGECONFIG', 'hardening', '', d.getVar('SECURITY_CFLAGS') or '', d)}"
TARGET_LDFLAGS:remove = "${@bb.utils.contains('PACKAGECONFIG', 'hardening', '', d.getVar('SECURITY_LDFLAGS') or '', d)}"

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
