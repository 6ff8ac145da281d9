#!/bin/sh
# The root file system as the direct build makes it: what Buildroot's skeleton has
# beside it is for init systems and mounts that this image does not use.
set -eu
target=$1

# init reads inittab alone; the data partition, the overlay and the tmpfs mounts
# are rcS's. Programs that other packages installed stay.
rm -rf "$target/etc/fstab" "$target/etc/issue" "$target/etc/os-release" \
	"$target/usr/lib/os-release" "$target/etc/profile" "$target/etc/profile.d" \
	"$target/etc/mtab" "$target/etc/services" "$target/etc/protocols" \
	"$target/etc/shells" "$target/etc/network" "$target/etc/nsswitch.conf" \
	"$target/usr/share/udhcpc/default.script.d" "$target/THIS_IS_NOT_YOUR_ROOT_FILESYSTEM"
rm -f "$target"/etc/init.d/S01syslogd "$target"/etc/init.d/S02klogd \
	"$target"/etc/init.d/S02sysctl "$target"/etc/init.d/S80tinyrust "$target"/etc/init.d/rcK
rmdir "$target/mnt" "$target/media" "$target/opt" "$target/var"/* 2>/dev/null || true
rm -rf "${target:?}/var" "${target:?}/tmp" "${target:?}/run"
# A copy and not the skeleton's link into a folder that is not there yet.
rm -f "$target/etc/resolv.conf" "$target/etc/hostname" "$target/etc/hosts"
for own in "$TINYRUST_COMMON_DIR" "$TINYRUST_BOARD_DIR"; do
	[ ! -d "$own/rootfs" ] || cp -a "$own/rootfs/." "$target/"
done

# What git cannot keep: empty folders (modes come from the same table, as Buildroot's
# device table).
for own in "$TINYRUST_COMMON_DIR" "$TINYRUST_BOARD_DIR"; do
	[ -e "$own/device-table.txt" ] || continue
	awk '$2 == "d" { print $1 }' "$own/device-table.txt" |
		while read -r folder; do mkdir -p "$target$folder"; done
done

if [ "${TINYRUST_PORT:-80}" != 80 ]; then
	sed -i "s|/usr/bin/tinyrust\$|& --listen 0.0.0.0:$TINYRUST_PORT|" "$target/etc/inittab"
fi
