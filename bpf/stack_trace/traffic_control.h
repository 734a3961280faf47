/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_TRAFFIC_CONTROL_H
#define PMOAS_STACK_TRACE_TRAFFIC_CONTROL_H

/*
 * The hooks of TC on the pod's devices, behind all that others have put there: user space attaches a program at each (plugins/StackTrace/PodDevices.cs).
 * They only look. Datagrams are not followed here, whose programs are made for tracepoints.
 */

/* include/uapi/linux/bpf.h, enum tcx_action_base: what comes next decides. */
#define TCX_NEXT (-1)

/* Weak: kernels before 6.2 do not have it, and take the object without these programs. */
extern void *bpf_cast_to_kern_ctx(void *context) __weak __ksym;

/* What a packet that is being sent has of its socket: the verifier gives a program of TC what the socket keeps by this pointer only. */
static __always_inline struct end *end_of_context(struct __sk_buff *context)
{
	struct bpf_sock *sk = context->sk;

	return sk ? bpf_sk_storage_get(&ends, sk, 0, 0) : NULL;
}

static __always_inline void at_tc_egress(struct __sk_buff *context)
{
	const struct sk_buff *skb = bpf_cast_to_kern_ctx(context);
	struct sock *sk = skb->sk;
	struct end *e;

	if (!is_of_interest(typed(skb), sk, STAGE(TC_EGRESS)))
		return;
	e = end_of_context(context);
	if (e)
		at_sent_in(typed(skb), sk, e, stream_sent(e, sk), STAGE(TC_EGRESS));
}

static __always_inline void at_tc_ingress(struct __sk_buff *context)
{
	const struct sk_buff *skb = bpf_cast_to_kern_ctx(context);

	at_received_in_stream(typed(skb), ip_header_of(typed(skb)), STAGE(TC_INGRESS));
}

#endif
