#!/bin/sh
# service.sh PACKAGE: what systemd.sh runs in the virtual machine. A line for each check, and the line with the sums that tests/run.sh
# reads. Ends with 1 when a check failed, with the journal.
set -u
package=$1
config=/etc/pmoas/pmoas.toml
. tests/vm/checks.sh

# finding VERDICT PATTERN: what \(...\) of the pattern is in each finding of that verdict of the checks before the start
finding() { journalctl -q -u pmoas.service -o cat | sed -n "s/^$1  *$2.*/\1/p"; }
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
# Emulated, all takes twenty times as long.
printf '[Service]\nTimeoutStartSec=300\nWatchdogSec=300\n' >/run/systemd/system/pmoas.service.d/vm.conf
# Every plugin, and SockMap with what it needs most rights for, is tried once in what the unit leaves of the machine, in place of the
# check of its own configuration. The daemon itself has the sample plugin: the kernel's verifier alone takes a minute for the others.
all=/run/pmoas-all.toml
printf '[plugins.accept]\n[plugins.resource_usage]\n[plugins.sock_map]\nmode = "self_test"\n[plugins.no_op]\n' >$all
# Its default stages, and a function that is traced by kprobe, for which other rights are asked.
printf '[plugins.stack_trace]\nstages = ["tcp_sendmsg_locked", "net_dev_queue", "net_dev_start_xmit", "veth_xmit", "netif_receive_skb", "tcp_probe", "sk_data_ready", "tcp_rcv_space_adjust"]\n' >>$all
printf '[Service]\nExecStartPre=\nExecStartPre=/usr/lib/pmoas/pmoas check --config %s\n' $all >/run/systemd/system/pmoas.service.d/all.conf
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
	# To look takes a third of a second of the one processor; from its first step to ready it takes many of them.
	sleep 2
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
check "a function by kprobe was too" [ -n "$(finding ok '\(plugin stack_trace veth_xmit  *kprobe\)')" ]
check "nothing failed before the start" [ -z "$(finding fail '\(.*\)')" ]
# What is missing is this kernel's fault: without the unit it is missing as well.
expected=$(sed -n 's/^missing\t\([^\t]*\)\t\([^\t]*\).*/plugin \1 \2/p' "tests/vm/golden/$(uname -r | cut -d . -f 1,2).txt")
check "the unit takes nothing away that a plugin needs" [ -z "$(finding degraded '\(.*\)' | sed 's/   *.*//' | grep -vxF "$expected" | grep -vx pods)" ]
check "it has nothing to warn of" [ -z "$(journalctl -q -u pmoas.service -p warning -o cat)" ]

held=$(in_kernel | sort)
check "running, it holds programs, maps and links" [ "$held" != "$before" ]
check "it is stopped" systemctl stop pmoas.service
check "it ends well" is Result success
after=$(in_kernel | sort)
check "stopped, it leaves no program, map or link in the kernel" [ "$after" = "$before" ]

sums /run/install.log
