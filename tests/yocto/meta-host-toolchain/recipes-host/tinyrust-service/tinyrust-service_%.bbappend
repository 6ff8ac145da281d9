# useradd on the device, which is not built here; on the build host it is the host's.
DEPENDS:remove = "shadow"
RDEPENDS:${PN}:remove = "shadow"
