#!/usr/bin/perl
# Makes x86/vmlinux.h and arm64/vmlinux.h from types.list and the BTF of the running kernel (or of the file given).
# Only what is listed gets in: offsets do not matter, for CO-RE looks every member up by name in the kernel it runs on.
# Needs bpftool and Debian's perl-base, nothing else. usage: generate.pl [BTF-FILE]
use strict;
use warnings;

my $btf_file = $ARGV[0] // '/sys/kernel/btf/vmlinux';
my $here = $0 =~ s{[^/]*$}{}r || './';

# ---- The kernel's types, by id and by "struct name".

my (%type, %named, %enum_value, @bad);

sub read_btf
{
	my $current;
	open my $raw, '-|', 'bpftool', 'btf', 'dump', 'file', $btf_file, 'format', 'raw'
		or die "vmlinux: cannot run bpftool: $!; `make deps` installs it\n";
	while (<$raw>) {
		if (/^\[(\d+)\] (\w+) '([^']*)'(.*)/) {
			my ($id, $kind, $name, $rest) = ($1, $2, $3 eq '(anon)' ? '' : $3, $4);
			$current = $type{$id} = { kind => $kind =~ s/64$//r, name => $name, members => [] };
			$current->{$1} = $2 while $rest =~ /(\w+)=(\w+)/g;
			my $key = lc($current->{kind}) . " $name";
			push @{ $named{$key} }, $current if $name ne '';
		} elsif (/^\t'([^']*)' type_id=(\d+) bits_offset=\d+(?: bitfield_size=(\d+))?/) {
			push @{ $current->{members} }, { name => $1 eq '(anon)' ? '' : $1, type => $2, bits => $3 };
		} elsif (/^\t'([^']*)' val=(\S+)/) {
			push @{ $current->{members} }, { name => $1, value => $2 };
			$enum_value{$1} //= $2 if $current->{kind} eq 'ENUM';
		}
	}
	close $raw or die "vmlinux: bpftool could not read $btf_file: is the kernel built with CONFIG_DEBUG_INFO_BTF?\n";
}

# The struct, union or enum of that name that has the members asked for: different source files may use one name twice.
sub find
{
	my ($key, @members) = @_;
	my @found = @{ $named{$key} // [] };
	for my $t (@found) {
		return $t unless grep { !member($t, $_) } @members;
	}
	return $found[0];
}

# A member by name; anonymous structs and unions are looked into, as C and CO-RE do.
sub member
{
	my ($t, $name) = @_;
	return 1 if $name eq '*';
	for my $m (@{ $t->{members} }) {
		return $m if $m->{name} eq $name;
		if ($m->{name} eq '') {
			my $inner = member($type{ $m->{type} }, $name);
			return $inner if $inner;
		}
	}
	return;
}

# ---- C text.

my (%listed, %done, $out);

# Declaration of NAME as type ID; what it needs by value is written out first.
sub declare
{
	my ($id, $name, $indent) = @_;
	return "void $name" if $id eq '0';
	my $t = $type{$id};
	my $kind = $t->{kind};

	return declare($t->{type_id}, $name, $indent) if $kind =~ /^(CONST|VOLATILE|RESTRICT|TYPE_TAG)$/;
	return declare($t->{type_id}, "${name}[$t->{nr_elems}]", $indent) if $kind eq 'ARRAY';
	return "$t->{name} $name" if $kind =~ /^(INT|FLOAT)$/;
	if ($kind eq 'TYPEDEF') {
		typedef($t);
		return "$t->{name} $name";
	}
	if ($kind eq 'PTR') {
		my $to = $t->{type_id};
		$to = $type{$to}{type_id} while $to ne '0' && $type{$to}{kind} =~ /^(CONST|VOLATILE|RESTRICT|TYPE_TAG)$/;
		my $target = $to eq '0' ? undef : $type{$to};
		# Nobody calls through a kernel function pointer, and pointers to arrays are rarer still.
		return "void *$name" if !$target || $target->{kind} =~ /^(FUNC_PROTO|ARRAY)$/;
		if ($target->{kind} =~ /^(STRUCT|UNION|FWD)$/ && $target->{name} ne '') {
			my $tag = ($target->{fwd_kind} // lc $target->{kind}) . " $target->{name}";
			$out .= "$tag;\n" unless $done{"forward $tag"}++ || $done{$tag};
			return "$tag *$name";
		}
		return declare($to, "*$name", $indent);
	}

	my $key = lc($kind) . " $t->{name}";
	return body($t, [ '*' ], $indent) . " $name" if $t->{name} eq '';
	write_type($key, $kind eq 'ENUM' ? ($listed{$key} // [ '*' ]) : $listed{$key});
	return "$key $name";
}

sub typedef
{
	my ($t) = @_;
	return if $done{"typedef $t->{name}"}++;
	my $text = declare($t->{type_id}, $t->{name}, '');
	$out .= "typedef $text;\n";
}

# "struct name { ... }" with the listed members; '*' is all of them with the kernel's own nesting.
sub body
{
	my ($t, $members, $indent) = @_;
	my $head = lc($t->{kind}) . ($t->{name} ne '' ? " $t->{name}" : '');
	my $whole = @$members && $members->[0] eq '*';
	my $text = '';

	if ($t->{kind} eq 'ENUM') {
		my %want = map { $_ => 1 } @$members;
		$text .= "$indent\t$_->{name} = $_->{value},\n" for grep { $whole || $want{ $_->{name} } } @{ $t->{members} };
		return "$head {\n$text$indent}";
	}
	for my $m ($whole ? @{ $t->{members} } : map { member($t, $_) } @$members) {
		my $line = declare($m->{type}, $m->{name}, "$indent\t") =~ s/\* /*/gr =~ s/ $//r;
		$text .= "$indent\t$line" . ($m->{bits} ? ": $m->{bits}" : '') . ";\n";
	}
	return "$head {\n$text$indent}";
}

sub write_type
{
	my ($key, $members) = @_;
	return if $done{$key};
	if (!$members) {
		push @bad, "$key is part of a listed type: list it too, or leave the member out";
		return;
	}
	my $t = find($key, @$members);
	$done{$key} = 1;
	# body() writes to $out what it needs first, so it runs before its own text is added.
	my $text = @$members ? body($t, $members, '') : $key;
	$out .= "$text;\n\n";
}

# ---- The list.

# A type listed again gains members: each plugin's group says what that plugin reads.
sub read_list
{
	my (@entries, %entry, $current);
	open my $list, '<', "${here}types.list" or die "vmlinux: ${here}types.list: $!\n";
	while (<$list>) {
		chomp;
		if (/^(c|x86|arm64) *\| ?(.*)/) {
			push @entries, { verbatim => $2, arch => $1 };
			next;
		}
		s/\s*#.*//;
		next if /^\s*$/;
		if (/^\s+(\S.*)/) {
			add_members($current, split ' ', $1);
		} elsif (/^typedef (.+)/) {
			push @entries, map { { key => "typedef $_", members => [] } } split ' ', $1;
		} elsif (/^((?:struct|union|enum)(?: \w+)?):\s*(.*)/) {
			my ($key, $members) = ($1, $2);
			$current = $key eq 'enum' ? undef : $entry{$key};
			push @entries, $current = $entry{$key} = { key => $key, members => [] } if !$current;
			add_members($current, split ' ', $members);
		} else {
			die "vmlinux: types.list:$.: not a type, a continuation or C text: $_\n";
		}
	}
	return @entries;
}

sub add_members
{
	my ($entry, @names) = @_;
	my %has = map { $_ => 1 } @{ $entry->{members} };
	push @{ $entry->{members} }, grep { !$has{$_}++ } @names;
}

# Everything that is listed exists in this kernel.
sub check
{
	for my $e (grep { $_->{key} } @_) {
		my ($key, @members) = ($e->{key}, @{ $e->{members} });
		if ($key eq 'enum') {
			push @bad, "enum: this kernel has no constant $_" for grep { !defined $enum_value{$_} } @members;
			next;
		}
		my $t = find($key, @members);
		push @bad, "$key: this kernel has no such type" if !$t;
		push @bad, "$key: this kernel has no member $_" for grep { $t && !member($t, $_) } @members;
	}
	complain();
}

# All mistakes at once, each once.
sub complain
{
	my %once;
	die map { "vmlinux: $_\n" } grep { !$once{$_}++ } @bad if @bad;
}

sub header
{
	my ($arch, @entries) = @_;
	%done = ();
	$out = '';
	for my $e (@entries) {
		if (defined $e->{verbatim}) {
			$out .= "$e->{verbatim}\n" if $e->{arch} eq 'c' || $e->{arch} eq $arch;
		} elsif ($e->{key} =~ /^typedef (.*)/) {
			typedef($named{ $e->{key} }[0]);
		} elsif ($e->{key} eq 'enum') {
			$out .= "enum {\n" . join('', map { "\t$_ = $enum_value{$_},\n" } @{ $e->{members} }) . "};\n\n";
		} else {
			write_type($e->{key}, $e->{members});
		}
	}
	complain();
	return <<"END";
/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Made by bpf/vmlinux/generate.pl from bpf/vmlinux/types.list for $arch: edit the list, then `make vmlinux`. */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

$out
#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif
END
}

read_btf();
my @entries = read_list();
check(@entries);
$listed{ $_->{key} } = $_->{members} for grep { $_->{key} } @entries;
for my $arch ('x86', 'arm64') {
	my $text = header($arch, @entries);
	mkdir "$here$arch";
	open my $file, '>', "$here$arch/vmlinux.h" or die "vmlinux: $here$arch/vmlinux.h: $!\n";
	print $file $text;
	close $file or die "vmlinux: $here$arch/vmlinux.h: $!\n";
	print "vmlinux: bpf/vmlinux/$arch/vmlinux.h, ", scalar(() = $text =~ /\n/g), " lines\n";
}
