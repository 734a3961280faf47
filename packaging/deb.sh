#!/bin/sh
# deb.sh: makes artifacts/pmoas_VERSION_ARCHITECTURE.deb: the daemon, the plugins, the .NET runtime they need, the systemd unit,
# pmoas.toml as a configuration file that upgrades leave alone, man page and completion. artifacts/pmoas.deb is this machine's. Called by `make deb`.
#
# ARCHITECTURE: amd64 or arm64 (this machine's). VERSION: that of Directory.Build.props.
set -eu
cd "$(dirname "$0")/.."

version=${VERSION:-$(sed -n 's|.*<VersionPrefix>\(.*\)</VersionPrefix>.*|\1|p' Directory.Build.props)}
architecture=${ARCHITECTURE:-$(dpkg --print-architecture)}
case $architecture in
amd64) runtime=linux-x64 ;;
arm64) runtime=linux-arm64 ;;
*) echo "deb: there is no PMOAS for $architecture: amd64 or arm64" >&2; exit 1 ;;
esac
flags='-c Release -v quiet --tl:off -clp:NoSummary'
root=artifacts/deb/$architecture

echo "deb: host for $runtime, with the .NET runtime"
rm -rf "$root"
install -d "$root/DEBIAN" "$root/usr/bin" "$root/usr/share/doc/pmoas" "$root/usr/share/man/man8"
# shellcheck disable=SC2086 # several flags
dotnet publish host $flags -r "$runtime" --self-contained -p:PublishReadyToRun=true -o "$root/usr/lib/pmoas"
for project in plugins/*/*.csproj; do
	plugin=$(basename "$(dirname "$project")")
	echo "deb: plugin $plugin"
	# -r: its kernel programs too read registers and structures of the machine they run on.
	# shellcheck disable=SC2086
	dotnet publish "$project" $flags -r "$runtime" --self-contained false -p:PublishReadyToRun=true -o "$root/usr/lib/pmoas/plugins/$plugin"
done
find "$root/usr/lib/pmoas" \( -name '*.pdb' -o -name '*.xml' \) -delete
ln -s ../lib/pmoas/pmoas "$root/usr/bin/pmoas"

install -D -m 644 -t "$root/usr/share/pmoas/sdk" artifacts/package/release/Pmoas.*."$(sed -n 's|.*<VersionPrefix>\(.*\)</VersionPrefix>.*|\1|p' Directory.Build.props)".nupkg
install -D -m 644 pmoas.toml "$root/etc/pmoas/pmoas.toml"
install -D -m 644 packaging/systemd/pmoas.service "$root/lib/systemd/system/pmoas.service"
install -D -m 644 packaging/completion.bash "$root/usr/share/bash-completion/completions/pmoas"
install -m 644 README.md CHANGELOG.md "$root/usr/share/doc/pmoas/"
{ cat LICENSE; echo; echo "The kernel programs (bpf/):"; cat bpf/LICENSE; } >"$root/usr/share/doc/pmoas/copyright"
gzip -9n <packaging/pmoas.8 >"$root/usr/share/man/man8/pmoas.8.gz"

sed "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@SIZE@/$(du -sk "$root" | cut -f 1)/" packaging/debian/control >"$root/DEBIAN/control"
echo /etc/pmoas/pmoas.toml >"$root/DEBIAN/conffiles"
install -m 755 packaging/debian/postinst packaging/debian/prerm packaging/debian/postrm "$root/DEBIAN/"
(cd "$root" && find etc lib usr -type f -exec md5sum {} +) >"$root/DEBIAN/md5sums"
# dpkg wants nothing that only root's umask made.
chmod -R u=rwX,go=rX "$root/etc" "$root/lib" "$root/usr"

package=artifacts/pmoas_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz -z1 --build "$root" "$package" >/dev/null
[ "$architecture" != "$(dpkg --print-architecture)" ] || ln -sf "$(basename "$package")" artifacts/pmoas.deb
echo "deb: $package, $(du -h "$package" | cut -f 1)"
