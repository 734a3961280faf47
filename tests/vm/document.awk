# document.awk facts...: docs/kernels.md of what the runs told, a column a kernel, in the order of the arguments. Which metrics a plugin has
# is read from its README.
BEGIN { FS = "\t" }

FNR == 1 { kernels++ }
$1 == "kernel" { release[kernels] = $2 }
$1 == "hook" || $1 == "missing" {
	key = $2 " | " $3
	if (!(key in known)) { known[key] = 1; hooks[++hook_count] = key }
	cell[key, kernels] = $1 == "hook" ? $4 : "missing"
	if (!($2 in plugin_known)) { plugin_known[$2] = 1; plugins[++plugin_count] = $2 }
}
$1 == "missing" && $4 != "" {
	lost = key " | " $4
	if (!(lost in loss_known)) { loss_known[lost] = 1; losses[++loss_count] = lost }
	split(release[kernels], number, /[-+]/)
	lost_on[lost] = lost_on[lost] (lost_on[lost] == "" ? "" : ", ") number[1]
	for (rest = $4; match(rest, /pmoas_[a-z_*]+/); rest = substr(rest, RSTART + RLENGTH)) {
		metric = "`" substr(rest, RSTART, RLENGTH) "`"
		if (index(less[$2, kernels], metric) == 0) { less[$2, kernels] = less[$2, kernels] ", " metric }
	}
}
$1 == "test" {
	if (!($2 in folder_known)) { folder_known[$2] = 1; folders[++folder_count] = $2 }
	tests[$2, $4, kernels]++
	if ($4 == "skip") {
		skipped_because = $3 "\t" $5
		if (!(skipped_because in skips)) { skip_order[++skip_count] = skipped_because }
		split(release[kernels], number, /[-+]/)
		skips[skipped_because] = skips[skipped_because] (skips[skipped_because] == "" ? "" : ", ") number[1]
	}
}

function head(first,    k, line) {
	line = "| " first " |"
	for (k = 1; k <= kernels; k++) { line = line " " release[k] " |" }
	print line
	gsub(/[^|]+/, "---", line)
	print line
}

END {
	print "# Kernels"
	print "What every plugin hooks on Debian's kernels, and how its tests ended there. Made by `make test-kernels` of what ran; `tests/vm/golden` holds the same, and a hook that falls back from it fails that run and `make test`. cgroups are version 2 there. 5.10 and older are refused: `pmoas check` says so.\n"
	print "## Hooks"
	print "Best first: `fentry`/`fexit`, `kprobe`, `tp_btf`/`raw_tp`, `tracepoint`. The other kinds have no rungs.\n"
	head("plugin | hook")
	for (i = 1; i <= hook_count; i++) {
		line = "| " hooks[i] " |"
		for (k = 1; k <= kernels; k++) { line = line " " ((hooks[i], k) in cell ? cell[hooks[i], k] : "") " |" }
		print line
	}
	print "\n## Metrics"
	print "All: each can have numbers there. Of those named, what a missing hook would tell is not in them.\n"
	while (("grep -ho \"^| .pmoas_[a-z_]*\" plugins/*/README.md" | getline line) > 0) {
		for (i = 1; i <= plugin_count; i++) {
			if (index(line, "pmoas_" plugins[i] "_")) { metrics[plugins[i]]++ }
		}
	}
	head("plugin | metrics")
	for (i = 1; i <= plugin_count; i++) {
		line = "| " plugins[i] " | " metrics[plugins[i]] + 0 " |"
		for (k = 1; k <= kernels; k++) { line = line " all" (less[plugins[i], k] == "" ? "" : " but a part of " substr(less[plugins[i], k], 3)) " |" }
		print line
	}
	if (loss_count > 0) {
		print "\n| plugin | missing | what that means | on |\n|---|---|---|---|"
		for (i = 1; i <= loss_count; i++) { print "| " losses[i] " | " lost_on[losses[i]] " |" }
	}
	print "\n## Tests"
	print "Passed, and after a slash those skipped.\n"
	head("folder of tests/Pmoas.KernelTests")
	for (i = 1; i <= folder_count; i++) {
		line = "| " folders[i] " |"
		for (k = 1; k <= kernels; k++) {
			line = line " " tests[folders[i], "pass", k] + 0
			if (tests[folders[i], "skip", k]) { line = line " / " tests[folders[i], "skip", k] }
			if (tests[folders[i], "fail", k]) { line = line ", **" tests[folders[i], "fail", k] " failed**" }
			line = line " |"
		}
		print line
	}
	if (skip_count > 0) {
		print "\n| skipped | because | on |\n|---|---|---|"
		for (i = 1; i <= skip_count; i++) {
			split(skip_order[i], part, "\t")
			print "| `" part[1] "` | " part[2] " | " skips[skip_order[i]] " |"
		}
	}
}
