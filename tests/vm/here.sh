#!/bin/sh
# here.sh COMMAND...: runs COMMAND on this very kernel, but under a systemd of its own: the first process of a container that has this
# machine's root file system with a tmpfs over it, cgroups below one of its own, and a network of its own without a way out.
#
# What COMMAND prints is printed; here.sh ends with its exit code, 125 when systemd did not come up. Whatever is left running in there
# ends with it. BPF is the kernel's, so what others load is seen too. Needs root. PMOAS_HERE_SECONDS: the longest it may run (300).
# Debian: systemd util-linux procps
set -eu
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || { sed -n '2s/^# //p' "$0" >&2; exit 2; }

# hierarchies: type, place and options of each that is mounted: every v1 controller and cgroup2, or cgroup2 alone. Of a v1 hierarchy
# the options are its controllers or its name, and nothing of how this machine has mounted it.
hierarchies()
{
	awk '
		$3 == "cgroup2" { print $3, $2, "rw" }
		$3 == "cgroup" {
			options = "rw"
			count = split($4, option, ",")
			for (i = 1; i <= count; i++) {
				if (option[i] !~ /^(rw|relatime|nosuid|nodev|noexec|xattr|clone_children|release_agent=.*)$/) { options = options "," option[i] }
			}
			print $3, $2, options
		}' /proc/mounts
}

name=pmoas-here-$$ folder=$(mktemp -d) container='' printer=''

clean()
{
	# The first process of its namespace: all others die with it.
	[ -z "$container" ] || { pkill -KILL -P "$container" || true; wait "$container" || true; }
	[ -z "$printer" ] || kill "$printer" 2>/dev/null || true
	hierarchies | while read -r _ place _; do
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			[ ! -e "$place/$name" ] || find "$place/$name" -depth -type d -exec rmdir {} + 2>/dev/null || { sleep 0.1; continue; }
			break
		done
	done
	rm -rf "$folder"
}
trap clean EXIT
trap 'exit 130' INT TERM

for word; do printf " '%s'" "$(printf '%s' "$word" | sed "s/'/'\\\\''/g")"; done >"$folder/words"
mkdir "$folder/tmpfs"
mkfifo "$folder/said"
{ printf 'cd %s && exec' "'$PWD'"; cat "$folder/words"; echo; } >"$folder/command"

# The first process: makes the machine around itself, then is systemd.
cat >"$folder/init" <<'END'
set -eu
mount -t tmpfs -o mode=755 tmpfs "$folder/tmpfs"
cd "$folder/tmpfs"
mkdir upper work root
mount -t overlay -o "lowerdir=/,upperdir=$PWD/upper,workdir=$PWD/work" overlay root
cd root
mount -t proc proc proc
# What is the kernel's is every container's: systemd would set some of it.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs sysfs sys
mount -t tracefs tracefs sys/kernel/tracing
mount -t bpf bpf sys/fs/bpf
case $(stat -fc %T /sys/fs/cgroup) in
cgroup2fs) mount -t cgroup2 cgroup2 sys/fs/cgroup ;;
*)
	mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
	while read -r type place options; do
		mkdir -p ".$place"
		mount -t "$type" -o "$options" cgroup ".$place"
	done <"$folder/hierarchies"
	;;
esac
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
for device in null zero full random urandom tty; do
	touch "dev/$device"
	mount --bind "/dev/$device" "dev/$device"
done
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
# The one folder that is not its own: what the command says goes through it.
mkdir run/here
mount --bind "$folder" run/here
ip link set lo up

# The command is the one unit that is wanted; what this root has enabled stays off.
units=run/systemd/system
mkdir -p $units
cat >$units/pmoas-command.service <<UNIT
[Unit]
Requires=basic.target
After=basic.target
[Service]
Type=oneshot
Environment=HOME=/root LANG=C.UTF-8
ExecStart=/bin/sh -c '/bin/sh /run/here/command >/run/here/said 2>&1; echo \$? >/run/here/code'
UNIT
for unit in timers.target systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket systemd-udev-trigger.service \
	systemd-tmpfiles-setup.service systemd-tmpfiles-setup-dev.service systemd-sysctl.service systemd-random-seed.service \
	systemd-update-utmp.service systemd-machine-id-commit.service systemd-remount-fs.service systemd-sysusers.service \
	systemd-logind.service dbus.service dbus.socket docker.socket; do
	ln -s /dev/null "$units/$unit"
done
mkdir .before
pivot_root . .before
umount -l /.before
export container=pmoas
exec /lib/systemd/systemd --system --unit=pmoas-command.service --log-target=journal --show-status=0
END

# In it when the namespace is made, so that it is the root of what the container sees.
hierarchies >"$folder/hierarchies"
while read -r _ place _; do
	mkdir "$place/$name"
	# A new v1 cpuset takes no process before it is given what its parent has.
	for file in cpuset.cpus cpuset.mems; do
		[ ! -e "$place/cgroup.clone_children" ] || [ ! -e "$place/$file" ] || cat "$place/$file" >"$place/$name/$file"
	done
done <"$folder/hierarchies"
cat "$folder/said" &
printer=$!
(
	self=$(exec sh -c 'echo $PPID')
	while read -r _ place _; do echo "$self" >"$place/$name/cgroup.procs"; done <"$folder/hierarchies"
	export folder
	exec unshare --mount --propagation private --pid --fork --net --uts --ipc --cgroup sh "$folder/init" 2>"$folder/errors"
) &
container=$!
# Who waits for the first process leaves its cgroup: on v2 one with processes hands no controllers on.
until pgrep -P "$container" >/dev/null || ! kill -0 "$container" 2>/dev/null; do sleep 0.01; done
while read -r type place _; do
	[ "$type" = cgroup ] || echo "$container" >"$place/cgroup.procs" || true
done <"$folder/hierarchies"
end=$(($(date +%s) + ${PMOAS_HERE_SECONDS:-300}))
until [ -s "$folder/code" ]; do
	if ! kill -0 "$container" 2>/dev/null; then
		cat "$folder/errors" >&2
		echo "here: systemd ended before the command did" >&2
		exit 125
	fi
	if [ "$(date +%s)" -gt "$end" ]; then
		echo "here: the command runs too long" >&2
		exit 125
	fi
	sleep 0.1
done
wait "$printer"
exit "$(cat "$folder/code")"
