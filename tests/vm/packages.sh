# packages.sh, sourced: finds and downloads Debian's cloud kernels, also those this machine's sources do not have.
# Lists and sources of its own (artifacts/vm/apt): the machine's stay as they are. The mirror is the one the machine has its Debian from.

apt_own=$PWD/artifacts/vm/apt
apt_keys=/usr/share/keyrings/debian-archive-keyring.gpg

# own COMMAND...: apt-get or apt-cache with our sources
own()
{
	program=$1
	shift
	"$program" -q -o Dir::Etc::SourceList="$apt_own/sources.list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$apt_own/lists" \
		-o Dir::Cache::PkgCache= -o Dir::Cache::SrcPkgCache= -o APT::Architectures=amd64 -o Acquire::Languages=none "$@"
}

# mirror: the address under which debian and debian-security are, as the machine's own sources have it
mirror() { sed -n 's#^\(URIs:\|deb\( \[[^]]*\]\)\?\) *\(https\?://[^ ]*\)/debian/*\( .*\)\?$#\3#p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1; }

# refresh: our lists, when they are missing or older than a day. A suite that is gone is left out.
refresh()
{
	[ -z "$(find "$apt_own/fresh" -mtime -1 2>/dev/null)" ] || return 0
	from=$(mirror)
	[ -e "$apt_keys" ] && [ -n "$from" ] || { echo "vm: no Debian mirror among this machine's package sources" >&2; return 0; }
	echo "vm: reading the lists of Debian's kernels" >&2
	mkdir -p "$apt_own/lists/partial"
	: >"$apt_own/sources.list"
	for suite in debian/bookworm debian-security/bookworm-security debian/trixie debian/trixie-backports debian-security/bullseye-security; do
		cp "$apt_own/sources.list" "$apt_own/before"
		echo "deb [signed-by=$apt_keys] $from/${suite%/*} ${suite##*/} main" >>"$apt_own/sources.list"
		own apt-get update >"$apt_own/update.log" 2>&1 && ! grep -q '^[EW]:' "$apt_own/update.log" || mv "$apt_own/before" "$apt_own/sources.list"
	done
	touch "$apt_own/fresh"
}

# cloud_kernels VERSION: its packages of cloud kernels, oldest first
cloud_kernels() { own apt-cache search --names-only "^linux-image-$1\\.[0-9].*-cloud-amd64\$" | cut -d ' ' -f 1 | sort -V; }

# series NAME: the version NAME stands for: itself, or with "newest" that of Debian's newest kernel
series()
{
	case $1 in
	newest) cloud_kernels '[0-9]*' | tail -n 1 | sed 's/^linux-image-\([0-9]*\.[0-9]*\).*/\1/' ;;
	*) echo "$1" ;;
	esac
}

# download VERSION: its newest package, into this folder, and where its parts are packages of their own, these; fails when there is none
download()
{
	package=$(cloud_kernels "$1" | tail -n 1)
	[ -n "$package" ] && own apt-get download "$package" >/dev/null 2>&1 || return 1
	for part in base binary modules; do
		own apt-get download "linux-$part-${package#linux-image-}" >/dev/null 2>&1 || true # before 7: all in one
	done
}
