#!/bin/sh
# service.sh PACKAGE: what systemd.sh runs in the virtual machine. A line for each check, and the line with the sums that tests/run.sh
# reads. Ends with 1 when a check failed, with the journal.
set -u
package=$1
config=/etc/pmoas/pmoas.toml
. tests/vm/checks.sh

again_ready() { [ "$(property NRestarts)" = 1 ] && ready; }
# finding VERDICT PATTERN: what \(...\) of the pattern is in each finding of that verdict of the checks before the start
finding() { journalctl -q -u pmoas.service -o cat | sed -n "s/^$1  *$2.*/\1/p"; }
# silent COMMAND...: ends well and says nothing
silent() { said=$("$@" 2>&1) && [ -z "$said" ] || { echo "$said" >&2; return 1; }; }
# fails COMMAND...: does not end well
fails() { ! "$@" 2>/dev/null; }
# in_kernel: what of BPF the kernel holds, but for the filters that systemd itself puts on cgroups
in_kernel()
{
	bpftool prog show | sed -n 's/^[0-9]*: \([a-z_]* *name [^ ]*\).*/prog \1/p' | grep -v 'cgroup_\(device\|skb\)'
	bpftool map show | sed -n 's/^[0-9]*: \([a-z_]* *name [^ ]*\).*/map \1/p'
	bpftool link show
}

# Systems that are built of this root do not start services; this one does.
rm -f /usr/sbin/policy-rc.d
mkdir -p /run/systemd/system/pmoas.service.d /etc/pmoas
# Emulated, all takes twenty times as long; but the watchdog's own times are made shorter, for somebody waits here.
cat >/run/systemd/system/pmoas.service.d/vm.conf <<END
[Service]
TimeoutStartSec=300
WatchdogSec=10
TimeoutAbortSec=3
END
# Every plugin, and SockMap with what it needs most rights for, is tried once in what the unit leaves of the machine. The daemon itself
# has the sample plugin: the kernel's verifier alone takes a minute for the others, at every start.
all=/run/pmoas-all.toml
printf '[plugins.accept]\n[plugins.resource_usage]\n[plugins.sock_map]\nmode = "self_test"\n[plugins.stack_trace]\n' >$all
printf '[Service]\nExecStartPre=/usr/lib/pmoas/pmoas check --config %s\n' $all >/run/systemd/system/pmoas.service.d/all.conf
mkdir -p /usr/lib/pmoas/plugins
cp -r artifacts/samples/NoOp /usr/lib/pmoas/plugins/
printf '[plugins.no_op]\n' >$config
before=$(in_kernel | sort)

# A database of its own: to read this machine's takes longer than all the rest.
mkdir -p /run/dpkg/info /run/dpkg/updates
touch /run/dpkg/status
dpkg --admindir=/run/dpkg --force-unsafe-io --force-confold --force-depends --no-triggers --install "$package" >/run/install.log 2>&1 &
install=$!
activating=0 early=0
while kill -0 $install 2>/dev/null; do
	# In this order: what is ready now may be active in a moment, not the other way round.
	if get readyz >/dev/null 2>&1; then answers=yes; else answers=no; fi
	case $(property ActiveState) in
	activating) activating=$((activating + 1)) ;;
	active) [ "$answers" = yes ] || ready || early=$((early + 1)) ;;
	esac
	sleep 0.5
done
check "the package is installed" wait $install
check "it was activating until it was ready" [ "$activating" -gt 2 ]
check "it was not active before it was ready" [ "$early" = 0 ]
check "the package has started the service" is ActiveState active
check "it is ready" ready
check "it is enabled" systemctl --quiet is-enabled pmoas.service
check "systemctl status names the plugins" is StatusText "running: no_op"
check "it measures" serves 'pmoas_plugin_state{plugin="no_op",state="running"} 1'
check "each of our plugins was attached with the rights the unit leaves" [ "$(finding ok '\(plugin [a-z_]*\)  .*attached' | sort -u | wc -l)" = 5 ]
check "nothing failed before the start" [ -z "$(finding fail '\(.*\)')" ]
# What is missing is this kernel's fault: without the unit it is missing as well.
expected=$(sed -n 's/^missing\t\([^\t]*\)\t\(.*\)/plugin \1 \2/p' "tests/vm/golden/$(uname -r | cut -d . -f 1,2).txt")
check "the unit takes nothing away that a plugin needs" [ -z "$(finding degraded '\(.*\)' | sed 's/   *.*//' | grep -vxF "$expected" | grep -vx pods)" ]
check "it has nothing to warn of" [ -z "$(journalctl -q -u pmoas.service -p warning -o cat)" ]
rm /run/systemd/system/pmoas.service.d/all.conf
systemctl daemon-reload

main=$(property MainPID)
printf '[plugins.no_op]\nenabled = false\n' >$config
check "a reload is done" systemctl reload pmoas.service
check "a reload takes the edit" soon 30 serves 'pmoas_plugin_state{plugin="no_op",state="stopped"} 1'
check "a reload is over when the plugins have settled" soon 30 is StatusText "running: no plugin"
check "a reload restarts nothing" is MainPID "$main"
printf '[plugins.no_op]\ntypo = 1\n' >$config
check "a bad edit makes the reload fail" fails systemctl reload pmoas.service
check "the journal has the bad edit's place" soon 30 journal 'pmoas.toml:2:1: .*typo'
check "after a bad edit it goes on" is ActiveState active
check "after a bad edit it is the same process" is MainPID "$main"
printf '[plugins.no_op]\n' >$config
check "an edit that is saved is taken without a reload" soon 30 is StatusText "running: no_op"

kill -STOP "$main"
check "the watchdog ends a process that hangs" soon 60 journal 'pmoas.service: Watchdog timeout'
check "it is started again" soon 120 again_ready
check "it is another process then" [ "$(property MainPID)" != "$main" ]

held=$(in_kernel | sort)
check "running, it holds programs, maps and links" [ "$held" != "$before" ]
check "it is stopped" systemctl stop pmoas.service
check "it ends well" is Result success
after=$(in_kernel | sort)
check "stopped, it leaves no program, map or link in the kernel" [ "$after" = "$before" ]

check "systemd-analyze verify has nothing to say" silent systemd-analyze verify --man=no pmoas.service
systemd-analyze security --no-pager pmoas.service | tail -n 1
check "systemd-analyze security: exposure 3.0 or less" systemd-analyze security --no-pager --threshold=30 pmoas.service >/dev/null

sums /run/install.log
