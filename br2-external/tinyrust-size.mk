################################################################################
#
# tinyrust-size
#
################################################################################

# One size profile for every cargo package. A package writes
# $(eval $(tinyrust-size-package)) where it would write $(eval $(cargo-package));
# docs/buildroot.md tells the rest.
#
# An external tree that stands before this one in BR2_EXTERNAL includes this file
# in its external.mk, never in a package's .mk: Buildroot takes a package's name
# from the makefile that was read last.

# check-package Ifdef
ifndef TINYRUST_SIZE_MK
TINYRUST_SIZE_MK = $(BR2_EXTERNAL_TINYRUST_PATH)/tinyrust-size.mk

include $(BR2_EXTERNAL_TINYRUST_PATH)/generated/profiles.vars

TINYRUST_SIZE_BOARD_DIR = $(abspath $(call qstrip,$(BR2_TINYRUST_BOARD_DIR)))
ifneq ($(call qstrip,$(BR2_TINYRUST_BOARD_DIR)),)
ifeq ($(BR2_TINYRUST_BOARD_CUSTOM),y)
TINYRUST_SIZE_BOARD_STEM = $(TINYRUST_SIZE_BOARD_DIR)/board
else
TINYRUST_SIZE_BOARD_STEM = $(BR2_EXTERNAL_TINYRUST_PATH)/generated/$(notdir $(TINYRUST_SIZE_BOARD_DIR))
endif
include $(TINYRUST_SIZE_BOARD_STEM).vars
endif

# Cargo's own words for the profile, from app/Cargo.toml and app/profiles.toml.
TINYRUST_SIZE_PROFILE = $(call qstrip,$(BR2_TINYRUST_PROFILE))
tinyrust-size-key = $(TINYRUST_PROFILE_$(TINYRUST_SIZE_PROFILE)_$(1))

# 1 where the compiler is at least version $(1).
tinyrust-size-rust-at-least = $(filter $(1),$(firstword \
	$(shell printf '%s\n' $(1) $(RUST_BIN_VERSION) | sort -V)))

# Each compiler has its own std, and each std its own crates.
TINYRUST_SIZE_STD_LOCKS = $(BR2_EXTERNAL_TINYRUST_PATH)/package/rust-src/locks
# $(1): package
tinyrust-size-check-rust = \
	$(if $(call tinyrust-size-rust-at-least,$(TINYRUST_RUST_VERSION)),,$(error \
		$(1) needs Rust $(TINYRUST_RUST_VERSION), this Buildroot has \
		$(RUST_BIN_VERSION): use Buildroot 2026.05.x)) \
	$(if $(BR2_TINYRUST_STD_REBUILD),$(if $(wildcard \
		$(TINYRUST_SIZE_STD_LOCKS)/$(RUST_BIN_VERSION).lock),,$(error \
		$(1) rebuilds std, and $(TINYRUST_SIZE_STD_LOCKS) has no crates for \
		Rust $(RUST_BIN_VERSION)$(comma) only for \
		$(basename $(notdir $(wildcard $(TINYRUST_SIZE_STD_LOCKS)/*.lock))): \
		put its library/Cargo.lock there and its checksum into rust-src.hash$(comma) \
		or set BR2_TINYRUST_STD_REBUILD=n)))

TINYRUST_SIZE_PANIC = $(call tinyrust-size-key,PANIC)
ifeq ($(BR2_TINYRUST_STD_REBUILD),y)
ifeq ($(BR2_TINYRUST_IMMEDIATE_ABORT),y)
TINYRUST_SIZE_PANIC = immediate-abort
TINYRUST_SIZE_Z = -Zpanic-immediate-abort
endif
TINYRUST_SIZE_Z += \
	-Zbuild-std=$(call tinyrust-size-key,BUILD_STD) \
	-Zbuild-std-features=$(call tinyrust-size-key,BUILD_STD_FEATURES)
endif

# Buildroot has no name for the targets that Rust offers no std for; the board has.
ifeq ($(BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS)$(BR2_TINYRUST_ARCH_SUPPORTS),y)
# check-package TypoInPackageVariable
RUSTC_TARGET_NAME = $(TINYRUST_RUST_TARGET)
endif

# The flags that the proof looks for: those of the profile, and of the board where it
# is the board's CPU that is built for (the package may be one of an image of any CPU).
TINYRUST_SIZE_RUSTFLAGS = \
	$(if $(filter $(RUSTC_TARGET_NAME),$(TINYRUST_RUST_TARGET)),$(TINYRUST_RUST_FLAGS)) \
	$(call tinyrust-size-key,RUSTFLAGS)

# Those that make the link work with Buildroot's toolchain. The first repeats
# what pkg-cargo.mk sets on ARM, since setting the variable again replaces it.
# libunwind is asked for by std's static musl target; it is GCC's libgcc_eh. C code in
# crates calls libgcc where the CPU lacks an instruction (mimalloc: __popcountsi2).
TINYRUST_SIZE_LINK_FLAGS = \
	$(if $(filter arm,$(NORMALIZED_ARCH)),-Clink-arg=-Wl$(comma)--allow-multiple-definition) \
	$(if $(BR2_TOOLCHAIN_USES_MUSL),-Clink-self-contained=no -Clink-arg=-lgcc)

TINYRUST_SIZE_CRATES_DIR = $(HOST_DIR)/share/cargo-crates
TINYRUST_SIZE_CRATES_OPTS = \
	--config 'source.crates-io.replace-with="cargo-crates"' \
	--config 'source.cargo-crates.directory="$(TINYRUST_SIZE_CRATES_DIR)"'
# With a directory per package, $(HOST_DIR) of another package may not have the tools
# yet, or those from before `make host-flashfit-rebuild`; and so may the common one.
TINYRUST_SIZE_TOOLS_DIR = $(strip \
	$(if $(BR2_PER_PACKAGE_DIRECTORIES),$(PER_PACKAGE_DIR)/host-flashfit/host,$(HOST_DIR)))
TINYRUST_SIZE_WRAPPER = $(BR2_EXTERNAL_TINYRUST_PATH)/board/rustc-log

# $(1): package in upper case
tinyrust-size-env = \
	RUSTC_BOOTSTRAP=1 \
	CARGO_PROFILE_RELEASE_OPT_LEVEL="$(call tinyrust-size-key,OPT_LEVEL)" \
	CARGO_PROFILE_RELEASE_LTO="$(call tinyrust-size-key,LTO)" \
	CARGO_PROFILE_RELEASE_CODEGEN_UNITS="$(call tinyrust-size-key,CODEGEN_UNITS)" \
	CARGO_PROFILE_RELEASE_PANIC="$(TINYRUST_SIZE_PANIC)" \
	CARGO_PROFILE_RELEASE_STRIP="$(call tinyrust-size-key,STRIP)" \
	CARGO_PROFILE_RELEASE_DEBUG="$(call tinyrust-size-key,DEBUG)" \
	CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS="false" \
	CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS="$(call tinyrust-size-key,OVERFLOW_CHECKS)" \
	CARGO_PROFILE_RELEASE_INCREMENTAL="false" \
	CARGO_TARGET_$(call UPPERCASE,$(RUSTC_TARGET_NAME))_RUSTFLAGS="$(strip $(TINYRUST_SIZE_RUSTFLAGS) $(TINYRUST_SIZE_LINK_FLAGS) -Lnative=$($(1)_DIR)/.tinyrust-size/lib $(TINYRUST_SIZE_REMAP))" \
	RUSTC_WRAPPER="$(TINYRUST_SIZE_WRAPPER)" \
	TINYRUST_RUSTC_LOG="$($(1)_DIR)/.tinyrust-size/rustc.log"

# The same bytes in another output directory.
TINYRUST_SIZE_REMAP = --remap-path-prefix=$($(1)_DIR)=. --remap-path-prefix=$(HOST_DIR)=host

# A package that was vendored at its download keeps its sources; std's crates
# are laid beside them. Others take all from host-cargo-crates.
define TINYRUST_SIZE_PREPARE
	mkdir -p $(@D)/.tinyrust-size/lib
	printf '%s\n' '$(subst ','\'',$(strip $(call tinyrust-size-env,$(PKG)) $($(PKG)_CARGO_BUILD_OPTS)))' \
		>$(@D)/.tinyrust-size/options.new
	if ! cmp -s $(@D)/.tinyrust-size/options.new $(@D)/.tinyrust-size/options; then \
		rm -rf $($(PKG)_SRCDIR)/target $(@D)/.tinyrust-size/rustc.log; \
		mv $(@D)/.tinyrust-size/options.new $(@D)/.tinyrust-size/options; \
	fi
	cp -f $$($(TARGET_CC) $(TARGET_ABI) -print-file-name=libgcc_eh.a) \
		$(@D)/.tinyrust-size/lib/libunwind.a
	if [ -d $($(PKG)_SRCDIR)/VENDOR ]; then \
		ln -sfn $(TINYRUST_SIZE_CRATES_DIR)/* $($(PKG)_SRCDIR)/VENDOR/; \
	fi
endef

# What rustc was given, compared with what the options say.
define TINYRUST_SIZE_PROVE
	$(TINYRUST_SIZE_TOOLS_DIR)/bin/imagekit rust-check \
		--log $(@D)/.tinyrust-size/rustc.log \
		--target $(RUSTC_TARGET_NAME) \
		--codegen opt-level=$(call tinyrust-size-key,OPT_LEVEL) \
		--codegen codegen-units=$(call tinyrust-size-key,CODEGEN_UNITS) \
		--codegen panic=$(TINYRUST_SIZE_PANIC) \
		--lto $(call tinyrust-size-key,LTO) \
		$(foreach f,$(TINYRUST_SIZE_RUSTFLAGS),--rustflag $(f)) \
		$(if $(BR2_TINYRUST_STD_REBUILD),--build-std) \
		$(foreach p,$($(PKG)_PROGRAMS),--program $(p))
endef

# Symbols of a profile that keeps them go to a file beside the images: Buildroot
# strips what is installed, and the bytes that count are those without them.
define TINYRUST_SIZE_INSTALL
	$(foreach p,$($(PKG)_PROGRAMS),
		$(INSTALL) -D -m 0755 $($(PKG)_SRCDIR)/target/$(RUSTC_TARGET_NAME)/release/$(p) \
			$(TARGET_DIR)/usr/bin/$(or $($(PKG)_INSTALL_AS),$(p))
		rm -f $(BINARIES_DIR)/$(or $($(PKG)_INSTALL_AS),$(p)).debug
		$(if $(filter false,$(call tinyrust-size-key,STRIP)),
			mkdir -p $(BINARIES_DIR)
			$(TARGET_OBJCOPY) --only-keep-debug \
				$(TARGET_DIR)/usr/bin/$(or $($(PKG)_INSTALL_AS),$(p)) \
				$(BINARIES_DIR)/$(or $($(PKG)_INSTALL_AS),$(p)).debug
			$(TARGET_OBJCOPY) --strip-all $(TARGET_DIR)/usr/bin/$(or $($(PKG)_INSTALL_AS),$(p))
		)
	)
endef

# The option may be switched on after the package was configured.
TINYRUST_SIZE_UPX = \
	$(if $(BR2_PER_PACKAGE_DIRECTORIES),$(PER_PACKAGE_DIR)/host-upx/host,$(HOST_DIR))/bin/upx

define TINYRUST_SIZE_PACK
	$(foreach p,$($(PKG)_PROGRAMS),
		$(TINYRUST_SIZE_UPX) --ultra-brute --quiet --force-overwrite \
			$(TARGET_DIR)/usr/bin/$(or $($(PKG)_INSTALL_AS),$(p))
	)
endef

# The program as it is installed also stands beside the images: it has a budget of
# its own, before squashfs.
define TINYRUST_SIZE_COPY
	$(foreach p,$($(PKG)_PROGRAMS),
		$(INSTALL) -D -m 0755 $(TARGET_DIR)/usr/bin/$(or $($(PKG)_INSTALL_AS),$(p)) \
			$(BINARIES_DIR)/$(or $($(PKG)_INSTALL_AS),$(p))
	)
endef

# The crates in the program, with licences, beside the other legal information.
define TINYRUST_SIZE_LEGAL_INFO
	if [ -s $($(PKG)_DIR)/.tinyrust-size/rustc.log ]; then \
		mkdir -p $(LICENSE_FILES_DIR_TARGET)/$($(PKG)_BASENAME_RAW)-crates && \
		$(TINYRUST_SIZE_TOOLS_DIR)/bin/imagekit crates \
			--log $($(PKG)_DIR)/.tinyrust-size/rustc.log \
			--target $(RUSTC_TARGET_NAME) \
			--licenses $(LICENSE_FILES_DIR_TARGET)/$($(PKG)_BASENAME_RAW)-crates \
			>$(LEGAL_INFO_DIR)/$($(PKG)_RAWNAME)-crates.csv; \
	else \
		printf 'WARNING: %s is not built yet: its crates are not in legal-info\n' \
			$($(PKG)_RAWNAME) >>$(LEGAL_WARNINGS); \
	fi
endef

# What cargo left beside a local crate is neither copied to the build nor, by legal-info,
# which has a list of its own of what it leaves out, into the archive of the source.
# $(1): package, $(2): package in upper case
tinyrust-size-local = \
	$(eval $(2)_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS += --exclude /target) \
	$(eval $(1)-legal-info: private RSYNC_VCS_EXCLUSIONS += --exclude /target)

# $(1): package, $(2): package in upper case. With BR2_ENABLE_DEBUG Buildroot
# leaves --release out. A site that is not local was vendored at its download.
tinyrust-size-settings = \
	$(if $(filter yy,$(BR2_PACKAGE_$(2))$(BR_BUILDING)),$(call tinyrust-size-check-rust,$(1))) \
	$(if $(filter local,$($(2)_SITE_METHOD)),$(call tinyrust-size-local,$(1),$(2))) \
	$(eval $(2)_PROGRAMS ?= $(1)) \
	$(eval $(2)_DEPENDENCIES += host-flashfit host-cargo-crates) \
	$(eval $(2)_DEPENDENCIES += $(if $(BR2_TINYRUST_STD_REBUILD),host-rust-src)) \
	$(eval $(2)_DEPENDENCIES += $(if $(BR2_TINYRUST_UPX),host-upx)) \
	$(eval $(2)_CARGO_ENV += $$(call tinyrust-size-env,$(2))) \
	$(eval $(2)_CARGO_BUILD_OPTS += $(if $(BR2_ENABLE_DEBUG),--release) $$(TINYRUST_SIZE_Z)) \
	$(eval $(2)_CARGO_BUILD_OPTS += \
		$(if $(filter local,$($(2)_SITE_METHOD)),$$(TINYRUST_SIZE_CRATES_OPTS))) \
	$(eval $(2)_PRE_BUILD_HOOKS += TINYRUST_SIZE_PREPARE) \
	$(eval $(2)_POST_BUILD_HOOKS += TINYRUST_SIZE_PROVE) \
	$(eval $(2)_INSTALL_TARGET_CMDS ?= $$(TINYRUST_SIZE_INSTALL)) \
	$(eval $(2)_POST_INSTALL_TARGET_HOOKS += $(if $(BR2_TINYRUST_UPX),TINYRUST_SIZE_PACK) \
		TINYRUST_SIZE_COPY) \
	$(eval $(2)_POST_LEGAL_INFO_HOOKS += TINYRUST_SIZE_LEGAL_INFO)

tinyrust-size-package = \
	$(call tinyrust-size-settings,$(pkgname),$(call UPPERCASE,$(pkgname)))$(sep)$(cargo-package)

endif # TINYRUST_SIZE_MK
