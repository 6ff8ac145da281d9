include $(BR2_EXTERNAL_TINYRUST_PATH)/tinyrust-size.mk

include $(sort $(wildcard $(BR2_EXTERNAL_TINYRUST_PATH)/package/*/*.mk))

ifeq ($(BR2_TINYRUST_FLASH),y)
include $(BR2_EXTERNAL_TINYRUST_PATH)/tinyrust-flash.mk
endif
