SUMMARY = "Kernel and device tree of one slot in a FIT image"
DESCRIPTION = "kernel.itb, what a kernel partition of board.toml holds: the kernel and the \
board's device tree with the generated partition map, each with its sha256. A board \
without a device tree of ours has a kernel with its own."
SECTION = "bootloaders"
LICENSE = "GPL-2.0-or-later"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/GPL-2.0-or-later;md5=fed54355545ffd980b814dab4a3b312c"

INHIBIT_DEFAULT_DEPS = "1"
DEPENDS = "dtc-native flashfit-native u-boot-tools-native xz-native"

FILESEXTRAPATHS:prepend := "${TINYRUST_ROOT}:"
TINYRUST_LINUX_DTS ?= ""
TINYRUST_ITS = "${@'kernel.its' if d.getVar('TINYRUST_LINUX_DTS') else 'kernel-without-dtb.its'}"
SRC_URI = "file://boards/common/${TINYRUST_ITS} \
           ${@'file://boards/${MACHINE}/${TINYRUST_LINUX_DTS}' if d.getVar('TINYRUST_LINUX_DTS') else ''} \
           file://boards/${MACHINE}/board.toml \
"

S = "${UNPACKDIR}"
B = "${WORKDIR}/build"

COMPATIBLE_MACHINE = "^tinyrust-u-boot$"

inherit deploy kernel-arch nopackages

PACKAGE_ARCH = "${MACHINE_ARCH}"

# The device tree's includes are the kernel's.
do_compile[depends] += "virtual/kernel:do_shared_workdir virtual/kernel:do_deploy"
do_compile[cleandirs] = "${B}"

device_tree() {
    flashfit layout ${S}/boards/${MACHINE}/board.toml --format dts > partitions.dtsi
    dts=${STAGING_KERNEL_DIR}/arch/${ARCH}/boot/dts
    set --
    for vendor in $dts/*/; do
        set -- "$@" -I "$vendor"
    done
    ${BUILD_CPP} -nostdinc -undef -x assembler-with-cpp -D__DTS__ -P -I . "$@" -I $dts \
        -I ${STAGING_KERNEL_DIR}/include ${S}/boards/${MACHINE}/${TINYRUST_LINUX_DTS} > board.pp.dts
    dtc -q -I dts -O dtb -o ${MACHINE}.dtb board.pp.dts
}

do_compile() {
    if [ -n "${TINYRUST_LINUX_DTS}" ]; then
        device_tree
    fi
    cp ${DEPLOY_DIR_IMAGE}/${TINYRUST_LINUX_IMAGE} .
    kernel=${TINYRUST_LINUX_IMAGE}
    if [ ${TINYRUST_LINUX_COMPRESSION} = lzma ]; then
        xz --format=lzma -9e --stdout $kernel > kernel.lzma
        kernel=kernel.lzma
    fi
    sed -e 's/@BOARD@/${MACHINE}/' -e 's/@ARCH@/${UBOOT_ARCH}/' \
        -e 's/@LOAD_ADDRESS@/${TINYRUST_LINUX_LOAD_ADDRESS}/' -e "s/@KERNEL@/$kernel/" \
        -e 's/@ENTRY_ADDRESS@/${TINYRUST_LINUX_ENTRY_ADDRESS}/' \
        -e 's/@COMPRESSION@/${TINYRUST_LINUX_COMPRESSION}/' \
        -e 's/@DTB@/${MACHINE}.dtb/' ${S}/boards/common/${TINYRUST_ITS} > kernel.its
    mkimage -f kernel.its kernel.itb
}

do_deploy() {
    install -m 0644 ${B}/kernel.itb ${DEPLOYDIR}/
    if [ -n "${TINYRUST_LINUX_DTS}" ]; then
        install -m 0644 ${B}/${MACHINE}.dtb ${DEPLOYDIR}/
    fi
}
addtask deploy after do_compile before do_build
