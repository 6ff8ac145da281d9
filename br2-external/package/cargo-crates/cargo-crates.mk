################################################################################
#
# cargo-crates
#
################################################################################

# All crates that packages with a local source need, as single downloads with the
# checksums of their Cargo.lock. cargo-package vendors at the download, which a local
# source has not. The rebuilt standard library's own crates come with host-rust-src.
CARGO_CRATES_LOCKS = \
	$(BR2_EXTERNAL_TINYRUST_PATH)/../app/Cargo.lock \
	$(BR2_EXTERNAL_TINYRUST_PATH)/../Cargo.lock \
	$(call qstrip,$(BR2_TINYRUST_CARGO_LOCKS))

CARGO_CRATES_LIST := $(shell awk -f $(BR2_EXTERNAL_TINYRUST_PATH)/package/cargo-crates/crates.awk \
	$(CARGO_CRATES_LOCKS) | sort -u)
# name/name-version.crate
CARGO_CRATES_PATHS = $(foreach c,$(CARGO_CRATES_LIST),$(lastword $(subst :, ,$(c))))

# Where a registry serves its crates is not in a Cargo.lock, which names the index:
# registry+https://.../<registry>-index. Cargo asks the index for it; Buildroot has to
# know before there is a cargo.
CARGO_CRATES_REGISTRIES := $(sort $(patsubst %-index,%,$(notdir $(shell \
	sed -n 's/^source = "registry+\(.*\)"$$/\1/p' $(CARGO_CRATES_LOCKS)))))
CARGO_CRATES_MIRROR = $(patsubst %/,%,$(or \
	$(call qstrip,$(BR2_TINYRUST_CRATES_MIRROR)),https://static.$(CARGO_CRATES_REGISTRIES)/crates))
ifneq ($(words $(CARGO_CRATES_REGISTRIES)),1)
ifeq ($(BR_BUILDING)$(call qstrip,$(BR2_TINYRUST_CRATES_MIRROR)),y)
$(error $(CARGO_CRATES_LOCKS) name crates from several registries ($(CARGO_CRATES_REGISTRIES)): set BR2_TINYRUST_CRATES_MIRROR to an address that serves all of them)
endif
endif

# Another set of crates is another version: it is fetched and unpacked again.
CARGO_CRATES_VERSION := $(shell printf '%s' '$(CARGO_CRATES_LIST)' | sha256sum | cut -c 1-12)
CARGO_CRATES_SITE = $(CARGO_CRATES_MIRROR)/$(patsubst %/,%,$(dir $(firstword $(CARGO_CRATES_PATHS))))
CARGO_CRATES_SOURCE = $(notdir $(firstword $(CARGO_CRATES_PATHS)))
HOST_CARGO_CRATES_EXTRA_DOWNLOADS = $(addprefix $(CARGO_CRATES_MIRROR)/,\
	$(wordlist 2,$(words $(CARGO_CRATES_PATHS)),$(CARGO_CRATES_PATHS)))
CARGO_CRATES_LICENSE = licences of each crate (see <package>-crates.csv)

define HOST_CARGO_CRATES_WRITE_HASHES
	mkdir -p $(CARGO_CRATES_HASH_DIR)
	printf 'sha256  %s  %s\n' \
		$(foreach c,$(CARGO_CRATES_LIST),$(firstword $(subst :, ,$(c))) $(notdir $(c))) \
		>$(CARGO_CRATES_HASH_DIR)/cargo-crates.hash
endef
HOST_CARGO_CRATES_PRE_DOWNLOAD_HOOKS += HOST_CARGO_CRATES_WRITE_HASHES
CARGO_CRATES_HASH_DIR = $(BUILD_DIR)/.cargo-crates-$(CARGO_CRATES_VERSION)

define HOST_CARGO_CRATES_EXTRACT_CMDS
	mkdir -p $(@D)/crates
	$(foreach c,$(CARGO_CRATES_LIST),
		$(Q)$(TAR) -xzf $(HOST_CARGO_CRATES_DL_DIR)/$(notdir $(c)) -C $(@D)/crates && \
			printf '{"files":{},"package":"%s"}' $(firstword $(subst :, ,$(c))) \
				>$(@D)/crates/$(basename $(notdir $(c)))/.cargo-checksum.json
	)
endef

define HOST_CARGO_CRATES_INSTALL_CMDS
	rm -rf $(HOST_DIR)/share/cargo-crates
	mkdir -p $(HOST_DIR)/share
	cp -a $(@D)/crates $(HOST_DIR)/share/cargo-crates
endef

$(eval $(host-generic-package))

HOST_CARGO_CRATES_HASH_FILES = $(CARGO_CRATES_HASH_DIR)/cargo-crates.hash
