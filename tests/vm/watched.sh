#!/bin/sh
# watched.sh: the Debian package's service lives on under systemd: reloaded, kept from a bad edit, ended by its watchdog and started again;
# and what systemd-analyze says of the unit. A line for each check, and the line with the sums that tests/run.sh reads. Under a systemd of
# its own, on this kernel (here.sh): the kernel makes no difference to it, and emulated it takes minutes. Needs root, `make build` and
# `make deb`. Called by `make test`.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "${1-}" = inside ] || exec tests/vm/here.sh tests/vm/watched.sh inside
config=/etc/pmoas/pmoas.toml
. tests/vm/checks.sh

again_ready() { [ "$(property NRestarts)" = 1 ] && ready; }
install() { dpkg --force-unsafe-io --force-confold --install artifacts/pmoas.deb >/run/install.log 2>&1; }
# silent COMMAND...: ends well and says nothing
silent() { said=$("$@" 2>&1) && [ -z "$said" ] || { echo "$said" >&2; return 1; }; }
# fails COMMAND...: does not end well
fails() { ! "$@" 2>/dev/null; }

rm -f /usr/sbin/policy-rc.d
mkdir -p /run/systemd/system/pmoas.service.d /etc/pmoas /usr/lib/pmoas/plugins
# Somebody waits here.
printf '[Service]\nWatchdogSec=5\nTimeoutAbortSec=1\n' >/run/systemd/system/pmoas.service.d/short.conf
cp -r artifacts/samples/NoOp /usr/lib/pmoas/plugins/
printf '[plugins.no_op]\n' >$config
check "the package is installed" install
check "it is ready" ready

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
check "it is started again" soon 60 again_ready
check "it is another process then" [ "$(property MainPID)" != "$main" ]

check "systemd-analyze verify has nothing to say" silent systemd-analyze verify --man=no pmoas.service
systemd-analyze security --no-pager pmoas.service | tail -n 1
check "systemd-analyze security: exposure 3.0 or less" systemd-analyze security --no-pager --threshold=30 pmoas.service >/dev/null

sums /run/install.log
