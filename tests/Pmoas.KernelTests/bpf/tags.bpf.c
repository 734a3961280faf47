// SPDX-License-Identifier: GPL-2.0 OR MIT
/* What a plugin's object sees of the tags: the shared maps and no program. */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <pmoas/identity.h>

char LICENSE[] SEC("license") = "GPL";
