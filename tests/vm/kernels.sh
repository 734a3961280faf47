#!/bin/sh
# kernels.sh [-q] [-w] KERNEL...: boots Debian's kernels one after another, tells by which rung every plugin's hooks are served
# there, runs the kernel tests, and compares with tests/vm/golden: what fell back, went missing or is skipped now is a failure.
#
# -q: only the tests marked [OnEveryKernel]. -w: when all is well writes what was told to tests/vm/golden and docs/kernels.md;
# with ACCEPT=1 also when something is worse. A kernel older than 6.1 must be refused. KERNEL as run.sh has it; one that Debian
# does not have (any more) is passed over, which -q, being what `make test` runs, takes for a failure. Facts stay in
# artifacts/vm/KERNEL/facts. Needs root and `make build`.
set -eu
cd "$(dirname "$0")/../.."
. tests/vm/packages.sh

quick='' write='' bad=0 done=''
while getopts qw option; do
	case $option in
	q) quick=yes ;;
	w) write=yes ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ -n "$quick" ] || export PMOAS_VM_SECONDS="${PMOAS_VM_SECONDS:-14400}" # all tests of one kernel, emulated

# golden VERSION: the one to compare with: the kernel's own, or that of the newest kernel before it
golden()
{
	if [ -e "tests/vm/golden/$1.txt" ]; then
		echo "$1"
	else
		{ find tests/vm -path '*/golden/*' -name '*.txt' -printf '%f\n' | sed 's/\.txt$//'; echo "$1"; } | sort -V | awk -v wanted="$1" '
			$1 == wanted { print before; exit }
			{ before = $1 }'
	fi
}

# refused VERSION: pmoas says that this kernel is too old
refused()
{
	code=0
	tests/vm/run.sh "$1" -- sh -c 'artifacts/pmoas/pmoas check >"$RESULTS/check"; echo $? >"$RESULTS/code"' || code=$?
	[ "$code" -ne 124 ] || return 0
	if [ "$code" -eq 0 ] && [ "$(cat "artifacts/vm/$1/results/code")" -eq 1 ] && grep -q '^fail *kernel .*is too old: boot 6.1 or newer' "artifacts/vm/$1/results/check"; then
		echo "kernel $1: refused: $(grep '^fail *kernel ' "artifacts/vm/$1/results/check")"
	else
		echo "kernel $1: is not refused by a clear sentence: see artifacts/vm/$1/results/check" >&2
		bad=1
	fi
}

# tested VERSION
tested()
{
	code=0
	if [ -n "$quick" ]; then
		tests/vm/run.sh "$1" -- tests/vm/inside.sh -trait kernel=every || code=$?
	else
		tests/vm/run.sh "$1" -- tests/vm/inside.sh -reporter verbose || code=$? # hours: it tells of each test
	fi
	if [ "$code" -eq 124 ]; then
		[ -z "$quick" ] || bad=1
		return
	fi
	[ "$code" -eq 0 ] || bad=1
	folder=artifacts/vm/$1
	touch "$folder/results/check.json" "$folder/results/tests.xml"
	awk -f tests/vm/facts.awk "$folder/results/check.json" "$folder/results/tests.xml" | sort >"$folder/facts"
	grep -q '^hook' "$folder/facts" || { echo "kernel $1: pmoas check told nothing" >&2; bad=1; }
	known=$(golden "$1")
	[ "$known" = "$1" ] || echo "kernel $1: nothing golden, compared with that of ${known:-none}"
	file=/dev/null
	[ -z "$known" ] || file=tests/vm/golden/$known.txt
	awk -f tests/vm/compare.awk golden=1 "$file" golden=0 "$folder/facts" >"$folder/worse" 2>"$folder/news" || bad=1
	sed "s/^/kernel $1: worse: /" "$folder/worse"
	sed "s/^/kernel $1: new: /" "$folder/news"
	awk -F '\t' -v kernel="$1" '
		$1 == "hook" { rungs[$4]++ }
		$1 == "missing" { missing++ }
		$1 == "test" { result[$4]++ }
		END {
			for (rung in rungs) { told = told (told == "" ? "" : ", ") rungs[rung] " by " rung }
			printf "kernel %s: hooks: %s, %d missing; tests: %d passed, %d failed, %d skipped\n", kernel, told, missing, result["pass"], result["fail"], result["skip"]
		}' "$folder/facts"
	done="$done $1"
}

for kernel; do
	[ "$kernel" != newest ] || { refresh; kernel=$(series newest); }
	case $kernel in
	[1-5].* | 6.0) refused "$kernel" ;;
	*) tested "$kernel" ;;
	esac
done

if [ -n "$write" ] && [ -n "$done" ] && { [ "$bad" -eq 0 ] || [ "${ACCEPT-}" = 1 ]; }; then
	mkdir -p tests/vm/golden
	for kernel in $done; do
		cp "artifacts/vm/$kernel/facts" "tests/vm/golden/$kernel.txt"
	done
	# shellcheck disable=SC2046 # our own names
	awk -f tests/vm/document.awk $(find tests/vm/golden -name '*.txt' | sort -V) >docs/kernels.md
	echo "written: tests/vm/golden, docs/kernels.md"
fi
exit "$bad"
