SUMMARY = "The host's pseudo in the place of OE's"
DESCRIPTION = "Setscene tasks name it, so it cannot be assumed to be there as the other tools are."
LICENSE = "LGPL-2.1-only"
LIC_FILES_CHKSUM = "file://${COREBASE}/meta/files/common-licenses/LGPL-2.1-only;md5=1a6d268fd218675ffea8be556788b780"

inherit native

PROVIDES += "virtual/fakeroot-native"
INHIBIT_DEFAULT_DEPS = "1"

do_install() {
    install -d ${D}${prefix} ${D}${localstatedir}/pseudo
    # Where a sysroot has no accounts of its own.
    install -d ${D}${sysconfdir}
    for table in passwd group; do
        install -m 0644 ${COREBASE}/meta/recipes-devtools/pseudo/files/fallback-$table ${D}${sysconfdir}/$table
    done
    cp -r ${TINYRUST_HOST_PSEUDO}/usr/bin ${TINYRUST_HOST_PSEUDO}/usr/lib ${D}${prefix}/
}
