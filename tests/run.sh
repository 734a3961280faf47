#!/bin/sh
# Checks the format, builds and runs every test project, and ends with the line `N passed, N failed, N skipped`.
# Fails when a check or a test failed, and when a test project ran nothing or did not come to its end.
#
# Kernel and end-to-end tests run against clocks, on machines that other work shares. So a project's failed tests, when they
# are few, run a second time by themselves; what passes then counts as passed, and is named at the end as unsteady: a fault to
# look for. What fails twice, and more than a few failures at once, is a failure.
set -u
cd "$(dirname "$0")/.." || exit 1

bad=0 passed=0 failed=0 skipped=0
FEW=3
say() { printf '\n==> %s\n' "$*"; }
log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
second=''
trap 'if [ -n "$second" ]; then kill -- "-$second" 2>/dev/null; fi; exit 130' INT TERM # with all it has started

# run PROJECT [PREFIX...]: the project's executable, behind PREFIX
run()
{
	project=$1
	shift
	count "$project" "$@" timeout -k 10 2400 "artifacts/bin/$project/release/$project" -noColor
	again "$project" "$@"
}

# failures: the tests that failed in the last output, a line each, without the arguments of a theory
failures()
{
	sed -n 's/^ *\([A-Za-z0-9_.+]*\).* \[FAIL\]$/\1/p' "$log/out" | sort -u
}

# messages: what the last output says of the tests that failed, without their stacks; told again at the end, for it is long ago then
messages()
{
	awk '
		/ \[FAIL\]$/ { left = 20 }
		/^ *Stack Trace:$/ { left = 0 }
		left-- > 0 { print substr($0, 1, 400) }' "$log/out"
}

# again PROJECT [PREFIX...]: the few that failed in the run before, once more
again()
{
	project=$1
	shift
	names=$(failures)
	few=$(printf '%s\n' "$names" | wc -l)
	if [ -z "$names" ]; then return; fi
	messages >>"$log/messages"
	if [ "$few" -gt $FEW ] || [ "$failed_now" -eq 0 ]; then
		printf '%s\n' "$names" >>"$log/failed"
		return
	fi
	say "$project: once more what failed"
	selected=
	for name in $names; do selected="$selected -method $name"; done
	# shellcheck disable=SC2086 # options
	"$@" timeout -k 10 1200 "artifacts/bin/$project/release/$project" -noColor $selected 2>&1 | tee "$log/out"
	still=$(sed -n 's/.*Total: .*Errors: 0, Failed: \([0-9]*\), .*/\1/p' "$log/out" | tail -n 1)
	if [ -z "$still" ] || [ "$still" -gt "$failed_now" ]; then
		printf '%s\n' "$names" >>"$log/failed"
		return
	fi
	failures >"$log/still"
	cat "$log/still" >>"$log/failed"
	printf '%s\n' "$names" | grep -vxFf "$log/still" >>"$log/unsteady"
	passed=$((passed + failed_now - still)) failed=$((failed - failed_now + still))
	[ "$still" -ne 0 ] || bad=$bad_before
}

# count NAME COMMAND...: what xunit's summary in the command's output says
count()
{
	name=$1
	shift
	bad_before=$bad failed_now=0
	say "$name"
	{ "$@" 2>&1; echo $? >"$log/code"; } | tee "$log/out"
	# xunit.v3's own last line, or the lines of Microsoft.Testing.Platform: `total: 3` …
	counts=$(awk '
		/Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+/ {
			gsub(/,/, "")
			for (i = 1; i < NF; i++) { n[tolower($i)] = $(i + 1) }
			seen = 1
		}
		/^ +(total|failed|succeeded|skipped): [0-9]+$/ { n[$1] = $2; seen = 1 }
		END {
			fails = n["failed:"] + n["errors:"]
			if (seen) { print n["total:"] - fails - n["skipped:"] - n["run:"], fails, n["skipped:"] + 0 }
		}' "$log/out")
	# shellcheck disable=SC2086 # three numbers
	set -- $counts
	if [ $# -ne 3 ]; then
		echo "$name: ended without a summary, exit code $(cat "$log/code")" >&2
		bad=1
		return
	fi
	if [ "$1" -eq 0 ]; then
		echo "$name: no test passed" >&2
		bad=1
	fi
	[ "$(cat "$log/code")" -eq 0 ] || bad=1
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)) failed_now=$2
}

# in_vm KERNEL COMMAND...: the kernel tests in a virtual machine. The few that failed run once more there, but not where a hook is worse than it was.
in_vm()
{
	kernel=$1
	shift
	count "Pmoas.KernelTests on kernel $kernel, in a virtual machine" "$@"
	if grep -Eq '^kernel [^ ]*: (worse: |pmoas check told)' "$log/out"; then
		failures >>"$log/failed"
		messages >>"$log/messages"
	else
		again Pmoas.KernelTests tests/vm/run.sh "$kernel" --
	fi
}

# told NAME: what a command printed that ran beside others, and how it ended
told()
{
	cat "$log/$1"
	return "$(cat "$log/$1.code")"
}

say "format of C# files"
dotnet format Pmoas.slnx --verify-no-changes && dotnet format whitespace --folder tests/samples --verify-no-changes || bad=1

say "format of C files"
find bpf tests -name '*.[ch]' -not -name vmlinux.h -exec clang-format --dry-run -Werror {} + || bad=1

say "build of the tests"
dotnet build Pmoas.slnx -c Release -v quiet --tl:off -clp:NoSummary || exit 1

if [ "$(id -u)" -ne 0 ]; then
	run Pmoas.Tests
	echo "kernel and end-to-end tests need root: they were not run" >&2
	bad=1
else
	# These need no root, and prove it: nobody runs them, where nobody can reach this folder.
	home=$log/home
	mkdir "$home" && chown 65534:65534 "$home" && chmod 711 "$log"
	as_nobody="setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=$home TMPDIR=$home"
	if $as_nobody test -x "$PWD/artifacts/bin/Pmoas.Tests/release/Pmoas.Tests"; then
		# shellcheck disable=SC2086 # a command
		run Pmoas.Tests $as_nobody
	else
		echo "user nobody cannot read $PWD: running Pmoas.Tests as root"
		run Pmoas.Tests
	fi
	run Pmoas.KernelTests
	run Pmoas.EndToEnd
	count "the package under a systemd of its own" tests/vm/watched.sh
	count "the package upgraded under load" tests/vm/upgrade.sh
	if [ "$(uname -m)" = x86_64 ]; then
		# A virtual machine is emulated on one CPU: two take as long as one.
		setsid sh -c 'tests/vm/kernels.sh -q 6.12 >"$1/6.12" 2>&1; echo $? >"$1/6.12.code"' - "$log" &
		second=$!
		in_vm 6.1 tests/vm/kernels.sh -q 6.1
		say "waiting for kernel 6.12"
		wait "$second"
		second=''
		in_vm 6.12 told 6.12
		count "the package started under systemd, in a virtual machine" tests/vm/systemd.sh
	else
		echo "kernels 6.1 and 6.12, and the package started there under systemd, are tested in a virtual machine that needs an x86-64: they were not"
	fi
fi

[ "$failed" -eq 0 ] || bad=1
printf '\n'
if [ -s "$log/messages" ]; then cat "$log/messages"; fi
if [ -s "$log/unsteady" ]; then sed 's/^/unsteady, failed once of two runs: /' "$log/unsteady"; fi
if [ -s "$log/failed" ]; then sed 's/^/failed: /' "$log/failed"; fi
[ "$bad" -eq 0 ] || echo "something failed: see above"
echo "$passed passed, $failed failed, $skipped skipped"
exit "$bad"
