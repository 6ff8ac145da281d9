#!/bin/sh
# The image folder that flashfit and qemu/ take from every builder, and flash.bin in it.
set -eu
images=$1
board=$images/board.toml
PATH=$TINYRUST_TOOLS:$PATH
cp "$TINYRUST_BOARD_DIR/board.toml" "$board"
# The package of each file, for flashfit report.
cp "$BUILD_DIR/packages-file-list.txt" "$images/"

imagekit kernel-fit "$board" "$images" --board-folder "$TINYRUST_BOARD_DIR" \
	--linux "$TINYRUST_LINUX_DIR" --mkimage "$HOST_DIR/bin/mkimage" --dtc "$TINYRUST_DTC" \
	--cpp "${TINYRUST_TARGET_CC%% *}" -E
imagekit boot-image "$board" "$images"

# What each byte of the C programs is, for flashfit.
symbols() {
	imagekit symbols "$1" "$2" "$images" --objcopy "${TINYRUST_CROSS}objcopy"
}
symbols vmlinux "$TINYRUST_LINUX_DIR/vmlinux"
symbols busybox "$TINYRUST_BUSYBOX_DIR/busybox_unstripped"
if [ -n "$TINYRUST_UBOOT_DIR" ]; then
	symbols u-boot "$TINYRUST_UBOOT_DIR/u-boot"
	[ ! -e "$TINYRUST_UBOOT_DIR/spl/u-boot-spl" ] ||
		symbols u-boot-spl "$TINYRUST_UBOOT_DIR/spl/u-boot-spl"
fi

# The chip's content. Over budget it is kept under another name, and the last that
# fitted stays where it was.
rm -f "$images/flash.over-budget.bin" "$images/flashfit.over-budget.json"
flashfit assemble "$board" "$images" -o "$images/flash.over-budget.bin"
status=0
# What is wrong is said once, by the table below; of the board that its author edits, not of
# the copy beside the images.
flashfit check "$TINYRUST_BOARD_DIR/board.toml" "$images" --json \
	>"$images/flashfit.over-budget.json" 2>/dev/null || status=$?
flashfit check "$TINYRUST_BOARD_DIR/board.toml" "$images" || {
	echo "The images are in $images; the content for the chip is flash.over-budget.bin." >&2
	exit "$status"
}
mv "$images/flashfit.over-budget.json" "$images/flashfit.json"
mv "$images/flash.over-budget.bin" "$images/flash.bin"

# What it was built of.
set --
for source in $TINYRUST_SOURCES; do
	set -- "$@" --source "$source"
done
[ -z "$TINYRUST_FLAGS" ] || set -- "$@" --rust-flags "$TINYRUST_FLAGS"
imagekit build-json "$board" "$images" --builder "$TINYRUST_BUILDER" \
	--revision "$("$TINYRUST_COMMON_DIR/../../scripts/revision")" \
	--profile "$TINYRUST_PROFILE" --allocator "$TINYRUST_ALLOCATOR" \
	--rustc "$HOST_DIR/bin/rustc" --cc-prefix "$TINYRUST_CROSS" "$@"
"$(dirname "$0")/sbom.sh" "$images"
