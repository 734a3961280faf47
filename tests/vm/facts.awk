# facts.awk check.json tests.xml: what a run on a kernel told, one fact a line, fields by tabs:
#   kernel RELEASE
#   hook PLUGIN NAME RUNG     missing PLUGIN PART WHAT THAT MEANS     fault PLUGIN TEXT
#   test FOLDER NAME pass|fail|skip WHY
BEGIN { OFS = "\t" }

function text_of(line) {
	sub(/^[^:]*: "/, "", line)
	sub(/",?$/, "", line)
	gsub(/\\"/, "\"", line)
	return line
}

function attribute(tag, name,    found) {
	if (!match(tag, " " name "=\"[^\"]*\"")) { return "" }
	found = substr(tag, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
	gsub(/&quot;/, "\"", found)
	gsub(/&lt;/, "<", found)
	gsub(/&gt;/, ">", found)
	gsub(/&#x9;|&#xA;|&#xD;/, " ", found)
	gsub(/&amp;/, "\\&", found)
	return found
}

/^ *"verdict": / { verdict = text_of($0) }
/^ *"what": / { what = text_of($0) }
/^ *"text": / {
	text = text_of($0)
	if (what == "kernel") { print "kernel", text }
	if (what !~ /^plugin [a-z_0-9]+( |$)/) {
		if (verdict == "fail") { print "fault", "machine", what ": " text }
		next
	}
	split(what, word, " ")
	part = substr(what, length(word[1] word[2]) + 3)
	rung = text
	sub(/ .*/, "", rung)
	if (verdict == "fail") { print "fault", word[2], text }
	else if (verdict == "degraded") {
		sub(/^absent: /, "", text)
		sub(/\. .*/, ".", text)
		print "missing", word[2], part, text
	}
	else if (part != "") { print "hook", word[2], part, rung }
}

# xunit writes its file in few long lines.
/<test / {
	count = split($0, tests, /<test /)
	for (i = 2; i <= count; i++) {
		tag = " " tests[i]
		sub(/>.*/, ">", tag)
		result = tolower(attribute(tag, "result"))
		why = ""
		if (result == "skip" && match(tests[i], /<reason>(<!\[CDATA\[)?[^]<]*/)) {
			why = substr(tests[i], RSTART, RLENGTH)
			sub(/^<reason>(<!\[CDATA\[)?/, "", why)
		}
		name = attribute(tag, "name")
		sub(/^Pmoas\.KernelTests\./, "", name)
		plugin = name
		sub(/\..*/, "", plugin)
		print "test", plugin, name, result, why
	}
}
