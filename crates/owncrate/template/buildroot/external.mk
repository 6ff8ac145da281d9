include $(sort $(wildcard $(BR2_EXTERNAL_{{PROJECT_NAME}}_PATH)/package/*/*.mk))
