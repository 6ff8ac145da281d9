#!/bin/sh
# The bill of materials of the image folder, and the licence texts. What follows the folder is
# passed to imagekit.
set -eu
images=$1
shift
set -- "$@" --buildroot-packages "$TINYRUST_PACKAGES" \
	--file-list "$TINYRUST_PACKAGES_FILES" --rootfs "$TARGET_DIR"
for program in $TINYRUST_LISTED_PROGRAMS; do
	crates=$TINYRUST_FACTS/$program.crates.json
	[ ! -e "$crates" ] || set -- "$@" --crates "$crates"
done
for text in $TINYRUST_TEXTS; do
	[ ! -e "${text#*=}" ] || set -- "$@" --text "$text"
done
PATH=$TINYRUST_TOOLS:$PATH imagekit sbom "$images" "$@"
