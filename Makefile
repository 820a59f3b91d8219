# The commands of a working day. `make test` and `make demo` need nothing but a Rust toolchain: what else they
# need, `make setup` installs (see scripts/setup).

SHELL := /bin/bash
HOST := $(shell rustc -vV | sed -n 's/^host: //p')
STATIC := target/$(HOST)/static/snapback
FUZZ_SECONDS ?= 60
SERVERS ?= 13 14 15 16 17 18

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

.PHONY: setup
setup: ## installs what is missing: a C compiler, rustfmt and clippy, a Postgres server for the tests
	@scripts/setup

.PHONY: test
test: setup ## everything that must hold: format, lints, all tests, the static binary
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features static-test --locked -- -D warnings
	@if cargo deny --version >/dev/null 2>&1; then cargo deny --offline check bans licenses sources; fi
	$(MAKE) static
	. scripts/env && INSTA_UPDATE=no SNAPBACK_STATIC=$(abspath $(STATIC)) \
		cargo test --workspace --features static-test --locked

.PHONY: matrix
matrix: setup ## the tests that need a server, on each of SERVERS (13 to 18), which it downloads once
	scripts/matrix $(SERVERS)

.PHONY: static
static: ## one file without dependencies, for scratch containers: target/<host>/static/snapback
	RUSTFLAGS='-C target-feature=+crt-static -C link-arg=-Wl,-T,$(CURDIR)/scripts/static.ld --cfg getrandom_backend="linux_getrandom"' \
		cargo build --profile static --locked --target $(HOST)
	@ls -l $(STATIC)

.PHONY: demo
demo: setup ## a shop, a bad migration, and the way back, on a throwaway server
	cargo build --quiet --locked
	@. scripts/env && scripts/demo

.PHONY: bench
bench: setup ## ratios against psql and pg_dump
	. scripts/env && cargo bench --locked

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZ_SECONDS (60); needs nightly and cargo-fuzz
	cd fuzz && for target in $$(cargo +nightly fuzz list); do \
		cargo +nightly fuzz run "$$target" -- -max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done
