SUMMARY = "UPX, the program packer, for PACKAGECONFIG's upx"
DESCRIPTION = "UPX is here because no layer of the supported releases has it."
HOMEPAGE = "https://upx.github.io"
SECTION = "devel"
LICENSE = "GPL-2.0-or-later"
LIC_FILES_CHKSUM = "file://COPYING;md5=b234ee4d69f5fce4486a80fdaf4a4263 \
                    file://LICENSE;md5=353753597aa110e0ded3508408c6374a"

SRC_URI = "https://github.com/upx/upx/releases/download/v${PV}/upx-${PV}-src.tar.xz"
SRC_URI[sha256sum] = "5ed6561607d27fb4ef346fc19f08a93696fa8fa127081e7a7114068306b8e1c4"

S = "${UNPACKDIR}/upx-${PV}-src"

inherit cmake
inherit_defer native

# Its own warnings are for its developers, and the test packs upx itself.
EXTRA_OECMAKE = "-DUPX_CONFIG_DISABLE_WERROR=ON -DUPX_CONFIG_DISABLE_SANITIZE=ON -DUPX_CONFIG_DISABLE_SELF_PACK_TEST=ON"
