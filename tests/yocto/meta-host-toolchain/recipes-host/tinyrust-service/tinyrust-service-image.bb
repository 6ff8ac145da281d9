SUMMARY = "tinyrust-image with tinyrust-service in the place of its init table's line"
# nooelint: oelint.file.requirenotfound - of the layer that is tested
require recipes-tinyrust/images/tinyrust-image.bb

IMAGE_INSTALL += "tinyrust-service"

# What rcS of a distro does with the script's links.
ROOTFS_POSTPROCESS_COMMAND += "start_by_the_script"
start_by_the_script() {
    sed -i 's|^::respawn:.*/usr/bin/tinyrust$|::once:/etc/init.d/tinyrust start|' ${IMAGE_ROOTFS}${sysconfdir}/inittab
    grep -q '^::once:/etc/init.d/tinyrust start$' ${IMAGE_ROOTFS}${sysconfdir}/inittab
}
