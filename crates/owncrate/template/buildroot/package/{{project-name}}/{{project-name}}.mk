################################################################################
#
# {{project-name}}
#
################################################################################

{{PROJECT_NAME}}_VERSION = 0.1.0
{{PROJECT_NAME}}_SITE = $(BR2_EXTERNAL_{{PROJECT_NAME}}_PATH)/..
{{PROJECT_NAME}}_SITE_METHOD = local
{{PROJECT_NAME}}_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = --exclude target
{{PROJECT_NAME}}_LICENSE = MIT or Apache-2.0

# init starts /usr/bin/tinyrust, and board.toml has a budget for it.
{{PROJECT_NAME}}_INSTALL_AS = tinyrust

$(eval $(tinyrust-size-package))
