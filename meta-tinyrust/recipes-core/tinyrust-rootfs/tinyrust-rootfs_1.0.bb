SUMMARY = "Init table, start scripts, accounts and mount points of the device"
DESCRIPTION = "The content of boards/common/rootfs: busybox init runs the server under its own \
user, with a read-only root and an overlay on the data partition."
SECTION = "base"
LICENSE = "${@tinyrust.licence.expression('MIT OR Apache-2.0')}"
LIC_FILES_CHKSUM = "file://LICENSE-MIT;md5=52845b9a94064f49ec371ee9ad7b1b6c \
                    file://LICENSE-APACHE;md5=3b83ef96387f14655fc854ddc3c6bd57"

# File by file: the checksum of a folder warns of links that lead nowhere on the build host.
TINYRUST_FILES = "${@' '.join(tinyrust_skeleton(d)[0])} boards/common/device-table.txt LICENSE-MIT LICENSE-APACHE"

TINYRUST_LINKS = "${@' '.join(tinyrust_skeleton(d)[1])}"

def tinyrust_skeleton(d):
    """Files and NAME=TARGET links of boards/common/rootfs."""
    root = d.getVar('TINYRUST_ROOT')
    top = os.path.join(root, 'boards/common/rootfs')
    files, links = [], []
    for folder, folders, names in os.walk(top):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if os.path.islink(path):
                links.append('%s=%s' % (os.path.relpath(path, top), os.readlink(path)))
            else:
                files.append(os.path.relpath(path, root))
    return sorted(files), sorted(links)

S = "${UNPACKDIR}"

inherit tinyrust_source allarch

do_install() {
    install -d ${D}
    cp -r --no-preserve=ownership ${S}/boards/common/rootfs/. ${D}/
    for link in ${TINYRUST_LINKS}; do
        ln -s "${link#*=}" "${D}/${link%%=*}"
    done
    find ${D} -type d -exec chmod 0755 {} +
    find ${D} -type f -perm /0100 -exec chmod 0755 {} +
    find ${D} -type f ! -perm /0100 -exec chmod 0644 {} +
    # Empty folders and modes, which git does not keep.
    while read -r path type mode uid gid rest; do
        case $path$type in
        /*d) install -d ${D}$path ;;
        /*f) ;;
        *) continue ;;
        esac
        chmod $mode ${D}$path
        chown $uid:$gid ${D}$path
    done < ${S}/boards/common/device-table.txt
}

FILES:${PN} += "/data /dev /proc /root /run /sys /tmp ${datadir}"
RDEPENDS:${PN} = "busybox-tinyrust"
