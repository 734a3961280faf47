# compare.awk golden=1 FILE golden=0 FACTS: tells what is worse than it was, one sentence a line; ends with 1 when there is any.
# Only what both know is compared: a part of the tests may have been run. What is gone or better is told on stderr.
BEGIN { FS = "\t" }

# A program's kind by its worth; of several joined by + the least.
function rank(rung,    kinds, n, i, worth, least) {
	n = split(rung, kinds, "+")
	least = 9
	for (i = 1; i <= n; i++) {
		worth = kinds[i] ~ /^(fentry|fexit)$/ ? 5 : kinds[i] ~ /^kr?probe/ ? 4 : kinds[i] ~ /^(tp_btf|raw_tp)$/ ? 3 : kinds[i] == "tracepoint" ? 2 : 6
		if (worth < least) { least = worth }
	}
	return least
}

function worse(sentence) { print sentence; bad = 1 }

golden {
	if ($1 == "hook") { rung[$2, $3] = $4 }
	if ($1 == "missing") { missed[$2, $3] = 1 }
	if ($1 == "test") { result[$3] = $4 }
	next
}

$1 == "hook" {
	seen[$2, $3] = 1
	if (($2, $3) in missed) { print $2 " " $3 ": there now, by " $4 > "/dev/stderr" }
	else if (($2, $3) in rung && rank($4) < rank(rung[$2, $3])) { worse($2 " " $3 ": fell back from " rung[$2, $3] " to " $4) }
	else if (($2, $3) in rung && $4 != rung[$2, $3]) { print $2 " " $3 ": by " $4 ", was by " rung[$2, $3] > "/dev/stderr" }
}
$1 == "missing" {
	seen[$2, $3] = 1
	if (($2, $3) in rung) { worse($2 " " $3 ": missing, was served by " rung[$2, $3]) }
	else if (!(($2, $3) in missed)) { worse($2 " " $3 ": missing") }
}
$1 == "fault" { worse($2 ": " $3) }
$1 == "test" && $4 == "skip" && result[$3] == "pass" { worse($3 ": skipped, has passed before") }

END {
	for (key in rung) {
		split(key, hook, SUBSEP)
		if (!(key in seen)) { worse(hook[1] " " hook[2] ": not told of any more, was served by " rung[key]) }
	}
	exit bad
}
