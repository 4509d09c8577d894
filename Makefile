# Thin on purpose: names for what CMake's presets and tools/ do.
.PHONY: build demo run test soak bench fuzz check package clean

build: deps
	@[ -f build/dev/build.ninja ] || cmake --preset dev
	@cmake --build --preset dev

# What is missing of compilers and libraries is installed (Debian 12); clang only where it is used.
.PHONY: deps tool-deps release
deps:
	@tools/install-deps --build

tool-deps:
	@tools/install-deps

release: deps
	@[ -f build/release/build.ninja ] || cmake --preset release
	@cmake --build --preset release

# Only the program, not the tests: the first look shall be quick.
.PHONY: program
program: deps
	@[ -f build/release/build.ninja ] || cmake --preset release
	@cmake --build --preset release --target corridor

demo: program
	@tools/demo

# CONF=FILE chooses the configuration.
CONF ?= conf/corridor.yaml
run: program
	@build/release/corridor run -c $(CONF)

test: build
	@tools/test dev

soak: release
	@tools/soak

bench: release
	@tools/bench

fuzz: tool-deps
	@tools/fuzz

# The Debian package, in build/package.
package: deps
	@tools/install-deps --package
	@tools/package

check: tool-deps build
	@tests/check/includes
	@tests/check/style
	@tests/check/events
	@tests/check/fuzz_targets
	@tools/reference --check --all
	@tools/format --check
	@tools/tidy

clean:
	@rm -rf build
