/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_FUNCTIONS_H
#define PMOAS_STACK_TRACE_FUNCTIONS_H

/* Functions of the kernel that are stages. Which they are is set before load, as is which of their arguments is the packet. */

#define PACKET_OUTGOING 4 /* include/uapi/linux/if_packet.h */
#define PACKET_TYPE 7 /* the bits it is in */

/* The argument with this number. Assembly, for the kernel wants to see the number, and the compiler would compute it. */
static __always_inline const struct sk_buff *packet_argument(const __u64 *arguments, __u32 number)
{
	const struct sk_buff *skb = NULL;

#define ARGUMENT(n)                                                                                                    \
	case n:                                                                                                        \
		asm volatile("%0 = *(u64 *)(%1 + %2)" : "=r"(skb) : "r"(arguments), "i"((n)*8));                       \
		break

	switch (number) {
		ARGUMENT(0);
		ARGUMENT(1);
		ARGUMENT(2);
		ARGUMENT(3);
		ARGUMENT(4);
	}
#undef ARGUMENT
	return skb;
}

/* A copy of what is being sent, for those who listen to a device (tcpdump); they are told of it once more when it comes in. */
static __always_inline bool is_copy_of_sent(const struct sk_buff *skb)
{
	const struct sk_buff___type *typed = (const void *)skb;
	__u8 type;

	if (bpf_core_read(&type, sizeof(type), &typed->__pkt_type_offset))
		return false;
	return (type & PACKET_TYPE) == PACKET_OUTGOING;
}

static __always_inline void at_function(const __u64 *arguments, __u32 number)
{
	const struct sk_buff *skb = packet_argument(arguments, path.function[number].argument);
	__u32 stage = path.function[number].stage;

	if (!skb)
		return;
	if (path.function[number].side == SIDE_SENDER)
		at_sent(skb, stage);
	else if (path.function[number].side == SIDE_NODE)
		at_node(skb, stage);
	else if (!is_copy_of_sent(skb))
		at_received(skb, skb->head + skb->network_header, stage);
}

#define PACKET_FUNCTION(number)                                                                                        \
	SEC("fentry")                                                                                                  \
	int function_##number(__u64 *arguments)                                                                        \
	{                                                                                                              \
		note_stack(arguments, path.function[number].stage);                                                    \
		at_function(arguments, number);                                                                        \
		return 0;                                                                                              \
	}

#endif
