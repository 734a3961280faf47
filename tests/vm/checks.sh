# checks.sh: what service.sh, watched.sh and upgrade.sh share: a line for each check of the service, and the sums.
passed=0 failed=0

# check NAME COMMAND...: is the command's end a good one
check()
{
	name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
		echo "ok    $name (at $(cut -d ' ' -f 1 /proc/uptime) s)"
	else
		failed=$((failed + 1))
		echo "FAIL  $name: $*"
	fi
}

# property NAME: of the service, as systemd knows it
property() { systemctl show pmoas.service --value --property "$1"; }
is() { [ "$(property "$1")" = "$2" ] || { echo "$1 is $(property "$1")" >&2; return 1; }; }
# serves LINE: /metrics has it
serves() { get metrics | grep -xF "$1" >/dev/null; }
get() { busybox wget -q -O - "http://127.0.0.1:8765/$1"; }
# soon SECONDS COMMAND...: becomes true within that time
soon()
{
	end=$(($(date +%s) + $1))
	shift
	until "$@" 2>/dev/null; do
		[ "$(date +%s)" -lt "$end" ] || { "$@"; return; }
		sleep 0.5
	done
}
# journal TEXT: the service's journal has it
journal() { journalctl -q -u pmoas.service -o cat --grep "$1" >/dev/null; }
ready() { [ "$(property ActiveState) $(get readyz)" = "active ok" ]; }

# sums: the line that tests/run.sh reads; before it, when a check failed, the journal and the file $1
sums()
{
	[ "$failed" -eq 0 ] || cat "$1"
	[ "$failed" -eq 0 ] || journalctl --no-pager -o short-monotonic -u pmoas.service
	echo "Total: $((passed + failed)), Errors: 0, Failed: $failed, Skipped: 0, Not Run: 0"
	[ "$failed" -eq 0 ]
}
