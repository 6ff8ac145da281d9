#!/bin/sh
# Builds a board's image where needed, boots it from the emulated flash chip and
# shows that it answers. `run.sh --help` has the options.
set -eu

here=$PWD
# cargo and rustup find their settings from the working directory.
cd "$(dirname "$0")/.."

# Only what decides what is built; tinyrust-boot gets all of it as it is.
board=
build=yes
previous=
for argument in "$@"; do
	case $argument in
	--board=*) board=${argument#--board=} ;;
	--images | --images=* | -h | --help | -V | --version) build=no ;;
	esac
	if [ "$previous" = --board ]; then board=$argument; fi
	previous=$argument
done

./scripts/bootstrap
if [ $build = yes ]; then
	# By itself, so that the compiler's progress is seen.
	cargo build --bin xtask
	cargo xtask setup ${board:+--board "$board"}
	cargo xtask image ${board:+--board "$board"}
fi
cargo build --bin tinyrust-boot
exec cargo run --quiet --bin tinyrust-boot -- -C "$here" "$@"
