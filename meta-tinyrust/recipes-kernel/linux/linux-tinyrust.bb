SUMMARY = "Linux for a device with a small flash chip"
DESCRIPTION = "Everything is off except the options in boards/common/linux.config and the \
board's own linux.config; the build checks each of their lines in the final .config."
HOMEPAGE = "https://www.kernel.org"
SECTION = "kernel"
LICENSE = "GPL-2.0-only"
LIC_FILES_CHKSUM = "file://COPYING;md5=6bc538ed5bd9a7fc9398086aedcd7e46 \
                    file://LICENSES/preferred/GPL-2.0;md5=e6a75371ba4d16749254a51215d13f97 \
                    file://LICENSES/exceptions/Linux-syscall-note;md5=6b0dff741019b948dfe290c05d6f361c"

require linux-tinyrust-version.inc

LINUX_VERSION ?= "${PV}"
SRC_URI = "${KERNELORG_MIRROR}/linux/kernel/v${@d.getVar('PV').split('.')[0]}.x/linux-${PV}.tar.xz;name=tarball"
TINYRUST_FILES = "boards/common/linux.config boards/${MACHINE}/linux.config"

S = "${UNPACKDIR}/linux-${PV}"

inherit tinyrust_source kernel kconfig_check

COMPATIBLE_MACHINE = "^tinyrust-board$"

KCONFIG_FRAGMENTS = "${UNPACKDIR}/boards/common/linux.config ${UNPACKDIR}/boards/${MACHINE}/linux.config"

# tinyconfig and the fragments with everything unnamed off: appended to tinyconfig,
# olddefconfig would switch on each `default y` that becomes visible.
tinyrust_kernel_config() {
    if [ "${TINYRUST_LINUX_BASE}" = tinyconfig ]; then
        cat ${S}/kernel/configs/tiny-base.config ${S}/kernel/configs/tiny.config ${KCONFIG_FRAGMENTS} > ${B}/all.config
        oe_runmake_call -C ${S} O=${B} KCONFIG_ALLCONFIG=${B}/all.config allnoconfig
    else
        oe_runmake_call -C ${S} O=${B} ${TINYRUST_LINUX_BASE}
        cat ${KCONFIG_FRAGMENTS} >> ${B}/.config
        oe_runmake_call -C ${S} O=${B} olddefconfig
    fi
}
KERNEL_CONFIG_COMMAND = "tinyrust_kernel_config"

# For the image folder: flashfit reads there what each byte of the kernel is.
do_deploy:append() {
    imagekit symbols vmlinux ${B}/vmlinux ${DEPLOYDIR} --objcopy ${OBJCOPY}
}

# The device has no modules; the FIT image in its own partition is the kernel.
# nooelint: oelint.vars.pkgspecific.RDEPENDS - the packages are named by kernel.bbclass
RDEPENDS:${KERNEL_PACKAGE_NAME}-base = ""
