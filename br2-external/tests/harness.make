# The part of Buildroot that br2-external/ uses, as small as it can be: enough to evaluate
# the makefiles and look at what they set. Variables come from the command line.
qstrip = $(strip $(subst ",,$(1)))
UPPERCASE = $(shell echo '$(1)' | tr 'a-z-' 'A-Z_')
comma := ,
empty :=
space := $(empty) $(empty)
define sep


endef

pkgdir = $(dir $(lastword $(MAKEFILE_LIST)))
pkgname = $(lastword $(subst /, ,$(pkgdir)))

# A package that was evaluated is remembered, with its name as its makefile has it.
cargo-package = $(eval CARGO_PACKAGES += $(pkgname))
host-cargo-package = $(eval HOST_PACKAGES += $(pkgname))
host-generic-package = $(eval HOST_PACKAGES += $(pkgname))

BUILD_DIR = /build
HOST_DIR = /host
BINARIES_DIR = /images
PER_PACKAGE_DIR = /per-package
NORMALIZED_ARCH = arm
RUSTC_TARGET_NAME ?= armv7-unknown-linux-musleabihf
RUSTC_HOST_NAME = x86_64-unknown-linux-gnu
BR2_TOOLCHAIN_USES_MUSL = y
BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS ?= y
BR2_TINYRUST_ARCH_SUPPORTS ?= y
BR2_TINYRUST_PROFILE ?= "tiny"
BR2_TINYRUST_STD_REBUILD ?= y
BR2_TINYRUST_IMMEDIATE_ABORT ?= y
BR2_PACKAGE_TINYRUST ?= y
BR2_TINYRUST_BOARD_DIR ?= "$(BR2_EXTERNAL_TINYRUST_PATH)/../boards/$(shell cat $(BR2_EXTERNAL_TINYRUST_PATH)/../boards/default)"
BR_BUILDING = y
MAKECMDGOALS ?= print
TINYRUST_DIR = /build/tinyrust-0.1.0
TINYRUST_SRCDIR = $(TINYRUST_DIR)/

include $(BR2_EXTERNAL_TINYRUST_PATH)/external.mk
include $(addsuffix /external.mk,$(OTHER_TREES))

# How imagekit is called before the build.
PACKAGE = TINYRUST
CARGO_CONFIG = $(call tinyrust-size-cargo-config,$(PACKAGE))

# The makefiles above have targets of their own.
.DEFAULT_GOAL = print
.PHONY: print
print:
	@$(foreach v,$(PRINT),printf '%s\n' '$(v)=$(subst ','\'',$(strip $($(v))))';)
