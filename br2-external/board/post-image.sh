#!/bin/sh
# The image folder that flashfit and qemu/ take from every builder, and flash.bin in it.
set -eu
images=$1
flashfit=$TINYRUST_TOOLS/flashfit
board=$TINYRUST_BOARD_DIR/board.toml
work=$images/.tinyrust
mkdir -p "$work"
cp "$board" "$images/board.toml"
# shellcheck source=/dev/null
"$flashfit" layout "$board" --format sh >"$work/layout.sh" && . "$work/layout.sh"

# Device tree, where the board has one: its source, the SoC's of the kernel, the flash
# map of board.toml.
if [ -n "${LINUX_DTS:-}" ]; then
	"$flashfit" layout "$board" --format dts >"$work/partitions.dtsi"
	dts=$TINYRUST_LINUX_DIR/arch/$LINUX_ARCH/boot/dts
	set -- -I "$work" -I "$dts"
	for vendor in "$dts"/*/; do
		set -- "$@" -I "$vendor"
	done
	"${TINYRUST_TARGET_CC%% *}" -E -P -nostdinc -undef -D__DTS__ -x assembler-with-cpp "$@" \
		-I "$TINYRUST_LINUX_DIR/include" "$TINYRUST_BOARD_DIR/$LINUX_DTS" >"$work/board.pp.dts"
	"$TINYRUST_LINUX_DIR/scripts/dtc/dtc" -q -I dts -O dtb -o "$images/$BOARD_NAME.dtb" "$work/board.pp.dts"
fi

# The partitions of a board with a boot loader; one without starts the kernel itself.
if [ -n "${U_BOOT_FILES:-}" ]; then
	its="kernel.its"
	[ -n "${LINUX_DTS:-}" ] || its="kernel-without-dtb.its"
	kernel=../$LINUX_IMAGE
	case $LINUX_COMPRESSION in
	none) ;;
	lzma)
		xz --format=lzma -9e --stdout "$images/$LINUX_IMAGE" >"$work/kernel.lzma"
		kernel=kernel.lzma
		;;
	esac
	sed -e "s|@BOARD@|$BOARD_NAME|g" -e "s|@ARCH@|$LINUX_ARCH|g" \
		-e "s|@LOAD_ADDRESS@|$LINUX_LOAD_ADDRESS|g" -e "s|@KERNEL@|$kernel|g" \
		-e "s|@ENTRY_ADDRESS@|$LINUX_ENTRY_ADDRESS|g" -e "s|@COMPRESSION@|$LINUX_COMPRESSION|g" \
		-e "s|@DTB@|../$BOARD_NAME.dtb|g" "$TINYRUST_COMMON_DIR/$its" >"$work/kernel.its"
	(cd "$work" && "$HOST_DIR/bin/mkimage" -f kernel.its ../kernel.itb >/dev/null)
	"$TINYRUST_TOOLS/imagekit" boot-image "$board" "$images"
fi

# What it was built of.
{
	printf '{\n  "builder": "buildroot",\n  "board": "%s"' "$BOARD_NAME"
	for version in $TINYRUST_VERSIONS; do
		printf ',\n  "%s": "%s"' "${version%%=*}" "${version#*=}"
	done
	printf '\n}\n'
} >"$images/build.json"

# The chip's content. Over budget it is kept under another name, and the last that
# fitted stays where it was.
rm -f "$images/flash.over-budget.bin" "$images/flashfit.over-budget.json"
"$flashfit" assemble "$board" "$images" -o "$images/flash.over-budget.bin"
status=0
# What is wrong is said once, by the table below.
"$flashfit" check "$board" "$images" --json \
	>"$images/flashfit.over-budget.json" 2>/dev/null || status=$?
"$flashfit" check "$board" "$images" || {
	echo "The images are left in $images, what would be flash.bin as flash.over-budget.bin." >&2
	exit "$status"
}
mv "$images/flashfit.over-budget.json" "$images/flashfit.json"
mv "$images/flash.over-budget.bin" "$images/flash.bin"
rm -rf "$work"
