################################################################################
#
# mydevice
#
################################################################################

MYDEVICE_VERSION = 0.1.0
MYDEVICE_SITE = $(BR2_EXTERNAL_MYDEVICE_PATH)/package/mydevice/crate
MYDEVICE_SITE_METHOD = local
MYDEVICE_LICENSE = MIT

# init starts /usr/bin/tinyrust, and board.toml has a budget for it.
MYDEVICE_INSTALL_AS = tinyrust

$(eval $(tinyrust-size-package))
