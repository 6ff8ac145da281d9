#!/bin/sh
# Builds a board's image where needed, boots it from the emulated flash chip and
# shows that it answers. `run.sh --help` has the options.
set -eu

here=$PWD
# cargo and rustup find their settings from the working directory.
cd "$(dirname "$0")/.."

# Gives `cargo xtask image` those of the arguments that decide what is built. tinyrust-boot gets
# all of them.
build() {
	left=$#
	while [ "$left" -gt 0 ]; do
		argument=$1
		shift
		left=$((left - 1))
		case $argument in
		--)
			set -- "$@" --
			break
			;;
		--board=*) board=${argument#--board=} ;;
		--board) board=${1-} ;;
		--crate=* | --bin=* | --features=* | --update=* | --app=* | --port=* | --no-default-features | --anyway)
			set -- "$@" "$argument"
			;;
		--crate | --bin | --features | --update | --app | --port)
			set -- "$@" "$argument" "${1-}"
			;;
		--images | --images=* | -h | --help | -V | --version) return ;;
		esac
	done
	# What is behind -- comes first now, and last again.
	while [ "$left" -gt 0 ]; do
		set -- "$@" "$1"
		shift
		left=$((left - 1))
	done
	# By itself, so that the compiler's progress is seen.
	cargo build --bin xtask
	cargo xtask setup ${board:+--board "$board"}
	cargo xtask image ${board:+--board "$board"} "$@"
}

board=
./scripts/bootstrap
build "$@"
cargo build --bin tinyrust-boot
exec cargo run --quiet --bin tinyrust-boot -- -C "$here" "$@"
