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

TINYRUST_SIZE_BOARD_DIR = $(abspath $(call qstrip,$(BR2_TINYRUST_BOARD_DIR)))
ifneq ($(call qstrip,$(BR2_TINYRUST_BOARD_DIR)),)
ifeq ($(BR2_TINYRUST_BOARD_CUSTOM),y)
TINYRUST_SIZE_BOARD_STEM = $(TINYRUST_SIZE_BOARD_DIR)/board
else
TINYRUST_SIZE_BOARD_STEM = $(BR2_EXTERNAL_TINYRUST_PATH)/generated/$(notdir $(TINYRUST_SIZE_BOARD_DIR))
endif
include $(TINYRUST_SIZE_BOARD_STEM).vars
endif

# What cargo is given for it, imagekit says when the package is built: it reads
# app/profiles.toml, and asks the compiler for its version.
TINYRUST_SIZE_PROFILE = $(call qstrip,$(BR2_TINYRUST_PROFILE))

# Cargo checks it as well, but only after the toolchain is built.
TINYRUST_SIZE_OLDEST_RUST := $(shell sed -n 's/^rust-version = "\(.*\)"$$/\1/p' \
	$(BR2_EXTERNAL_TINYRUST_PATH)/../app/Cargo.toml)

# 1 where the compiler is at least version $(1).
tinyrust-size-rust-at-least = $(filter $(1),$(firstword \
	$(shell printf '%s\n' $(1) $(RUST_BIN_VERSION) | sort -V)))

# $(1): package
tinyrust-size-check-rust = \
	$(if $(call tinyrust-size-rust-at-least,$(TINYRUST_SIZE_OLDEST_RUST)),,$(error \
		$(1) needs Rust $(TINYRUST_SIZE_OLDEST_RUST) or later$(comma) but this Buildroot has \
		$(RUST_BIN_VERSION): use Buildroot 2026.02.x (Rust 1.88.0)$(comma) \
		2026.05.x (1.96.1) or 2026.08 (1.97.1)))

# Buildroot has no name for the targets that Rust offers no std for; the board has.
ifeq ($(BR2_PACKAGE_HOST_RUSTC_TARGET_ARCH_SUPPORTS)$(BR2_TINYRUST_ARCH_SUPPORTS),y)
# check-package TypoInPackageVariable
RUSTC_TARGET_NAME = $(TINYRUST_RUST_TARGET)
endif

# Those of the board where it is the board's CPU that is built for (the package may be
# one of an image of any CPU). The profile's come behind them.
TINYRUST_SIZE_TARGET_FLAGS = \
	$(if $(filter $(RUSTC_TARGET_NAME),$(TINYRUST_RUST_TARGET)),$(TINYRUST_RUST_FLAGS))

# Those that make the link work with Buildroot's toolchain. The first is what
# pkg-cargo.mk sets on ARM, in a variable that does not count beside
# CARGO_ENCODED_RUSTFLAGS. libunwind is asked for by std's static musl target; it is
# GCC's libgcc_eh, or a part of libgcc where GCC was built without shared libraries, as
# Buildroot builds it with BR2_STATIC_LIBS. C code in crates calls libgcc where the CPU
# lacks an instruction (mimalloc: __popcountsi2).
TINYRUST_SIZE_LINK_FLAGS = \
	$(if $(filter arm,$(NORMALIZED_ARCH)),-Clink-arg=-Wl$(comma)--allow-multiple-definition) \
	$(if $(BR2_TOOLCHAIN_USES_MUSL),-Clink-self-contained=no -Clink-arg=-lgcc)

# Cargo takes all crates from one folder, in the place of a registry: links to those of
# host-cargo-crates, or what a package was vendored with at its download; and links to
# the standard library's own, which come with its source.
# $(1): package in upper case
tinyrust-size-is-local = $(filter local,$($(1)_SITE_METHOD))
tinyrust-size-crates-dir = $(if $(tinyrust-size-is-local),$($(1)_DIR)/.tinyrust-size/crates,$(patsubst %/,%,$($(1)_SRCDIR))/VENDOR)
tinyrust-size-crates-opts = $(if $(tinyrust-size-is-local), \
	--config 'source.crates-io.replace-with="cargo-crates"' \
	--config 'source.cargo-crates.directory="$(tinyrust-size-crates-dir)"')
tinyrust-size-crates = \
	$(if $(tinyrust-size-is-local),$(HOST_DIR)/share/cargo-crates/*) \
	$(if $(BR2_TINYRUST_STD_REBUILD),$(HOST_DIR)/lib/rustlib/src/rust/library/vendor/*)
# With a directory per package, $(HOST_DIR) of another package may not have the tools
# yet, or those from before `make host-flashfit-rebuild`; and so may the common one.
TINYRUST_SIZE_TOOLS_DIR = $(strip \
	$(if $(BR2_PER_PACKAGE_DIRECTORIES),$(PER_PACKAGE_DIR)/host-flashfit/host,$(HOST_DIR)))
TINYRUST_SIZE_TOOL = $(TINYRUST_SIZE_TOOLS_DIR)/bin/imagekit
# What is known of the flags and crates of each program, for build.json and the bill of materials.
TINYRUST_SIZE_FLAGS_DIR = $(BUILD_DIR)/.tinyrust-size

# What imagekit has written for cargo, and for the check of what rustc was given.
# $(1): package in upper case
tinyrust-size-cargo-dir = $($(1)_DIR)/.tinyrust-size/cargo
tinyrust-size-quote = '$(subst ','\'',$(1))'
# Cargo's release profile gets the settings, as that is the one that Buildroot builds.
tinyrust-size-cargo-config = $(TINYRUST_SIZE_TOOL) cargo-config \
	--profile $(TINYRUST_SIZE_PROFILE) --cargo-profile release \
	--rustc $(HOST_DIR)/bin/rustc --target $(RUSTC_TARGET_NAME) \
	$(if $(BR2_TINYRUST_STD_REBUILD),,--prebuilt-std) \
	$(if $(BR2_TINYRUST_IMMEDIATE_ABORT),,--without immediate-abort) \
	$(foreach f,$(TINYRUST_SIZE_TARGET_FLAGS),$(call tinyrust-size-quote,--target-flag=$(f))) \
	$(foreach f,$(TINYRUST_SIZE_LINK_FLAGS) -Lnative=$($(1)_DIR)/.tinyrust-size/lib \
		$(TINYRUST_SIZE_REMAP),$(call tinyrust-size-quote,--rustflag=$(f))) \
	$(tinyrust-size-cargo-dir)

# A config file of cargo's command line is stronger than Buildroot's settings in the
# environment, and CARGO_ENCODED_RUSTFLAGS than the flags in any config.toml of cargo above
# the build (The Cargo Book, "build.rustflags"). CARGO_TARGET_DIR would move what is built
# away from what is installed. C code in crates is optimised as the profile says: cc puts
# CFLAGS behind what it and the crate say, and aws-lc-sys wants one of its files at -O0.
# $(1): package in upper case
tinyrust-size-env = \
	RUSTC_BOOTSTRAP=1 \
	CFLAGS="$(filter-out -O%,$(TARGET_CFLAGS))" \
	CXXFLAGS="$(filter-out -O%,$(TARGET_CXXFLAGS))" \
	CARGO_ENCODED_RUSTFLAGS="$$(cat $(tinyrust-size-cargo-dir)/rustflags)" \
	CARGO_TARGET_DIR="$(call tinyrust-size-target-dir,$(1))" \
	RUSTC_WRAPPER="$(TINYRUST_SIZE_TOOL)" \
	TINYRUST_RUSTC_RECORD="$($(1)_DIR)/.tinyrust-size/rustc.jsonl"

# $(1): package in upper case
tinyrust-size-target-dir = $(patsubst %/,%,$($(1)_SRCDIR))/target
# $(1): package in upper case, $(2): program
tinyrust-size-program = $(call tinyrust-size-target-dir,$(1))/$(RUSTC_TARGET_NAME)/release/$(2)

# The same bytes in another output directory.
TINYRUST_SIZE_REMAP = --remap-path-prefix=$($(1)_DIR)=. --remap-path-prefix=$(HOST_DIR)=host

# Links to the crates of another compiler's std, or to ones that are gone, are not left.
# Package and std may have the same version of a crate.
define TINYRUST_SIZE_PREPARE
	mkdir -p $(@D)/.tinyrust-size/lib
	$(call tinyrust-size-cargo-config,$(PKG))
	{ printf '%s\n' $(call tinyrust-size-quote,$(strip $(call tinyrust-size-env,$(PKG)) $($(PKG)_CARGO_BUILD_OPTS))); \
		cat $(call tinyrust-size-cargo-dir,$(PKG))/*; } >$(@D)/.tinyrust-size/options.new
	if ! cmp -s $(@D)/.tinyrust-size/options.new $(@D)/.tinyrust-size/options; then \
		rm -rf $(call tinyrust-size-target-dir,$(PKG)) $(@D)/.tinyrust-size/rustc.jsonl; \
		mv $(@D)/.tinyrust-size/options.new $(@D)/.tinyrust-size/options; \
	fi
	unwinder=$$($(TARGET_CC) $(TARGET_ABI) -print-file-name=libgcc_eh.a); \
	[ -e "$$unwinder" ] || unwinder=$$($(TARGET_CC) $(TARGET_ABI) -print-libgcc-file-name); \
	cp -f "$$unwinder" $(@D)/.tinyrust-size/lib/libunwind.a
	mkdir -p $(call tinyrust-size-crates-dir,$(PKG))
	find $(call tinyrust-size-crates-dir,$(PKG)) -maxdepth 1 -type l -delete
	for crate in $(call tinyrust-size-crates,$(PKG)); do \
		[ -e $(call tinyrust-size-crates-dir,$(PKG))/$$(basename $$crate) ] || \
			ln -s $$crate $(call tinyrust-size-crates-dir,$(PKG))/ || exit 1; \
	done
endef

# What rustc was given, compared with what cargo was given, and the program that comes of it.
define TINYRUST_SIZE_CHECK
	mkdir -p $(TINYRUST_SIZE_FLAGS_DIR)
	$(foreach p,$($(PKG)_PROGRAMS),
		$(TINYRUST_SIZE_TOOL) rust-check \
			--record $(@D)/.tinyrust-size/rustc.jsonl \
			--cargo-config $(call tinyrust-size-cargo-dir,$(PKG)) \
			--program $(p)=$(call tinyrust-size-program,$(PKG),$(p)) \
			--json $(TINYRUST_SIZE_FLAGS_DIR)/$(or $($(PKG)_INSTALL_AS),$(p)).json
		$(call tinyrust-size-crates-tool,$(PKG)) --program $(p) \
			--json $(TINYRUST_SIZE_FLAGS_DIR)/$(or $($(PKG)_INSTALL_AS),$(p)).crates.json
	)
endef

# What lists the crates that rustc was given.
# $(1): package in upper case
tinyrust-size-crates-tool = $(TINYRUST_SIZE_TOOL) crates \
	--record $($(1)_DIR)/.tinyrust-size/rustc.jsonl \
	--target $(RUSTC_TARGET_NAME) --rustc $(HOST_DIR)/bin/rustc

# Symbols of a profile that keeps them go to a file beside the images: Buildroot
# strips what is installed, and the bytes that count are those without them.
define TINYRUST_SIZE_INSTALL
	$(foreach p,$($(PKG)_PROGRAMS),
		$(INSTALL) -D -m 0755 $(call tinyrust-size-program,$(PKG),$(p)) \
			$(TARGET_DIR)/usr/bin/$(or $($(PKG)_INSTALL_AS),$(p))
		rm -f $(BINARIES_DIR)/$(or $($(PKG)_INSTALL_AS),$(p)).debug
		if grep -qx 'profile\.release\.strip = false' $(call tinyrust-size-cargo-dir,$(PKG))/config.toml; then \
			mkdir -p $(BINARIES_DIR) && \
			$(TARGET_OBJCOPY) --only-keep-debug \
				$(TARGET_DIR)/usr/bin/$(or $($(PKG)_INSTALL_AS),$(p)) \
				$(BINARIES_DIR)/$(or $($(PKG)_INSTALL_AS),$(p)).debug && \
			$(TARGET_OBJCOPY) --strip-all $(TARGET_DIR)/usr/bin/$(or $($(PKG)_INSTALL_AS),$(p)); \
		fi
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
	if [ -s $($(PKG)_DIR)/.tinyrust-size/rustc.jsonl ]; then \
		mkdir -p $(LICENSE_FILES_DIR_TARGET)/$($(PKG)_BASENAME_RAW)-crates && \
		$(call tinyrust-size-crates-tool,$(PKG)) \
			--licenses $(LICENSE_FILES_DIR_TARGET)/$($(PKG)_BASENAME_RAW)-crates \
			>$(LEGAL_INFO_DIR)/$($(PKG)_RAWNAME)-crates.csv; \
	else \
		printf 'WARNING: %s is not built yet: its crates are not in legal-info\n' \
			$($(PKG)_RAWNAME) >>$(LEGAL_WARNINGS); \
	fi
endef

################################################################################
# inner-tinyrust-size-package -- what a package of the size profile adds to a
# cargo-package
#
#  argument 1 is the lowercase package name
#  argument 2 is the uppercase package name
#
# A site that is not local was vendored at its download. What cargo left beside a
# local crate is neither copied to the build nor, by legal-info, which has a list of
# its own of what it leaves out, into the archive of the source. With
# BR2_ENABLE_DEBUG Buildroot leaves --release out.
################################################################################

define inner-tinyrust-size-package

ifeq ($$(BR2_PACKAGE_$(2))$$(BR_BUILDING),yy)
$$(call tinyrust-size-check-rust,$(1))
endif

$(2)_PROGRAMS ?= $(1)
ifeq ($$(BR2_PACKAGE_$(2)),y)
TINYRUST_SIZE_PROGRAMS += $$(or $$($(2)_INSTALL_AS),$$($(2)_PROGRAMS))
endif

$(2)_DEPENDENCIES += host-flashfit host-cargo-crates
ifeq ($$(BR2_TINYRUST_STD_REBUILD),y)
$(2)_DEPENDENCIES += host-rust-src
endif
ifeq ($$(BR2_TINYRUST_UPX),y)
$(2)_DEPENDENCIES += host-upx
$(2)_POST_INSTALL_TARGET_HOOKS += TINYRUST_SIZE_PACK
endif

$(2)_CARGO_ENV += $$(call tinyrust-size-env,$(2))
$(2)_CARGO_BUILD_OPTS += --config $$(call tinyrust-size-cargo-dir,$(2))/config.toml \
	$$(call tinyrust-size-crates-opts,$(2))
ifeq ($$(BR2_ENABLE_DEBUG),y)
$(2)_CARGO_BUILD_OPTS += --release
endif
ifeq ($$($(2)_SITE_METHOD),local)
$(2)_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS += --exclude /target
$(1)-legal-info: private RSYNC_VCS_EXCLUSIONS += --exclude /target
endif

$(2)_PRE_BUILD_HOOKS += TINYRUST_SIZE_PREPARE
$(2)_POST_BUILD_HOOKS += TINYRUST_SIZE_CHECK
$(2)_INSTALL_TARGET_CMDS ?= $$(TINYRUST_SIZE_INSTALL)
$(2)_POST_INSTALL_TARGET_HOOKS += TINYRUST_SIZE_COPY
$(2)_POST_LEGAL_INFO_HOOKS += TINYRUST_SIZE_LEGAL_INFO

endef

tinyrust-size-package = \
	$(call inner-tinyrust-size-package,$(pkgname),$(call UPPERCASE,$(pkgname)))$(sep)$(cargo-package)

endif # TINYRUST_SIZE_MK
