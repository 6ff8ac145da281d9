################################################################################
#
# flashfit
#
################################################################################

FLASHFIT_VERSION = 0.1.0
FLASHFIT_SITE = $(BR2_EXTERNAL_TINYRUST_PATH)/..
FLASHFIT_SITE_METHOD = local
# Only what cargo reads of the repository: the workspace of the host programs.
HOST_FLASHFIT_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = \
	--exclude target \
	--include /Cargo.toml --include /Cargo.lock \
	--include /LICENSE-MIT --include /LICENSE-APACHE \
	--include /crates --include '/crates/**' \
	--include /scripts --include '/scripts/**' \
	--include /qemu --include '/qemu/**' \
	--include /boards --include /boards/default \
	--include /app --include /app/Cargo.toml --include /app/profiles.toml \
	--exclude '*'
FLASHFIT_LICENSE = MIT or Apache-2.0
FLASHFIT_LICENSE_FILES = LICENSE-MIT LICENSE-APACHE
# legal-info has a list of its own of what it leaves out of the source's archive.
host-flashfit-legal-info: private RSYNC_VCS_EXCLUSIONS += $(HOST_FLASHFIT_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS)

HOST_FLASHFIT_DEPENDENCIES = host-cargo-crates
# Another folder or target, in the environment or in a config.toml of cargo's above the
# build, would move what is installed below.
HOST_FLASHFIT_CARGO_ENV = \
	CARGO_TARGET_DIR="$(@D)/target" \
	CARGO_BUILD_TARGET="$(RUSTC_HOST_NAME)"
HOST_FLASHFIT_CARGO_BUILD_OPTS = \
	--package flashfit --package imagekit \
	--config 'source.crates-io.replace-with="cargo-crates"' \
	--config 'source.cargo-crates.directory="$(HOST_DIR)/share/cargo-crates"'

define HOST_FLASHFIT_INSTALL_CMDS
	$(INSTALL) -D -m 0755 $(@D)/target/$(RUSTC_HOST_NAME)/release/flashfit $(HOST_DIR)/bin/flashfit
	$(INSTALL) -D -m 0755 $(@D)/target/$(RUSTC_HOST_NAME)/release/imagekit $(HOST_DIR)/bin/imagekit
endef

$(eval $(host-cargo-package))
