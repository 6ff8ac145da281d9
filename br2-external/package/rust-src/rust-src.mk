################################################################################
#
# rust-src
#
################################################################################

# The standard library's source must be of the very compiler.
RUST_SRC_VERSION = $(RUST_BIN_VERSION)
RUST_SRC_SITE = $(RUST_BIN_SITE)
RUST_SRC_SOURCE = rust-src-$(RUST_SRC_VERSION).tar.xz
RUST_SRC_LICENSE = Apache-2.0 or MIT
RUST_SRC_LICENSE_FILES = LICENSE-APACHE LICENSE-MIT

HOST_RUST_SRC_DEPENDENCIES = host-rustc

# The compiler looks for it in its own tree.
define HOST_RUST_SRC_INSTALL_CMDS
	mkdir -p $(HOST_DIR)/lib/rustlib/src/rust
	rm -rf $(HOST_DIR)/lib/rustlib/src/rust/library
	cd $(@D) && \
		cp -a "$$(find . -path '*library/Cargo.lock' -printf '%h\n' | head -n 1)" \
			$(HOST_DIR)/lib/rustlib/src/rust/library
endef

$(eval $(host-generic-package))
