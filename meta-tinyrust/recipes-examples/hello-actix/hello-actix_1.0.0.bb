SUMMARY = "Sample: a crate of your own in tinyrust's place"
DESCRIPTION = "An actix-web program with no cargo profile of its own: one inherit gives it \
the profile, the target flags, the rebuilt standard library and the check of both."
SECTION = "net"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302 \
                    file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

require hello-actix-crates.inc
# The program's own licence, and those of the crates that are linked into it.
require hello-actix-license.inc

# A folder of its own: `bitbake -c update_crates` reads every lock file below S, and crates are unpacked beside it.
SRC_URI += "file://Cargo.toml;subdir=${BP} \
            file://Cargo.lock;subdir=${BP} \
            file://src;subdir=${BP} \
"

inherit tinyrust_size cargo-update-recipe-crates

do_install() {
    # Under the name that the image and its init table start.
    install -D -m 0755 ${B}/target/${CARGO_TARGET_SUBDIR}/hello-actix ${D}${bindir}/tinyrust
}

# IMAGE_INSTALL's tinyrust is this one, only for a build that says so:
# PREFERRED_RPROVIDER_tinyrust = "hello-actix"
RPROVIDES:${PN} = "${@'tinyrust' if d.getVar('PREFERRED_RPROVIDER_tinyrust') == d.getVar('PN') else ''}"
RCONFLICTS:${PN} = "tinyrust"
