#!/bin/sh
# Builds sample $1 as a stranger would: from the Pmoas.Sdk package, in a folder outside this tree. Result: artifacts/samples/$1.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
sample=$1
outside=$(mktemp -d)
trap 'rm -rf "$outside"' EXIT
trap 'exit 1' INT TERM

# Packages of its own: the user's cache may hold an older Pmoas.Sdk under the same version, and is not ours to change.
export PMOAS_PACKAGES="$root/artifacts/package/release"
export NUGET_PACKAGES="$root/artifacts/samples/.packages"
rm -rf "$NUGET_PACKAGES/pmoas.sdk" "$root/artifacts/samples/$sample"

cp -r "$root/tests/samples/$sample/." "$outside"
cd "$outside"
dotnet publish -c Release -v quiet --tl:off -clp:NoSummary -o "$root/artifacts/samples/$sample"
