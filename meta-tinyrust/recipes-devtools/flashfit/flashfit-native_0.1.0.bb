SUMMARY = "flashfit and imagekit: flash map, budgets, checks, image parts"
DESCRIPTION = "The host programs of this repository. flashfit knows the flash map: layout, assembly, \
budget check. imagekit checks what came out of Kconfig and rustc, and makes the boot partition, the \
kernel's FIT image and build.json. Every builder calls the same two."
SECTION = "devel"
LIC_FILES_CHKSUM = "file://LICENSE-MIT;md5=52845b9a94064f49ec371ee9ad7b1b6c \
                    file://LICENSE-APACHE;md5=3b83ef96387f14655fc854ddc3c6bd57"

require flashfit-crates.inc
# The program's own licence, and those of the crates that are linked into it.
require flashfit-license.inc

# The lock file is the whole workspace's, so cargo wants to see each member of it.
TINYRUST_FILES = "Cargo.toml Cargo.lock crates app/Cargo.toml app/profiles.toml scripts qemu LICENSE-MIT LICENSE-APACHE"
TINYRUST_FROM_RELEASE = "1"
# A folder of its own: crates are unpacked beside it, and `bitbake -c update_crates` reads every lock file below S.
TINYRUST_SUBDIR = "flashfit"
do_unpack[postfuncs] += "tinyrust_one_lock"
tinyrust_one_lock() {
    # Fuzz targets and samples have locks of their own, and are not built here.
    find ${S}/crates -name Cargo.lock -delete
}

S = "${UNPACKDIR}/flashfit"

inherit tinyrust_source cargo cargo-update-recipe-crates
inherit_defer native

# Of the environment, it would move what do_install looks for.
export CARGO_TARGET_DIR = "${B}/target"

# Only the programs themselves; their tests and the other members stay out.
CARGO_BUILD_FLAGS += "--package flashfit --package imagekit --bins"

# zstd is compiled from its crate, as xz is: releases after wrynose would have it looked for by pkg-config.
oe_cargo_fix_env:append() {
    unset ZSTD_SYS_USE_PKG_CONFIG
}
