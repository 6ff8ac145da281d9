################################################################################
#
# tinyrust
#
################################################################################

TINYRUST_VERSION = 0.1.0
TINYRUST_SITE = $(BR2_EXTERNAL_TINYRUST_PATH)/../app
TINYRUST_SITE_METHOD = local
TINYRUST_LICENSE = MIT or Apache-2.0
TINYRUST_LICENSE_FILES = LICENSE-MIT LICENSE-APACHE

TINYRUST_CARGO_BUILD_OPTS = --bins --no-default-features
ifeq ($(BR2_PACKAGE_TINYRUST_ALLOCATOR_MIMALLOC),y)
TINYRUST_CARGO_BUILD_OPTS += --features mimalloc
endif

TINYRUST_CARGO_ENV = \
	TINYRUST_GIT_REVISION=$(shell $(BR2_EXTERNAL_TINYRUST_PATH)/../scripts/revision) \
	TINYRUST_TARGET=$(RUSTC_TARGET_NAME) \
	TINYRUST_PROFILE=$(TINYRUST_SIZE_PROFILE)

# The licences stand above app/.
define TINYRUST_COPY_LICENSES
	cp $(BR2_EXTERNAL_TINYRUST_PATH)/../LICENSE-MIT \
		$(BR2_EXTERNAL_TINYRUST_PATH)/../LICENSE-APACHE $(@D)/
endef
TINYRUST_POST_RSYNC_HOOKS += TINYRUST_COPY_LICENSES

define TINYRUST_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(TINYRUST_PKGDIR)/S80tinyrust $(TARGET_DIR)/etc/init.d/S80tinyrust
	$(SED) 's/@PORT@/$(BR2_PACKAGE_TINYRUST_PORT)/g' $(TARGET_DIR)/etc/init.d/S80tinyrust
endef

define TINYRUST_INSTALL_INIT_SYSTEMD
	$(INSTALL) -D -m 0644 $(TINYRUST_PKGDIR)/tinyrust.service \
		$(TARGET_DIR)/usr/lib/systemd/system/tinyrust.service
	$(SED) 's/@PORT@/$(BR2_PACKAGE_TINYRUST_PORT)/g' \
		$(TARGET_DIR)/usr/lib/systemd/system/tinyrust.service
endef

define TINYRUST_USERS
	tinyrust 80 tinyrust 80 * /data/tinyrust - - tinyrust
endef

$(eval $(tinyrust-size-package))
