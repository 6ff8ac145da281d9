SUMMARY = "An empty package in the place of OE's shadow"
DESCRIPTION = "What adds a user depends on it, for a package that is installed on the device itself."
LICENSE = "${@tinyrust.licence.expression('MIT OR Apache-2.0')}"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"

INHIBIT_DEFAULT_DEPS = "1"
ALLOW_EMPTY:${PN} = "1"
