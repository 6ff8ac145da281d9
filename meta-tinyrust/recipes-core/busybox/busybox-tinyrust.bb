SUMMARY = "All of user space except the server, in one static program"
DESCRIPTION = "busybox with only the applets that boards/common/busybox.config names."
HOMEPAGE = "https://www.busybox.net"
SECTION = "base"
LICENSE = "${@tinyrust.licence.expression('GPL-2.0-only AND bzip2-1.0.6')}"
LIC_FILES_CHKSUM = "file://LICENSE;md5=de10de48642ab74318e893a61105afbb \
                    file://archival/libarchive/bz/LICENSE;md5=28e3301eae987e8cfe19988e98383dae"

require busybox-tinyrust-version.inc

SRC_URI = "https://busybox.net/downloads/busybox-${PV}.tar.bz2;name=tarball"
TINYRUST_FILES = "boards/common/busybox.config"

S = "${UNPACKDIR}/busybox-${PV}"
B = "${WORKDIR}/build"

inherit tinyrust_source kconfig_check

CVE_PRODUCT = "busybox"
KCONFIG_FRAGMENTS = "${UNPACKDIR}/boards/common/busybox.config"
export KCONFIG_NOTIMESTAMP = "1"

# Size: nothing of what hardens a program that is linked dynamically, and no tables for a debugger.
SECURITY_CFLAGS = ""
SECURITY_LDFLAGS = ""
BUSYBOX_CFLAGS = "-Os -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables \
                  -fno-stack-protector -fno-pie ${DEBUG_PREFIX_MAP}"
BUSYBOX_LDFLAGS = "-static -no-pie -Wl,--gc-sections -Wl,--build-id=none"
EXTRA_OEMAKE = "-C ${S} O=${B} ARCH=${TARGET_ARCH} CROSS_COMPILE=${TARGET_PREFIX} 'CC=${CC}' 'HOSTCC=${BUILD_CC}' \
                'EXTRA_CFLAGS=${BUSYBOX_CFLAGS}' 'EXTRA_LDFLAGS=${BUSYBOX_LDFLAGS}' SKIP_STRIP=y"

# busybox' kconfig takes no list for allnoconfig: what the fragments name is put into the
# result. It has no olddefconfig either, and asks for what it has no value of.
do_configure() {
    unset CFLAGS CPPFLAGS LDFLAGS
    oe_runmake allnoconfig
    imagekit kconfig-merge .config ${KCONFIG_FRAGMENTS}
    yes '' | oe_runmake oldconfig
}

do_compile() {
    unset CFLAGS CPPFLAGS LDFLAGS
    oe_runmake busybox
}

do_install() {
    unset CFLAGS CPPFLAGS LDFLAGS
    oe_runmake install CONFIG_PREFIX=${D}
    # busybox-doc and others that no image of a few MiB has.
    [ ! -e ${D}/linuxrc ] || rm ${D}/linuxrc
}

# For the image folder and not for the device: flashfit reads there what each byte of it is.
SYSROOT_PREPROCESS_FUNCS:append:class-target = " tinyrust_stage_symbols"
tinyrust_stage_symbols() {
    folder=${SYSROOT_DESTDIR}${datadir}/tinyrust/${PN}
    install -d $folder
    imagekit symbols busybox ${B}/busybox_unstripped $folder --objcopy ${OBJCOPY}
}

# In a build of another distro, busybox is still OE-Core's and no other.
RPROVIDES:${PN}:tinyrust-tiny = "busybox"
RCONFLICTS:${PN} = "busybox"
