# useradd on the device, which is not built here; on the build host it is the host's.
RDEPENDS:${PN}:remove = "shadow"
