#!/bin/sh
# run.sh [-s] KERNEL... -- COMMAND...: runs COMMAND on Debian's cloud kernels (6.1, 6.12, ..., newest) in a virtual machine.
#
# The machine has this one's root file system, read-only with a tmpfs over it, cgroup v2 only, and no network. What COMMAND
# prints is printed, what it writes to the folder $RESULTS is kept in artifacts/vm/KERNEL/results; kernel messages go to
# artifacts/vm/KERNEL/console.log. Ends with COMMAND's exit code, the first that is not 0 where there are several kernels;
# 125 when a machine did not come up, 124 when Debian has no such kernel (any more). Emulated (KVM hangs on our build
# machines): some twenty times slower than here. Needs root. PMOAS_VM_SECONDS: the longest a machine may run (2400).
# -s: with systemd as the first process. Debian: qemu-system-x86 kmod busybox-static zstd lz4 xz-utils
set -eu
cd "$(dirname "$0")/../.."

usage() { sed -n '2s/^# //p' "$0" >&2; exit 2; }
fail() { echo "vm: $*" >&2; exit 125; }

. tests/vm/packages.sh

# extract VMLINUZ VMLINUX: the ELF kernel, which boots without firmware (PVH). Debian packs it by lz4 or zstd.
extract()
{
	for kind in 'lz4 -qdc:\x02\x21\x4c\x18' 'zstd -qdc:\x28\xb5\x2f\xfd'; do
		for offset in $(LC_ALL=C grep -aobP "${kind#*:}" "$1" | cut -d : -f 1); do
			# Trailing bytes make the unpacker fail after all was written; the ELF magic says whether it was the kernel.
			tail -c "+$((offset + 1))" "$1" | ${kind%%:*} >"$2" 2>/dev/null || true
			[ "$(head -c 4 "$2" | tail -c 3)" != ELF ] || return 0
		done
	done
	rm -f "$2"
	return 1
}

# prepare VERSION: artifacts/vm/VERSION with vmlinux, initramfs and the kernel's modules
prepare()
{
	folder=artifacts/vm/$1
	if [ ! -e "$folder/vmlinux" ]; then
		refresh
		echo "vm: preparing kernel $1" >&2
		rm -rf "$folder"
		mkdir -p "$folder"
		(cd "$folder" && download "$1") || { echo "vm: Debian has no package of a cloud kernel $1" >&2; return 124; }
		for package in "$folder"/*.deb; do
			dpkg-deb -x "$package" "$folder/package" || fail "cannot unpack the package of $1"
		done
		rm "$folder"/*.deb
		[ -e "$folder/package/lib" ] || ln -s usr/lib "$folder/package/lib" # newer packages
		/sbin/depmod -b "$folder/package" "$(release "$folder")" || fail "cannot list the modules of $1"
		extract "$(find "$folder/package" -name 'vmlinuz*' | head -n 1)" "$folder/vmlinux.new" || fail "no ELF kernel in the package of $1"
		mv "$folder/vmlinux.new" "$folder/vmlinux"
	fi
	if [ ! -e "$folder/initramfs" ] || [ "$folder/initramfs" -ot tests/vm/init ]; then
		initramfs "$folder" || fail "cannot make the initramfs of $1"
	fi
}

# release FOLDER: what uname -r will say
release() { basename "$1"/package/lib/modules/*; }

# initramfs FOLDER: what it takes to mount the root; all other modules are loaded from there, by name, when first used
initramfs()
{
	made=$1/initramfs.d
	rm -rf "$made"
	mkdir -p "$made/bin"
	number=100
	/sbin/modprobe -d "$1/package" -S "$(release "$1")" --show-depends -a virtio_pci virtiofs overlay |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
		while read -r module; do
			number=$((number + 1))
			case $module in
			*.xz) xz -dc "$module" ;;
			*) cat "$module" ;;
			esac >"$made/$number.ko"
		done
	cp /bin/busybox "$made/bin/" && cp tests/vm/init "$made/init" &&
		(cd "$made" && find . | /bin/busybox cpio -o -H newc 2>/dev/null) >"$1/initramfs.new" &&
		rm -r "$made" && mv "$1/initramfs.new" "$1/initramfs"
}

# boot VERSION: runs $command there; its exit code
boot()
{
	folder=$PWD/artifacts/vm/$1
	socket=$folder/virtiofs.sock
	rm -rf "$folder/code" "$socket" "$folder/results"
	mkdir "$folder/results"
	truncate -s 16M "$folder/disk"
	printf '%s\n' "$command" >"$folder/command"
	machine=''
	/usr/lib/qemu/virtiofsd --socket-path="$socket" -f -o source=/ -o sandbox=chroot -o cache=always -o xattr \
		-o log_level=err 2>"$folder/virtiofsd.log" &
	virtiofsd=$!
	# In the background, so that a signal to this script ends them at once.
	trap 'kill $machine "$virtiofsd" 2>/dev/null || true' EXIT
	trap 'exit 130' INT TERM
	while [ ! -S "$socket" ] && kill -0 "$virtiofsd" 2>/dev/null; do sleep 0.1; done
	# Emulated, retpolines cost half of the time, and vectors a sixth.
	timeout -k 10 "${PMOAS_VM_SECONDS:-2400}" qemu-system-x86_64 \
		-accel tcg,thread=single -cpu max,-avx2,-avx -smp 2 -m 4G -M q35 -nodefaults -no-reboot -display none \
		-object memory-backend-memfd,id=memory,size=4G,share=on -numa node,memdev=memory \
		-chardev "socket,id=root,path=$socket" -device vhost-user-fs-pci,chardev=root,tag=root \
		-drive "file=$folder/disk,format=raw,if=virtio" \
		-serial "file:$folder/console.log" -serial stdio -serial "file:$folder/code" \
		-kernel "$folder/vmlinux" -initrd "$folder/initramfs" \
		-append "console=ttyS0 mitigations=off panic=-1 oops=panic loglevel=5 pmoas_folder=$folder$first" </dev/null &
	machine=$!
	wait "$machine" || true
	wait "$virtiofsd" || true
	trap - EXIT INT TERM
	code=$(cat "$folder/code" 2>/dev/null || true)
	[ -n "$code" ] || fail "$1 ended before the command did: see $folder/console.log"
	return "$code"
}

kernels='' first=''
[ "${1-}" != -s ] || { first=' pmoas_systemd systemd.show_status=0'; shift; }
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	kernels="$kernels $1"
	shift
done
[ -n "$kernels" ] && [ $# -gt 1 ] || usage
shift

command="cd '$PWD' && exec"
for word; do command="$command '$(printf '%s' "$word" | sed "s/'/'\\\\''/g")'"; done

result=0
for kernel in $kernels; do
	[ "$kernel" != newest ] || { refresh; kernel=$(series newest); }
	code=0
	mkdir -p artifacts/vm
	{ flock 9; prepare "$kernel" || code=$?; } 9>artifacts/vm/lock # another run may be preparing one
	if [ "$code" -eq 0 ]; then
		echo "vm: kernel $kernel" >&2
		boot "$kernel" || code=$?
	fi
	[ "$result" -ne 0 ] || result=$code
done
exit "$result"
