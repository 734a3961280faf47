#!/bin/sh
# upgrade.sh: the Debian package is upgraded while connections run between two containers of a pod, with every plugin on, SockMap
# redirecting. The edited configuration is kept, another process answers, and no connection or request fails: both ends of each compare
# every byte (Pmoas.KernelTests/SockMap/programs/stream.c). A line for each check, and the line with the sums that tests/run.sh reads.
# Under a systemd of its own, on this kernel (here.sh). Needs root, `make deb` and the built end-to-end tests. Called by `make test`.
set -u
cd "$(dirname "$0")/../.." || exit 1
config=/etc/pmoas/pmoas.toml

# The same package, with a higher version and another pmoas.toml: dpkg has to choose.
if [ "${1-}" != inside ]; then
	folder=$(mktemp -d) || exit 1
	trap 'rm -rf "$folder"' EXIT
	trap 'exit 130' INT TERM
	dpkg-deb --raw-extract artifacts/pmoas.deb "$folder/root" &&
		sed -i 's/^Version: .*/&+newer/' "$folder/root/DEBIAN/control" &&
		echo '## What the newer version has to say.' >>"$folder/root$config" &&
		dpkg-deb --root-owner-group -Znone --build "$folder/root" "$folder/newer.deb" >/dev/null &&
		rm -r "$folder/root" || exit 1
	tests/vm/here.sh tests/vm/upgrade.sh inside "$folder/newer.deb"
	exit
fi

newer=$2
. tests/vm/checks.sh
stream=$PWD/artifacts/bin/Pmoas.EndToEnd/release/programs/stream
load=/run/load
trials=20 held=8 short=200 bulk=$((4 << 20))

# contained NAME COMMAND...: runs it in that container of the pod
contained()
{
	container=$1
	shift
	for procs in $(awk -v name="$container" '$3 ~ /^cgroup2?$/ { print $2 "/pod/" name "/cgroup.procs" }' /proc/mounts); do
		echo 0 >"$procs" || return
	done
	exec nsenter --net=/run/netns/pod "$@"
}
# streams KIND N BYTES SEED: from the sidecar to the service; prints what it did
streams() { (contained proxy "$stream" "$1" 127.0.0.1 9400 "$2" "$3" "$4"); }
# again KIND N BYTES: those streams, run after run until the upgrade is over, a line for each
again()
{
	until [ -e $load/over ]; do
		streams "$1" "$2" "$3" 1 >>"$load/$1" 2>&1 || echo "ended with $?" >>"$load/$1"
		sleep 0.1
	done
}
# total KIND: connections of all its runs
total() { awk '{ n += $1 } END { print n + 0 }' "$load/$1"; }
# all_of KIND N [BYTES]: each run had N connections, which got what they sent: BYTES together
all_of()
{
	awk -v n="$2" -v bytes="${3-}" 'NF != 4 || $1 != n || $2 != $3 || (bytes != "" && $2 != bytes) { print; bad = 1 } END { exit bad || NR < 2 }' "$load/$1" >&2
}
# nothing_reset: no connection of the pod was, and none was refused, by the kernel's own count
nothing_reset()
{
	nsenter --net=/run/netns/pod cat /proc/net/snmp | awk '
		$1 == "Tcp:" && !names { names = split($0, name); next }
		$1 == "Tcp:" { for (i = 2; i <= names; i++) { n[name[i]] = $i } }
		END { print n["ActiveOpens"], "opened,", n["EstabResets"], "reset,", n["AttemptFails"], "refused"; exit n["EstabResets"] + n["AttemptFails"] > 0 }'
}
upgrade() { dpkg --force-unsafe-io --force-confold --install "$newer" >>/run/install.log 2>&1; }
version() { dpkg-query --show --showformat '${Version}' pmoas; }
# answers PID: that process is who listens where /metrics is
answers() { ss -ltnpH 'sport = :8765' | grep -q "pid=$1,"; }
# sum METRIC: over all its series
sum() { get metrics | awk -v name="pmoas_sock_map_$1" 'index($1, name) == 1 { sum += $NF } END { printf "%.0f\n", sum }'; }
accelerates() { serves 'pmoas_sock_map_enabled 1'; }
at_least() { [ "$(sum "$1")" -ge "$2" ] || { echo "$1 is $(sum "$1")" >&2; return 1; }; }
running() { [ "$(get metrics | grep -c '^pmoas_plugin_state{.*state="running"} 1$')" = "$plugins" ]; }

rm -f /usr/sbin/policy-rc.d
dpkg --force-unsafe-io --install artifacts/pmoas.deb >/run/install.log 2>&1
check "the package is installed and has started the service" soon 30 ready
old_version=$(version)
plugins=$(find /usr/lib/pmoas/plugins -mindepth 1 -maxdepth 1 -type d | wc -l)

# The pod. Something stays in each container: systemd removes the empty cgroups that are not its own.
mkdir $load
ip netns add pod
ip -n pod link set lo up
for root in $(awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts); do
	for cgroup in pod pod/proxy pod/app; do
		mkdir "$root/$cgroup"
		# A new v1 cpuset takes no process before it is given what its parent has.
		for file in cpuset.cpus cpuset.mems; do
			[ ! -f "$root/cgroup.clone_children" ] || [ ! -f "$root/$file" ] || cat "$root/$file" >"$root/$cgroup/$file"
		done
	done
done
(contained proxy sleep infinity) &
pauses=$!
(contained app sleep infinity) &
pauses="$pauses $!"

# As a user does: every plugin on, SockMap too, and a pod declared by hand.
sed -i 's/^# mode = "off"/mode = "on"\ncontrol_percent = 0/; /^\[plugins.stack_trace\]/,$s/^enabled = false/enabled = true/' $config
cat >>$config <<'END'
[[sidecars]]
name = "proxy"
[[sources.static.pods]]
namespace = "shop"
name = "cart"
containers = [ { name = "proxy", cgroup = "/pod/proxy" }, { name = "app", cgroup = "/pod/app" } ]
END
edited=$(cat $config)
check "the edit is taken" systemctl reload pmoas.service
check "every plugin runs" soon 30 running
check "SockMap's self-test lets it redirect" soon 30 accelerates
old=$(property MainPID)

(contained app "$stream" serve 127.0.0.1 9400) >$load/server 2>&1 &
server=$!
soon 10 grep -q listening $load/server
streams short $trials 1 1 >$load/trials
# Until the upgrade is over: connections that stay, with a request on each every 2 ms; connections of one request, connections of many
# bytes both ways, one run after the other. With pauses: who upgrades has a processor left.
(contained proxy "$stream" held 127.0.0.1 9400 $held 2000 1000) >$load/held 2>&1 &
staying=$!
again short $short 2 &
shorts=$!
again bulk 4 $bulk &
bulks=$!
check "connections are redirected before it" soon 30 at_least redirected_bytes_total $((20 << 20))
check "the one who answers is the old process" answers "$old"

before=$(cut -d . -f 1 /proc/uptime)
check "the newer package is installed" upgrade
echo "the upgrade took $(($(cut -d . -f 1 /proc/uptime) - before)) s"
check "it is the newer version" [ "$(version)" = "$old_version+newer" ]
check "the edited pmoas.toml is kept" [ "$(cat $config)" = "$edited" ]
check "what the newer version has to say lies beside it" grep -q '^## What the newer' $config.dpkg-dist
check "it is ready again" soon 30 ready
new=$(property MainPID)
check "it is another process" [ "$new" != "$old" ]
check "that of before is gone" [ ! -e "/proc/$old" ]
check "the one who answers is the new process" answers "$new"
check "what it runs is what was installed" [ "/proc/$new/exe" -ef /usr/lib/pmoas/pmoas ]
check "systemd had nothing to start again" is NRestarts 0
check "every plugin runs again" soon 30 running
check "SockMap redirects again" soon 30 accelerates
check "connections are redirected after it" soon 30 at_least redirected_bytes_total 1000000

touch $load/over
kill -TERM $staying
check "the connections that stayed end well" wait $staying
read -r connections sent received _ <$load/held
check "$((sent / 1000)) requests on $held connections that stayed were all answered" [ "$connections $received" = "$held $sent" ]
check "those before, during and after the upgrade" [ "$sent" -gt $((held * 1000 * 1000)) ]
wait $shorts $bulks
check "$(total short) connections of one request were all answered" all_of short "$short"
check "$(total bulk) connections got $((bulk >> 20)) MiB each way" all_of bulk 4 $((4 * bulk))
check "the kernel has reset no connection of the pod, and refused none" nothing_reset
check "the server has seen no end too early" [ "$(cat $load/server)" = listening ]
# shellcheck disable=SC2086 # process ids
kill $server $pauses
no_pair() { [ "$(sum open_pairs)" = 0 ]; }
check "no pair is open any more" soon 10 no_pair

sums /run/install.log
