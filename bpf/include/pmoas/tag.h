/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_TAG_H
#define PMOAS_TAG_H

/* The numbers are those of Pmoas.Sdk.Pods.Role. */
enum pmoas_role {
	PMOAS_ROLE_SERVICE = 1,
	PMOAS_ROLE_SIDECAR = 2,
	PMOAS_ROLE_INIT = 3,
	PMOAS_ROLE_EPHEMERAL = 4,
};

/* Which container, in which pod, in which role. Ids are given by the host and never used again while it runs. */
struct pmoas_tag {
	__u32 container; /* 0: nobody's */
	__u32 pod;
	__u32 role; /* enum pmoas_role */
};

/* Value of pmoas_pods. */
struct pmoas_pod {
	__u32 pod;
};

#endif
