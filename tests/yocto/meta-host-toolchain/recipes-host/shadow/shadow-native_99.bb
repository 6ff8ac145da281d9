SUMMARY = "useradd and groupadd in the place of OE's"
DESCRIPTION = "As much of them as the tested layer needs: Debian's own do not get on with pseudo's chroot. \
Setscene tasks name the recipe, so it cannot be assumed to be there as the other tools are."
LICENSE = "${@tinyrust.licence.expression('MIT OR Apache-2.0')}"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"

SRC_URI = "file://groupadd file://useradd"
S = "${UNPACKDIR}"

inherit native

INHIBIT_DEFAULT_DEPS = "1"

do_install() {
    install -D -m 0755 -t ${D}${sbindir} ${S}/groupadd ${S}/useradd
}
