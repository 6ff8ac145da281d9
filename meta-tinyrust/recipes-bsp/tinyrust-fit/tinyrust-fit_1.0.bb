SUMMARY = "Kernel and device tree of one slot in a FIT image"
DESCRIPTION = "kernel.itb, the content of a kernel partition in board.toml: the kernel and the \
board's device tree with the generated partition map, each with its sha256. If boards/ \
has no device tree for the board, the kernel brings its own."
SECTION = "bootloaders"
LICENSE = "GPL-2.0-or-later"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/GPL-2.0-or-later;md5=fed54355545ffd980b814dab4a3b312c"

INHIBIT_DEFAULT_DEPS = "1"
DEPENDS = "dtc-native flashfit-native u-boot-tools-native xz-native"

TINYRUST_LINUX_DTS ?= ""
TINYRUST_FILES = "boards/${MACHINE}/board.toml \
                  ${@'boards/${MACHINE}/${TINYRUST_LINUX_DTS}' if d.getVar('TINYRUST_LINUX_DTS') else ''}"

S = "${UNPACKDIR}"
B = "${WORKDIR}/build"

COMPATIBLE_MACHINE = "^tinyrust-board$"

inherit tinyrust_source deploy nopackages

PACKAGE_ARCH = "${MACHINE_ARCH}"

# The device tree's includes are the kernel's.
do_compile[depends] += "virtual/kernel:do_shared_workdir virtual/kernel:do_deploy"
do_compile[cleandirs] = "${B}"

do_compile() {
    cp ${DEPLOY_DIR_IMAGE}/${TINYRUST_LINUX_IMAGE} .
    imagekit kernel-fit ${S}/boards/${MACHINE}/board.toml . --linux ${STAGING_KERNEL_DIR} --cpp ${BUILD_CPP}
}

do_deploy() {
    install -m 0644 ${B}/kernel.itb ${DEPLOYDIR}/
    if [ -n "${TINYRUST_LINUX_DTS}" ]; then
        install -m 0644 ${B}/${MACHINE}.dtb ${DEPLOYDIR}/
    fi
}
addtask deploy after do_compile before do_build
