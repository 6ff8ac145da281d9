SUMMARY = "Starts the server on a distro that has its own init system"
DESCRIPTION = "A script for busybox init and sysvinit, a unit for systemd, and the user \
that the server runs as. tinyrust-image uses boards/common/rootfs instead."
SECTION = "net"
LICENSE = "${@tinyrust.licence.expression('MIT OR Apache-2.0')}"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302 \
                    file://${COMMON_LICENSE_DIR}/Apache-2.0;md5=89aea4e17d99a7cacdbeed46a0096b10"

SRC_URI = "file://tinyrust.init \
           file://tinyrust.service \
"

S = "${UNPACKDIR}"

inherit allarch systemd update-rc.d useradd

INITSCRIPT_NAME = "tinyrust"
INITSCRIPT_PARAMS = "defaults 80"
SYSTEMD_SERVICE:${PN} = "tinyrust.service"

USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "--system tinyrust"
USERADD_PARAM:${PN} = "--system --home-dir ${localstatedir}/lib/tinyrust --no-create-home --shell /sbin/nologin --gid tinyrust tinyrust"

do_install() {
    if ${@bb.utils.contains('DISTRO_FEATURES', 'systemd', 'true', 'false', d)}; then
        install -D -m 0644 ${S}/tinyrust.service ${D}${systemd_system_unitdir}/tinyrust.service
    else
        install -D -m 0755 ${S}/tinyrust.init ${D}${sysconfdir}/init.d/tinyrust
    fi
}

RDEPENDS:${PN} = "tinyrust"
