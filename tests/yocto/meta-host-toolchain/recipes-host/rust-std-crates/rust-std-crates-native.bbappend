# The source that the host's rustc comes with, in the place of the archive.
RUST_STD_SOURCE = "${TINYRUST_HOST_RUST_SOURCE}"
python __anonymous() {
    d.setVar('SRC_URI', '')
}
