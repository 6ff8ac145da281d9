SUMMARY = "U-Boot with an SPL that boots a FIT image out of memory-mapped NOR flash"
DESCRIPTION = "The board's defconfig, cut down by boards/common/u-boot.config and the \
board's own u-boot.config; environment and boot commands are generated from board.toml."
HOMEPAGE = "https://www.denx.de/wiki/U-Boot/"
SECTION = "bootloaders"
LICENSE = "GPL-2.0-or-later"
LIC_FILES_CHKSUM = "file://Licenses/README;md5=2ca5f2c35c8cc335f0a19756634782f1 \
                    file://Licenses/gpl-2.0.txt;md5=b234ee4d69f5fce4486a80fdaf4a4263 \
                    file://Licenses/bsd-2-clause.txt;md5=6a31f076f5773aabd8ff86191ad6fdd5 \
                    file://Licenses/bsd-3-clause.txt;md5=4a1190eac56a9db675d58ebe86eaf50c"

require u-boot-tinyrust-version.inc

DEPENDS += "bc-native bison-native dtc-native flex-native gnutls-native python3-setuptools-native xxd-native"

SRC_URI = "https://ftp.denx.de/pub/u-boot/u-boot-${PV}.tar.bz2;name=tarball"
TINYRUST_FILES = "boards/common/u-boot.config boards/common/u-boot.env \
                  boards/${MACHINE}/u-boot.config boards/${MACHINE}/u-boot.env boards/${MACHINE}/board.toml \
                  ${@' '.join(tinyrust_patches(d))}"

def tinyrust_patches(d):
    import glob
    return sorted(glob.glob(d.expand('boards/${MACHINE}/u-boot-patches/*.patch'), root_dir=d.getVar('TINYRUST_ROOT')))

S = "${UNPACKDIR}/u-boot-${PV}"
B = "${WORKDIR}/build"

# nooelint: oelint.file.requirenotfound - OE-Core's
require recipes-bsp/u-boot/u-boot.inc

inherit tinyrust_source kconfig_check

COMPATIBLE_MACHINE = "^tinyrust-board$"

UBOOT_MACHINE = "${TINYRUST_U_BOOT_DEFCONFIG}"
# The environment is compiled in; nothing on the device reads it from a file.
UBOOT_INITIAL_ENV = ""

# What board.toml's [u-boot] firmware takes from Debian for the direct build, OE-Core builds.
def tinyrust_firmware(d):
    words = (d.getVar('TINYRUST_U_BOOT_FIRMWARE') or '').split()
    pairs = [word.split('=', 1) for word in words]
    folder = d.getVar('DEPLOY_DIR_IMAGE')
    return ' '.join('%s=%s/%s' % (name, folder, os.path.basename(path)) for name, path in pairs)

EXTRA_OEMAKE += "${@tinyrust_firmware(d)}"
do_compile[depends] += "${@'opensbi:do_deploy' if 'OPENSBI=' in (d.getVar('TINYRUST_U_BOOT_FIRMWARE') or '') else ''}"

# The last of them follows from the flash map.
KCONFIG_FRAGMENTS = "${UNPACKDIR}/boards/common/u-boot.config ${UNPACKDIR}/boards/${MACHINE}/u-boot.config ${B}/map.config"

do_configure() {
    imagekit board-env ${UNPACKDIR}/boards/${MACHINE}/board.toml --common ${UNPACKDIR}/boards/common/u-boot.env > ${B}/default.env
    flashfit layout ${UNPACKDIR}/boards/${MACHINE}/board.toml --format u-boot-config > ${B}/map.config
    oe_runmake -C ${S} O=${B} ${UBOOT_MACHINE}
    cat ${KCONFIG_FRAGMENTS} >> ${B}/.config
    echo 'CONFIG_DEFAULT_ENV_FILE="${B}/default.env"' >> ${B}/.config
    oe_runmake -C ${S} O=${B} olddefconfig
}

# What the boot partition holds, by the names that board.toml has, and the symbols of it.
do_deploy:append() {
    for file in ${TINYRUST_U_BOOT_BUILT}; do
        install -m 0644 ${B}/${file#*=} ${DEPLOYDIR}/${file%%=*}
    done
    for file in ${B}/u-boot ${B}/spl/u-boot-spl; do
        [ ! -e $file ] || imagekit symbols $(basename $file) $file ${DEPLOYDIR} --objcopy ${OBJCOPY}
    done
}
