#!/bin/sh
# systemd.sh [KERNEL]: the Debian package under a real systemd, in a virtual machine of that kernel (6.12): installed, started with the
# rights that the unit leaves, stopped, and nothing left in the kernel. What no kernel changes is in watched.sh. Says at the end how many
# checks passed. Needs root and `make deb`. Called by `make test`.
set -eu
cd "$(dirname "$0")/../.."

# Nothing of the package but its compression is changed: unpacking it takes a minute on an emulated processor.
unpacked=$(mktemp -d)
trap 'rm -rf "$unpacked"' EXIT
trap 'exit 130' INT TERM
mkdir -p artifacts/vm
dpkg-deb --raw-extract artifacts/pmoas.deb "$unpacked/root"
dpkg-deb --root-owner-group -Znone --build "$unpacked/root" artifacts/vm/pmoas.deb >/dev/null

export PMOAS_VM_SECONDS="${PMOAS_VM_SECONDS:-1200}"
tests/vm/run.sh -s "${1:-6.12}" -- tests/vm/service.sh artifacts/vm/pmoas.deb
