SUMMARY = "The whole system of an 8 MiB flash chip: busybox, the server, nothing else"
DESCRIPTION = "For a board in boards/, the image is flash.bin, checked against the board's \
budgets; for any other machine, it is a squashfs."
LICENSE = "MIT"

inherit image

# Packages are set up on the build host; nothing is left for a first start to do.
ROOTFS_BOOTSTRAP_INSTALL = ""
# Named one by one: a packagegroup brings what no 600 KB have room for.
IMAGE_INSTALL = "tinyrust tinyrust-rootfs busybox-tinyrust"
IMAGE_LINGUAS = ""
IMAGE_FEATURES = "read-only-rootfs"
NO_RECOMMENDATIONS = "1"

IMAGE_FSTYPES ?= "squashfs-xz"
IMAGE_CLASSES += "${@'flash_budget' if 'flash' in d.getVar('IMAGE_FSTYPES').split() else ''}"
# What the package manager and the init manager leave behind is not on the device.
IMAGE_PREPROCESS_COMMAND += "tinyrust_image_trim"
tinyrust_image_trim() {
    rm -rf ${IMAGE_ROOTFS}/var/* ${IMAGE_ROOTFS}/run/* ${IMAGE_ROOTFS}/etc/apt ${IMAGE_ROOTFS}/etc/opkg
}
