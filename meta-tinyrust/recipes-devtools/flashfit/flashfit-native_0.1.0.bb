SUMMARY = "Flash layout, image assembly and budget check from one board.toml"
DESCRIPTION = "The host tool of this repository: every builder calls the same program."
SECTION = "devel"
LIC_FILES_CHKSUM = "file://../LICENSE-MIT;md5=52845b9a94064f49ec371ee9ad7b1b6c \
                    file://../LICENSE-APACHE;md5=3b83ef96387f14655fc854ddc3c6bd57"

require flashfit-crates.inc
# The program's own licence, and those of the crates that are linked into it.
require flashfit-license.inc

# The lock file is the whole workspace's, so cargo wants to see each member of it.
FILESEXTRAPATHS:prepend := "${TINYRUST_ROOT}:"
SRC_URI += "file://Cargo.toml;subdir=flashfit \
            file://Cargo.lock;subdir=flashfit \
            file://crates;subdir=flashfit \
            file://scripts;subdir=flashfit \
            file://qemu;subdir=flashfit \
            file://LICENSE-MIT \
            file://LICENSE-APACHE \
"

S = "${UNPACKDIR}/flashfit"

inherit cargo cargo-update-recipe-crates
inherit_defer native

# Only the programs themselves; their tests and the other members stay out.
CARGO_BUILD_FLAGS += "--package flashfit --package imagekit --bins"
