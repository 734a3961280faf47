#!/bin/sh
# image.sh: makes artifacts/pmoas_VERSION_ARCHITECTURE.image.tar, an image that containerd, Docker, podman and skopeo take: an OCI layout
# that is a docker-archive as well. Needs no container engine: the libraries are Debian's packages, the rest is what `make deb` made.
# artifacts/pmoas.image.tar is this machine's. Called by `make image`.
#
# ARCHITECTURE: amd64 or arm64 (this machine's). VERSION: that of Directory.Build.props. SOURCE_DATE_EPOCH: when it was made, for all
# files too (the last commit); the same input makes the same image.
set -eu
cd "$(dirname "$0")/.."

version=${VERSION:-$(sed -n 's|.*<VersionPrefix>\(.*\)</VersionPrefix>.*|\1|p' Directory.Build.props)}
architecture=${ARCHITECTURE:-$(dpkg --print-architecture)}
package=artifacts/pmoas_${version}_$architecture.deb
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
lists=$PWD/artifacts/image/lists-$architecture
work=artifacts/image/$architecture
[ -e "$package" ] || { echo "image: $package is missing: make deb ARCHITECTURE=$architecture" >&2; exit 1; }
rm -rf "$work"
mkdir -p "$work/debs" "$work/oci/blobs/sha256" "$lists/partial"

# own COMMAND...: apt-get or apt-cache with the machine's sources, but with lists of its own, for that architecture may be another one
own()
{
	program=$1
	shift
	"$program" -q -o Dir::State::Lists="$lists" -o Dir::State::Status=/dev/null -o Dir::Cache::PkgCache= \
		-o Dir::Cache::SrcPkgCache= -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o Acquire::Languages=none \
		-o APT::Sandbox::User=root "$@"
}

# one_of NAME...: the first of these packages that there is: some have another name since 64-bit times came to 32-bit machines
one_of()
{
	for name; do
		if [ -n "$(own apt-cache madison "$name")" ]; then echo "$name"; return; fi
	done
	echo "image: this machine's package sources have none of: $*" >&2
	exit 1
}

# blob FILE: becomes a blob; prints its digest
blob()
{
	digest=$(sha256sum "$1" | cut -d ' ' -f 1)
	mv "$1" "$work/oci/blobs/sha256/$digest"
	echo "$digest"
}

# layer FOLDER: the folder becomes a layer; sets $layer to its digest, $plain to that of the unpacked one, $size
layer()
{
	tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --format=pax --pax-option=delete=atime,delete=ctime \
		-C "$1" -cf "$work/layer.tar" .
	plain=$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)
	gzip -6n "$work/layer.tar"
	layer=$(blob "$work/layer.tar.gz")
	size=$(stat -c %s "$work/oci/blobs/sha256/$layer")
}

if [ -z "$(find "$lists/fresh" -mtime -1 2>/dev/null)" ]; then
	echo "image: apt-get update for $architecture"
	own apt-get update >"$work/update.log" 2>&1 || { cat "$work/update.log" >&2; exit 1; }
	touch "$lists/fresh"
fi

# What the runtime and libbpf are linked with; base-files says which Debian it is.
gcc=$(own apt-cache show libgcc-s1 | sed -n "s/^Depends:.*\(gcc-[0-9]*-base\).*/\1/p" | head -n 1)
libraries="base-files $gcc libc6 libgcc-s1 libstdc++6 zlib1g libbpf1 $(one_of libelf1t64 libelf1) $(one_of libssl3t64 libssl3)"
echo "image: Debian's $libraries"
# shellcheck disable=SC2086 # a list of words
(cd "$work/debs" && own apt-get download $libraries >/dev/null)
base=$work/base
mkdir -p "$base/var/lib/dpkg/status.d"
for deb in "$work"/debs/*.deb; do
	name=$(dpkg-deb -f "$deb" Package)
	dpkg-deb -x "$deb" "$work/debs/$name"
	# Where scanners of images look for what is in one.
	dpkg-deb -f "$deb" >"$base/var/lib/dpkg/status.d/$name"
	# All of it lies in /usr: /lib and its like are links there.
	mkdir -p "$base/usr/share/doc"
	for lib in lib lib64 usr/lib usr/lib64; do
		[ ! -d "$work/debs/$name/$lib" ] || [ "$name" = base-files ] || { mkdir -p "$base/usr/${lib#usr/}" && cp -a "$work/debs/$name/$lib/." "$base/usr/${lib#usr/}/"; }
	done
	[ "$name" != base-files ] || cp -a "$work/debs/$name/usr/lib/os-release" "$work/debs/os-release"
	[ ! -d "$work/debs/$name/usr/share/doc/$name" ] || cp -a "$work/debs/$name/usr/share/doc/$name" "$base/usr/share/doc/"
done
cp "$work/debs/os-release" "$base/usr/lib/os-release"
# Character sets that nobody asks for, and all of the documentation but the licences.
rm -rf "$base"/usr/lib/*/gconv "$base"/usr/lib/*/audit
find "$base/usr/share/doc" -type f -not -name copyright -delete
find "$base/usr/share/doc" -type d -empty -delete
for lib in lib lib64; do
	mkdir -p "$base/usr/$lib"
	ln -s "usr/$lib" "$base/$lib"
done
mkdir -p "$base/etc" "$base/proc" "$base/sys" "$base/dev" "$base/run" "$base/tmp" "$base/root"
chmod 1777 "$base/tmp"
ln -s ../usr/lib/os-release "$base/etc/os-release"
echo 'root:x:0:0:root:/root:/usr/sbin/nologin' >"$base/etc/passwd"
echo 'root:x:0:' >"$base/etc/group"
layer "$base"
base_layer=$layer base_plain=$plain base_size=$size

echo "image: $package"
dpkg-deb -x "$package" "$work/pmoas"
rm -rf "$work/pmoas/lib" "$work/pmoas/usr/share/man" "$work/pmoas/usr/share/bash-completion"
layer "$work/pmoas"

cat >"$work/config.json" <<END
{
  "created": "$created", "architecture": "$architecture", "os": "linux",
  "config": {
    "User": "0", "Entrypoint": ["/usr/bin/pmoas"], "Cmd": ["run"], "WorkingDir": "/", "ExposedPorts": {"8765/tcp": {}},
    "Env": ["PATH=/usr/bin:/bin", "DOTNET_EnableDiagnostics=0"],
    "Labels": {
      "org.opencontainers.image.title": "pmoas",
      "org.opencontainers.image.description": "What sidecar proxies cost, measured from the kernel",
      "org.opencontainers.image.version": "$version",
      "org.opencontainers.image.licenses": "Apache-2.0 AND (GPL-2.0-only OR MIT)"
    }
  },
  "rootfs": {"type": "layers", "diff_ids": ["sha256:$base_plain", "sha256:$plain"]},
  "history": [
    {"created": "$created", "created_by": "Debian: $libraries"},
    {"created": "$created", "created_by": "pmoas $version"}
  ]
}
END
config_size=$(stat -c %s "$work/config.json")
config=$(blob "$work/config.json")
cat >"$work/manifest.json" <<END
{
  "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
  "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:$config", "size": $config_size},
  "layers": [
    {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "sha256:$base_layer", "size": $base_size},
    {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "sha256:$layer", "size": $size}
  ]
}
END
manifest_size=$(stat -c %s "$work/manifest.json")
manifest=$(blob "$work/manifest.json")
echo '{"imageLayoutVersion": "1.0.0"}' >"$work/oci/oci-layout"
cat >"$work/oci/index.json" <<END
{
  "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
  "manifests": [{
    "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:$manifest", "size": $manifest_size,
    "platform": {"architecture": "$architecture", "os": "linux"},
    "annotations": {"org.opencontainers.image.ref.name": "$version", "io.containerd.image.name": "docker.io/library/pmoas:$version"}
  }]
}
END
# The same for Docker, which reads this file.
cat >"$work/oci/manifest.json" <<END
[{"Config": "blobs/sha256/$config", "RepoTags": ["pmoas:$version"], "Layers": ["blobs/sha256/$base_layer", "blobs/sha256/$layer"]}]
END

image=artifacts/pmoas_${version}_$architecture.image.tar
tar --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --format=ustar -C "$work/oci" -cf "$image" .
rm -rf "$work"
[ "$architecture" != "$(dpkg --print-architecture)" ] || ln -sf "$(basename "$image")" artifacts/pmoas.image.tar
echo "image: $image, $(du -h "$image" | cut -f 1), pmoas:$version, sha256:$manifest"
