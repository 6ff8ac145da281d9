# Without std-rebuild the target is OE's JSON file.
RUSTFLAGS:append:class-target = "${@' ${TINYRUST_HOST_JSON_TARGET}' if d.getVar('RUSTLIB_DEP') else ''}"
do_compile:prepend() {
    if [ -n "${RUSTLIB_DEP}" ]; then
        export RUSTC_BOOTSTRAP=1
    fi
}
