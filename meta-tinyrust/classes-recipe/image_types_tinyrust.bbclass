# SPDX-License-Identifier: MIT OR Apache-2.0
#
# IMAGE_FSTYPES "flash": the content of the whole flash chip. Boot loader, kernel
# and root file system go where board.toml says; flashfit puts them there.
#
# FLASH_IMAGES_FILES says under which names board.toml's files are found here,
# "NAME=PATH …"; the folder FLASH_IMAGES with all of them, flash.bin and board.toml
# is deployed beside the image: flashfit and the boot tests take it as it is.

FLASH_BOARD ?= "${TINYRUST_ROOT}/boards/${MACHINE}/board.toml"
FLASH_IMAGES ?= "${IMGDEPLOYDIR}/${IMAGE_LINK_NAME}.images"

FLASH_IMAGES_FILES ?= "${TINYRUST_LINUX_IMAGE}=${DEPLOY_DIR_IMAGE}/${TINYRUST_LINUX_IMAGE} \
                       tinyrust=${IMAGE_ROOTFS}${bindir}/tinyrust \
                       ${@flash_boot_loader(d) and d.getVar('FLASH_BOOT_LOADER_FILES') or ''}"
FLASH_BOOT_LOADER_FILES = "kernel.itb=${DEPLOY_DIR_IMAGE}/kernel.itb \
                           ${MACHINE}.dtb=${DEPLOY_DIR_IMAGE}/${MACHINE}.dtb \
                           ${@' '.join('%s=${DEPLOY_DIR_IMAGE}/%s' % (n, n) for n in flash_boot_loader(d))}"

def flash_boot_loader(d):
    """The boot loader's files; a board without one has the kernel itself in its slots."""
    return [e.rpartition('@')[0] for e in (d.getVar('TINYRUST_U_BOOT_FILES') or '').split()]

# The block size and branch filter are the board's; the time is OE's reproducible one.
# Files over 16 KiB are compressed by themselves, so that the bytes each takes are known.
EXTRA_IMAGECMD:squashfs-xz ?= "-b ${TINYRUST_ROOTFS_BLOCK_SIZE} ${@'-Xbcj ' + d.getVar('TINYRUST_ROOTFS_BCJ') if d.getVar('TINYRUST_ROOTFS_BCJ') else ''} -Xdict-size 100% -all-root -no-xattrs -action 'no-fragments@filesize(>16k)'"

IMAGE_TYPES += "flash"
IMAGE_TYPEDEP:flash = "squashfs-xz"
do_image_flash[depends] += "virtual/kernel:do_deploy flashfit-native:do_populate_sysroot \
                            ${@'virtual/bootloader:do_deploy tinyrust-fit:do_deploy' if flash_boot_loader(d) else ''}"
do_image_flash[file-checksums] += "${FLASH_BOARD}:True"

python flash_images() {
    import shutil
    from tinyrust import flash
    folder = d.getVar('FLASH_IMAGES')
    bb.utils.remove(folder, recurse=True)
    bb.utils.mkdirhier(folder)
    files = dict(entry.split('=', 1) for entry in d.getVar('FLASH_IMAGES_FILES').split())
    # By the name without the time: after a budget that was refused, this task runs again alone.
    files['rootfs.squashfs'] = d.expand('${IMGDEPLOYDIR}/${IMAGE_LINK_NAME}.squashfs-xz')
    for name, path in files.items():
        shutil.copyfile(path, os.path.join(folder, name))
    shutil.copyfile(d.getVar('FLASH_BOARD'), os.path.join(folder, 'board.toml'))

    if not flash_boot_loader(d):
        return

    def read(name):
        with open(os.path.join(folder, name), 'rb') as f:
            return f.read()
    try:
        boot = flash.boot_image(d.getVar('TINYRUST_U_BOOT_FILES'), read, int(d.getVar('TINYRUST_PART_BOOT_SIZE')))
    except ValueError as problem:
        bb.fatal('%s (%s)' % (problem, d.getVar('FLASH_BOARD')))
    with open(os.path.join(folder, d.getVar('TINYRUST_PART_BOOT_IMAGE')), 'wb') as f:
        f.write(boot)
}
do_image_flash[prefuncs] += "flash_images"

# testimage asks imagekit for the command that starts the board's emulator.
TESTIMAGEDEPENDS:append = " flashfit-native:do_populate_sysroot"

IMAGE_CMD:flash = "flash_assemble"
flash_assemble() {
    flashfit assemble ${FLASH_BOARD} ${FLASH_IMAGES} -o ${FLASH_IMAGES}/flash.bin
    cp ${FLASH_IMAGES}/flash.bin ${IMGDEPLOYDIR}/${IMAGE_NAME}.flash
}
