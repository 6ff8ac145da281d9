SUMMARY = "The host's useradd in the place of OE's"
DESCRIPTION = "Setscene tasks name it, so it cannot be assumed to be there as the other tools are."
LICENSE = "BSD-3-Clause"
LIC_FILES_CHKSUM = "file://${COREBASE}/meta/files/common-licenses/BSD-3-Clause;md5=550794465ba0ec5312d6919e203a55f9"

inherit native

INHIBIT_DEFAULT_DEPS = "1"

do_install() {
    install -d ${D}${bindir}
}
