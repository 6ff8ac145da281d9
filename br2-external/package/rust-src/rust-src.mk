################################################################################
#
# rust-src
#
################################################################################

# The standard library's source must be of the very compiler. It is taken out of Rust's
# whole source, which Buildroot itself knows: its checksum is package/rust's, so a new
# version of Rust is one of Buildroot's alone, and its vendor/ has the crates that std
# needs. (The component rust-src is smaller. Buildroot has no checksum for it, and before
# Rust 1.97.1 it brings no crates.)
RUST_SRC_VERSION = $(RUST_BIN_VERSION)
RUST_SRC_SITE = $(RUST_BIN_SITE)
RUST_SRC_SOURCE = rustc-$(RUST_SRC_VERSION)-src.tar.xz
RUST_SRC_DL_SUBDIR = rust
RUST_SRC_LICENSE = Apache-2.0 or MIT
RUST_SRC_LICENSE_FILES = LICENSE-APACHE LICENSE-MIT

HOST_RUST_SRC_DEPENDENCIES = host-rustc host-flashfit

# Of several gigabytes, only what legal-info reads; the rest goes to where it is used.
define HOST_RUST_SRC_EXTRACT_CMDS
	$(call suitable-extractor,$(HOST_RUST_SRC_SOURCE)) $(HOST_RUST_SRC_DL_DIR)/$(HOST_RUST_SRC_SOURCE) | \
		$(TAR) --strip-components=1 -C $(@D) $(TAR_OPTIONS) - \
			$(addprefix $(HOST_RUST_SRC_SOURCE:.tar.xz=)/,$(RUST_SRC_LICENSE_FILES))
endef

# The compiler looks for it in its own tree. A source of one's own
# (RUST_SRC_OVERRIDE_SRCDIR) may be the component or a distribution's package.
define HOST_RUST_SRC_INSTALL_CMDS
	$(HOST_MAKE_ENV) $(TINYRUST_SIZE_TOOL) std-source \
		$(if $(HOST_RUST_SRC_OVERRIDE_SRCDIR),$(@D),$(HOST_RUST_SRC_DL_DIR)/$(HOST_RUST_SRC_SOURCE)) \
		--into $(HOST_DIR)/lib/rustlib/src/rust
endef

$(eval $(host-generic-package))

HOST_RUST_SRC_HASH_FILES += package/rust/rust.hash
