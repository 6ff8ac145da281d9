include $(sort $(wildcard $(BR2_EXTERNAL_MYDEVICE_PATH)/package/*/*.mk))
