SUMMARY = "{{project-name}}, in place of tinyrust's server"
SECTION = "net"
# As the release writes it.
LICENSE = "${@tinyrust.licence.expression('MIT OR Apache-2.0')}"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302 \
                    file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

require {{project-name}}-crates.inc

FILESEXTRAPATHS:prepend := "${THISDIR}/../../..:"
SRC_URI += "file://Cargo.toml;subdir=${BP} \
            file://Cargo.lock;subdir=${BP} \
            file://src;subdir=${BP} \
            file://serve;subdir=${BP} \
"

inherit tinyrust_size cargo-update-recipe-crates

do_install() {
    # Under the name that the image and its init table start.
    install -D -m 0755 ${B}/target/${CARGO_TARGET_SUBDIR}/{{project-name}} ${D}${bindir}/tinyrust
}

# IMAGE_INSTALL's tinyrust is this one, for a build that says so:
# PREFERRED_RPROVIDER_tinyrust = "{{project-name}}"
RPROVIDES:${PN} = "${@'tinyrust' if d.getVar('PREFERRED_RPROVIDER_tinyrust') == d.getVar('PN') else ''}"
RCONFLICTS:${PN} = "tinyrust"
