#!/bin/sh
# inside.sh [FILTER...]: what kernels.sh runs in the virtual machine: `pmoas check` with every plugin enabled, and the kernel
# tests, those that FILTER takes in xunit's words. Leaves check.json and tests.xml in $RESULTS; ends as the tests do.
set -u
config=/run/pmoas-kernels.toml
{
	printf '[sources]\nkubernetes.enabled = false\ncri.enabled = false\ndocker.enabled = false\n'
	for folder in artifacts/pmoas/plugins/*/; do
		plugin=$(basename "$folder")
		# A plugin whose hooks depend on its options has its table beside its tests.
		cat "tests/Pmoas.KernelTests/$plugin/kernels.toml" 2>/dev/null ||
			echo "$plugin" | sed 's/\([a-z]\)\([A-Z]\)/\1_\2/g; s/.*/[plugins.&]/' | tr '[:upper:]' '[:lower:]'
	done
} >"$config"
artifacts/pmoas/pmoas check --config "$config" -o json >"$RESULTS/check.json"
exec artifacts/bin/Pmoas.KernelTests/release/Pmoas.KernelTests -noColor -preEnumerateTheories -result-xml "$RESULTS/tests.xml" "$@"
