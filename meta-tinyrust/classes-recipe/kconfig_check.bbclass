# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Each line of the configuration fragments must be in the final .config: Kconfig
# drops what it cannot honour without a word. Linux, U-Boot and busybox alike.
#
# KCONFIG_FRAGMENTS   the fragments' paths
# KCONFIG_RESULT      the .config

KCONFIG_RESULT ?= "${B}/.config"

DEPENDS:append = " flashfit-native"

do_kconfig_check() {
    imagekit kconfig-check ${KCONFIG_RESULT} ${KCONFIG_FRAGMENTS}
}
addtask kconfig_check after do_configure before do_compile
