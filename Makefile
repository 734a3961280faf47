# PMOAS: `make help` lists what can be made. Needs the .NET 10 SDK; `make deps` brings the rest on Debian.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
# Debian keeps bpftool, ip, haproxy and nginx where a user's PATH does not look.
export PATH := $(PATH):/usr/sbin:/sbin

CONFIGURATION := Release
DOTNET_FLAGS := -c $(CONFIGURATION) -v quiet --tl:off -clp:NoSummary

# Compiled ahead: ready in half the time, and less memory than a JIT takes for the same code.
READY_TO_RUN := --use-current-runtime --self-contained false -p:PublishReadyToRun=true

# What `make deb` and `make image` make: amd64 or arm64.
export ARCHITECTURE ?= $(shell dpkg --print-architecture)

# Verbs of tests/Pmoas.Benchmarks, in the order `make bench` runs them.
BENCHMARKS := ring chain traces daemon pods usage sockmap

# What `make test-kernels` boots; the first is too old and must be refused.
KERNELS := 5.10 6.1 6.12 6.18 newest

# What the daemon and its plugins are made of, folders included: a deleted file changes its folder.
DAEMON_SOURCES := $(shell find host plugins sdk bpf -not -name '*.md' 2>/dev/null) \
	$(wildcard Directory.*.props Directory.*.targets global.json pmoas.toml)
SDK_SOURCES := $(shell find sdk bpf/include bpf/vmlinux 2>/dev/null) docs/writing-a-plugin.md $(wildcard Directory.*.props)
SAMPLE_SOURCES := $(shell find tests/samples/NoOp 2>/dev/null)
BPF_C = $(shell find bpf tests -name '*.[ch]' -not -name vmlinux.h)

# Rounds of `make soak`: 10 000 requests, ten pods and a reload each.
ROUNDS := 200

.PHONY: help deps build deb image demo test test-kernels bench soak format clean vmlinux describe

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

deps: ## Install what is missing of compilers, proxies and load generators (apt-get; nothing to do when all is there)
	@packaging/deps.sh

build: artifacts/pmoas/.built artifacts/samples/NoOp/.built ## Build artifacts/pmoas/pmoas with its plugins and pmoas.toml beside it
	@echo "build: artifacts/pmoas/pmoas is up to date"

deb: deps artifacts/deb/.built-$(ARCHITECTURE) ## Make artifacts/pmoas_VERSION_ARCH.deb, with the .NET runtime in it

image: deps artifacts/image/.built-$(ARCHITECTURE) ## Make artifacts/pmoas_VERSION_ARCH.image.tar, for containerd, Docker and podman, without any of them

demo: deps build ## Watch a real sidecar pod on this machine for a few seconds (root)
	@artifacts/pmoas/pmoas demo

test: deps build deb image ## Check the format, run all tests (root: kernel and end-to-end tests need it), say how many passed
	@tests/run.sh

test-kernels: deps build ## Run the kernel tests on Debian's kernels 6.1 to newest in a virtual machine, write docs/kernels.md (root, hours: emulated)
	@dotnet build tests/Pmoas.KernelTests $(DOTNET_FLAGS)
	@tests/vm/kernels.sh -w $(KERNELS)

bench: deps build ## Measure what PMOAS costs: requests per second with and without it, nanoseconds per event (root)
	@dotnet build tests/Pmoas.Benchmarks $(DOTNET_FLAGS)
	@for what in $(BENCHMARKS); do artifacts/bin/Pmoas.Benchmarks/release/Pmoas.Benchmarks $$what || exit 1; done

soak: deps build ## Simulate a day: two million requests, 2000 pods, 200 reloads; counters exact, memory flat (root, a quarter of an hour)
	@dotnet build tests/Pmoas.Benchmarks $(DOTNET_FLAGS)
	@artifacts/bin/Pmoas.Benchmarks/release/Pmoas.Benchmarks soak $(ROUNDS)

format: ## Format all C# and C files
	@dotnet format Pmoas.slnx
	@dotnet format whitespace --folder tests/samples
	@clang-format -i $(BPF_C)

vmlinux: ## Make bpf/vmlinux/{x86,arm64}/vmlinux.h from bpf/vmlinux/types.list and this kernel's BTF
	@bpf/vmlinux/generate.pl

describe: build ## Write the metric tables, dashboards and sample configs that follow from the plugins' declarations
	@artifacts/pmoas/pmoas describe --write

clean: ## Remove everything that was built
	@rm -rf artifacts

# The daemon, and each folder of plugins/ as a plugin: a new plugin is built because it is there.
artifacts/pmoas/.built: $(DAEMON_SOURCES)
	@echo "build: host"
	@rm -rf artifacts/pmoas
	@dotnet publish host $(DOTNET_FLAGS) $(READY_TO_RUN) -o artifacts/pmoas
	@for project in plugins/*/*.csproj; do \
		folder=$$(basename "$$(dirname "$$project")"); \
		echo "build: plugin $$folder"; \
		dotnet publish "$$project" $(DOTNET_FLAGS) $(READY_TO_RUN) -o "artifacts/pmoas/plugins/$$folder" || exit 1; \
	done
	@if [ -f pmoas.toml ]; then cp pmoas.toml artifacts/pmoas/; fi
	@touch $@

artifacts/deb/.built-$(ARCHITECTURE): artifacts/package/.built $(DAEMON_SOURCES) $(shell find packaging -type f -not -path "*/kubernetes/*" -not -name image.sh) README.md CHANGELOG.md LICENSE
	@packaging/deb.sh
	@touch $@

artifacts/image/.built-$(ARCHITECTURE): packaging/image.sh artifacts/deb/.built-$(ARCHITECTURE)
	@packaging/image.sh
	@touch $@

artifacts/package/.built: $(SDK_SOURCES)
	@echo "build: packages Pmoas.Sdk and Pmoas.Templates"
	@dotnet pack sdk $(DOTNET_FLAGS)
	@dotnet pack sdk/template $(DOTNET_FLAGS)
	@touch $@

# A stranger's plugin, built as a stranger would: outside this tree, from the package.
artifacts/samples/NoOp/.built: artifacts/package/.built $(SAMPLE_SOURCES)
	@echo "build: sample plugin NoOp, outside the tree"
	@tests/samples/build-outside.sh NoOp
	@touch $@
