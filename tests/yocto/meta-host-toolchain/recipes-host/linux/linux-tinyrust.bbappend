# kernel.org is not reached here: Debian's source of the same series, which the direct build compiles.
PV = "${TINYRUST_HOST_LINUX}"
SRC_URI:remove = "${KERNELORG_MIRROR}/linux/kernel/v${@d.getVar('PV').split('.')[0]}.x/linux-${PV}.tar.xz;name=tarball"
SRC_URI:append = " file://${TINYRUST_HOST_SOURCES}/linux-source-6.12.tar.xz"
S = "${UNPACKDIR}/linux-source-6.12"
