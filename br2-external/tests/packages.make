# Two packages as Buildroot builds and installs them, with the commands that the makefiles of
# br2-external/ give (Buildroot's package/pkg-cargo.mk and pkg-generic.mk). A stamp's folder
# is the package's: $(@D) is the same as there.
include $(dir $(lastword $(MAKEFILE_LIST)))harness.make

HOST_FLASHFIT_DIR = $(BUILD_DIR)/host-flashfit-0.1.0
INSTALL = install
TARGET_CC = cc
CARGO_HOME_DIR = $(HOST_DIR)/share/cargo

run-hooks = $(foreach hook,$(1),$($(hook))$(sep))

$(TINYRUST_DIR)/.stamp_installed: PKG = TINYRUST
$(TINYRUST_DIR)/.stamp_installed:
	$(call run-hooks,$(TINYRUST_PRE_BUILD_HOOKS))
	cd $(TINYRUST_SRCDIR) && \
		CARGO_HOME=$(CARGO_HOME_DIR) \
		CARGO_BUILD_TARGET="$(RUSTC_TARGET_NAME)" \
		$(TINYRUST_CARGO_ENV) \
		cargo build --offline --release --manifest-path Cargo.toml --locked \
			$(TINYRUST_CARGO_BUILD_OPTS)
	$(call run-hooks,$(TINYRUST_POST_BUILD_HOOKS))
	$(TINYRUST_INSTALL_TARGET_CMDS)
	$(call run-hooks,$(TINYRUST_POST_INSTALL_TARGET_HOOKS))

$(HOST_FLASHFIT_DIR)/.stamp_installed: PKG = HOST_FLASHFIT
$(HOST_FLASHFIT_DIR)/.stamp_installed:
	cd $(HOST_FLASHFIT_DIR) && \
		CARGO_HOME=$(CARGO_HOME_DIR) \
		RUSTFLAGS= \
		$(HOST_FLASHFIT_CARGO_ENV) \
		cargo build --offline --release --manifest-path Cargo.toml --locked \
			$(HOST_FLASHFIT_CARGO_BUILD_OPTS)
	$(HOST_FLASHFIT_INSTALL_CMDS)
