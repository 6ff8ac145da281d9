# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Each line of the configuration fragments must be in the final .config: Kconfig
# drops what it cannot honour without a word. Linux, U-Boot and busybox alike.
#
# KCONFIG_FRAGMENTS   the fragments' paths
# KCONFIG_RESULT      the .config

KCONFIG_RESULT ?= "${B}/.config"

python do_kconfig_check() {
    from tinyrust import kconfig
    fragments = []
    for path in d.getVar('KCONFIG_FRAGMENTS').split():
        with open(path) as f:
            fragments.append((os.path.relpath(path, d.getVar('UNPACKDIR')), f.read()))
    with open(d.getVar('KCONFIG_RESULT')) as f:
        said = kconfig.missing(fragments, f.read())
    if said:
        bb.fatal('lines of the configuration did not land in %s:\n  %s'
                 % (d.getVar('KCONFIG_RESULT'), '\n  '.join(said)))
}
addtask kconfig_check after do_configure before do_compile
