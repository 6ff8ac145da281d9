################################################################################
#
# tinyrust-flash
#
################################################################################

# What makes flash.bin of Buildroot's kernel, boot loader and busybox.

ifneq ($(filter-out $(TINYRUST_RUST_TARGET),$(RUSTC_TARGET_NAME)),)
ifeq ($(BR_BUILDING),y)
$(error $(TINYRUST_SIZE_BOARD_DIR)/board.toml is for $(TINYRUST_RUST_TARGET), but this configuration builds for $(RUSTC_TARGET_NAME): choose the board (BR2_TINYRUST_BOARD_...) and the CPU (BR2_$(TINYRUST_LINUX_ARCH)) together, as the defconfigs do)
endif
endif

# Kernel: tinyconfig under the fragments, in one go: what nobody names is off.
# (tinyconfig followed by the fragments would switch on each `default y` that
# becomes visible.) Buildroot knows defconfigs only, so its variable is set here,
# after linux.mk; it is read when the recipe runs.
TINYRUST_FLASH_LINUX_CONFIG = $(BUILD_DIR)/.tinyrust-linux.config
# check-package TypoInPackageVariable
LINUX_KCONFIG_DEFCONFIG = $(shell cd $(LINUX_DIR) && cat kernel/configs/tiny-base.config \
	kernel/configs/tiny.config $(LINUX_KCONFIG_FRAGMENT_FILES) \
	>$(TINYRUST_FLASH_LINUX_CONFIG))KCONFIG_ALLCONFIG=$(TINYRUST_FLASH_LINUX_CONFIG) allnoconfig

# Busybox: allnoconfig under the fragments. Its kconfig takes no file with that.
# check-package TypoInPackageVariable
BUSYBOX_KCONFIG_DEFCONFIG = allnoconfig

# What nobody calls is left out, as in the direct build.
# check-package TypoInPackageVariable
BUSYBOX_CFLAGS += -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
	-fno-unwind-tables -fno-stack-protector
# check-package TypoInPackageVariable
BUSYBOX_LDFLAGS += -Wl,--gc-sections -Wl,--build-id=none

# Buildroot installs busybox setuid root, which its FEATURE_SUID then drops for most
# applets. This configuration is without it, so a setuid busybox would make root of
# whoever runs a shell; no applet here needs it.
# check-package TypoInPackageVariable
BUSYBOX_PERMISSIONS =

# A setting that did not take effect is a failure. With the images and not with
# the packages, so that `make linux-menuconfig` can be tried without it.
define TINYRUST_FLASH_CHECK_FRAGMENTS
	$(TINYRUST_SIZE_TOOL) kconfig-check $(LINUX_DIR)/.config $(LINUX_KCONFIG_FRAGMENT_FILES)
	$(if $(BR2_TARGET_UBOOT), \
		$(TINYRUST_SIZE_TOOL) kconfig-check $(UBOOT_DIR)/.config $(UBOOT_KCONFIG_FRAGMENT_FILES))
	$(TINYRUST_SIZE_TOOL) kconfig-check $(BUSYBOX_DIR)/.config $(BUSYBOX_KCONFIG_FRAGMENT_FILES)
endef
TARGET_FINALIZE_HOOKS += TINYRUST_FLASH_CHECK_FRAGMENTS

# The options of the direct build. What is larger than 16 KiB is compressed by
# itself, so that the bytes that it takes are known exactly.
# check-package TypoInPackageVariable
ROOTFS_SQUASHFS_ARGS += -no-xattrs -Xdict-size 100% \
	$(addprefix -Xbcj ,$(TINYRUST_ROOTFS_BCJ)) -action 'no-fragments@filesize(>16k)'
# check-package TypoInPackageVariable
ROOTFS_SQUASHFS_DEPENDENCIES += host-flashfit

# What board/post-build.sh and board/post-image.sh need beside Buildroot's own
# environment.
export TINYRUST_TOOLS = $(TINYRUST_SIZE_TOOLS_DIR)/bin
export TINYRUST_BOARD_DIR = $(TINYRUST_SIZE_BOARD_DIR)
export TINYRUST_COMMON_DIR = $(BR2_EXTERNAL_TINYRUST_PATH)/../boards/common
export TINYRUST_LINUX_DIR = $(LINUX_DIR)
export TINYRUST_BUSYBOX_DIR = $(BUSYBOX_DIR)
export TINYRUST_UBOOT_DIR = $(if $(BR2_TARGET_UBOOT),$(UBOOT_DIR))
export TINYRUST_TARGET_CC = $(TARGET_CC)
export TINYRUST_PORT = $(BR2_PACKAGE_TINYRUST_PORT)
export TINYRUST_DTC = $(LINUX_DIR)/scripts/dtc/dtc
export TINYRUST_CROSS = $(TARGET_CROSS)
export TINYRUST_PROFILE = $(TINYRUST_SIZE_PROFILE)
export TINYRUST_FLAGS = $(wildcard $(TINYRUST_SIZE_FLAGS_DIR)/tinyrust.json)
export TINYRUST_BUILDER = buildroot $(BR2_VERSION_FULL)
export TINYRUST_SOURCES = linux=$(LINUX_VERSION) u-boot=$(UBOOT_VERSION) busybox=$(BUSYBOX_VERSION) \
	$(if $(BR2_TOOLCHAIN_BUILDROOT_MUSL),musl=$(MUSL_VERSION))
ifeq ($(BR2_PACKAGE_TINYRUST_ALLOCATOR_MIMALLOC),y)
export TINYRUST_ALLOCATOR = mimalloc
else
export TINYRUST_ALLOCATOR = system
endif

# For the bill of materials: Buildroot's packages in the form of `make show-info`, the programs
# whose crates are known, and the licence texts.
export TINYRUST_PACKAGES = $(BUILD_DIR)/.tinyrust-packages.json
export TINYRUST_PACKAGES_FILES = $(BUILD_DIR)/packages-file-list.txt
export TINYRUST_LISTED_PROGRAMS = $(TINYRUST_SIZE_PROGRAMS)
export TINYRUST_FACTS = $(TINYRUST_SIZE_FLAGS_DIR)
export TINYRUST_TEXTS = $(foreach p,$(filter-out host-%,$(PACKAGES)),\
	$(addprefix $(p)=$($(call UPPERCASE,$(p))_DIR)/,$($(call UPPERCASE,$(p))_LICENSE_FILES)))
define TINYRUST_FLASH_LIST_PACKAGES
	$(file >$(TINYRUST_PACKAGES),$(call clean-json,{ $(foreach p,$(sort $(PACKAGES)),\
		$(call json-info,$(call UPPERCASE,$(p)))$(comma)) }))
endef
TARGET_FINALIZE_HOOKS += TINYRUST_FLASH_LIST_PACKAGES

# Boot what was built, from the emulated flash chip. Of another program in the server's
# place nothing is known but that it answers.
# check-package TypoInPackageVariable
TINYRUST_RUN_OPTS ?= $(if $(BR2_PACKAGE_TINYRUST),,--path /)
.PHONY: tinyrust-run
tinyrust-run: world
	$(BR2_EXTERNAL_TINYRUST_PATH)/../qemu/run.sh --images $(BINARIES_DIR) $(TINYRUST_RUN_OPTS)

# The bill of materials with what Buildroot's own knows: patches, and CVEs that are ignored.
TINYRUST_FLASH_CYCLONEDX = $(BUILD_DIR)/.tinyrust-buildroot.cdx.json
.PHONY: tinyrust-sbom
tinyrust-sbom: world
	$(Q)$(MAKE) -s --no-print-directory -C $(BASE_DIR) show-info | utils/generate-cyclonedx \
		>$(TINYRUST_FLASH_CYCLONEDX)
	$(Q)$(BR2_EXTERNAL_TINYRUST_PATH)/board/sbom.sh $(BINARIES_DIR) --join $(TINYRUST_FLASH_CYCLONEDX)
	@echo $(BINARIES_DIR)/sbom.cdx.json
