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
                       kernel.itb=${DEPLOY_DIR_IMAGE}/kernel.itb \
                       ${@'${MACHINE}.dtb=${DEPLOY_DIR_IMAGE}/${MACHINE}.dtb' if d.getVar('TINYRUST_LINUX_DTS') else ''} \
                       ${@' '.join('%s=${DEPLOY_DIR_IMAGE}/%s' % (n, n) for n in flash_boot_loader(d))}"

def flash_boot_loader(d):
    """The boot loader's files, NAME@OFFSET of board.toml without where each goes."""
    return [e.rpartition('@')[0] for e in d.getVar('TINYRUST_U_BOOT_FILES').split()]

# The recipe of the server; what tinyrust_size staged of its compilation goes into build.json.
FLASH_SERVER ?= "${@d.getVar('PREFERRED_RPROVIDER_tinyrust') or 'tinyrust'}"
FLASH_SERVER_FACTS = "${RECIPE_SYSROOT}${datadir}/tinyrust/${FLASH_SERVER}"

# The block size and branch filter are the board's; the time is OE's reproducible one.
# Files over 16 KiB are compressed by themselves, so that the bytes each takes are known.
EXTRA_IMAGECMD:squashfs-xz ?= "-b ${TINYRUST_ROOTFS_BLOCK_SIZE} ${@'-Xbcj ' + d.getVar('TINYRUST_ROOTFS_BCJ') if d.getVar('TINYRUST_ROOTFS_BCJ') else ''} -Xdict-size 100% -all-root -no-xattrs -action 'no-fragments@filesize(>16k)'"

IMAGE_TYPES += "flash"
IMAGE_TYPEDEP:flash = "squashfs-xz"
do_image_flash[depends] += "virtual/kernel:do_deploy virtual/kernel:do_populate_lic \
                            flashfit-native:do_populate_sysroot ${FLASH_SERVER}:do_populate_sysroot \
                            virtual/bootloader:do_deploy virtual/bootloader:do_populate_lic tinyrust-fit:do_deploy \
                            ${@'busybox-tinyrust:do_populate_sysroot' if 'busybox-tinyrust' in d.getVar('IMAGE_INSTALL').split() else ''}"
do_image_flash[file-checksums] += "${FLASH_BOARD}:True"

python flash_images() {
    import shutil
    folder = d.getVar('FLASH_IMAGES')
    bb.utils.remove(folder, recurse=True)
    bb.utils.mkdirhier(folder)
    files = dict(entry.split('=', 1) for entry in d.getVar('FLASH_IMAGES_FILES').split())
    # By the name without the time: after a budget that was refused, this task runs again alone.
    files['rootfs.squashfs'] = d.expand('${IMGDEPLOYDIR}/${IMAGE_LINK_NAME}.squashfs-xz')
    for name, path in files.items():
        shutil.copyfile(path, os.path.join(folder, name))
    shutil.copyfile(d.getVar('FLASH_BOARD'), os.path.join(folder, 'board.toml'))
    # What each byte of the programs is, as far as their recipes say it.
    symbols = [d.expand('${FLASH_SERVER_FACTS}/tinyrust.debug')]
    for extension in ('debug', 'map'):
        symbols += [d.expand('${DEPLOY_DIR_IMAGE}/%s.%s' % (name, extension)) for name in ('vmlinux', 'u-boot', 'u-boot-spl')]
        symbols.append(d.expand('${RECIPE_SYSROOT}${datadir}/tinyrust/busybox-tinyrust/busybox.' + extension))
    for path in filter(os.path.exists, symbols):
        shutil.copy(path, folder)
}
do_image_flash[prefuncs] += "flash_images"

# testimage asks imagekit for the command that starts the board's emulator.
TESTIMAGEDEPENDS:append = " flashfit-native:do_populate_sysroot"

# "NAME=VERSION …" of what is in the image beside the server, as each recipe says of itself.
FLASH_SOURCES = "${@flash_sources(d)}"
FLASH_SOURCES[vardepvalue] = ""

def flash_source_recipes(d):
    return {'linux': d.getVar('PREFERRED_PROVIDER_virtual/kernel'),
            'u-boot': d.getVar('PREFERRED_PROVIDER_virtual/bootloader'),
            'busybox': 'busybox-tinyrust', d.getVar('TCLIBC'): d.getVar('TCLIBC')}

def flash_sources(d):
    sources = []
    for name, recipe in flash_source_recipes(d).items():
        for arch in reversed(d.getVar('SSTATE_ARCHS').split()):
            path = os.path.join(d.getVar('LICENSE_DIRECTORY'), arch, recipe or '', 'recipeinfo')
            if recipe and os.path.exists(path):
                with open(path) as f:
                    facts = dict(line.rstrip('\n').partition(': ')[::2] for line in f)
                sources.append('%s=%s' % (name, facts['PV']))
                break
    return ' '.join(sources)

# Packages and licence texts for the bill of materials.
FLASH_PACKAGES = "${@tinyrust.bill.options(d, flash_source_recipes(d))}"
FLASH_PACKAGES[vardepvalue] = ""

FLASH_REVISION ?= "${@tinyrust.revision.of(d)}"
FLASH_REVISION[vardepvalue] = ""

IMAGE_CMD:flash = "flash_assemble"
flash_assemble() {
    imagekit boot-image ${FLASH_BOARD} ${FLASH_IMAGES}
    flashfit assemble ${FLASH_BOARD} ${FLASH_IMAGES} -o ${FLASH_IMAGES}/flash.bin
    if [ -e ${FLASH_SERVER_FACTS} ]; then
        set -- --compilers ${FLASH_SERVER_FACTS}/compilers.json --rust-flags ${FLASH_SERVER_FACTS}/rust-flags.json \
            $(cat ${FLASH_SERVER_FACTS}/arguments)
    else
        # A server by another class.
        echo '{"rustc": {}, "cc": "unknown"}' > ${WORKDIR}/compilers.json
        set -- --compilers ${WORKDIR}/compilers.json
    fi
    for source in ${FLASH_SOURCES}; do
        set -- "$@" --source $source
    done
    imagekit build-json ${FLASH_BOARD} ${FLASH_IMAGES} --builder "yocto ${LAYERSERIES_CORENAMES}" \
        --revision "${FLASH_REVISION}" "$@"
    set --
    [ ! -e ${FLASH_SERVER_FACTS}/crates.json ] || set -- --crates ${FLASH_SERVER_FACTS}/crates.json
    # OE's time for an image is a constant and not that of anything in it.
    env -u SOURCE_DATE_EPOCH imagekit sbom ${FLASH_IMAGES} "$@" ${FLASH_PACKAGES}
    cp ${FLASH_IMAGES}/flash.bin ${IMGDEPLOYDIR}/${IMAGE_NAME}.flash
}
