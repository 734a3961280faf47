/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_FUNCTIONS_H
#define PMOAS_STACK_TRACE_FUNCTIONS_H

/*
 * Functions of the kernel that are stages. Which they are is set before load, as is which of their arguments is the packet. Each has a program that is
 * attached by fentry, and one for a kernel that cannot have that (arm64 before 6.4; a function of a module on the sender's side), by kprobe.
 */

#define PACKET_OUTGOING 4 /* include/uapi/linux/if_packet.h */
#define PACKET_TYPE 7 /* the bits it is in */

/*
 * The packet is the argument with this number, at this offset of the context. Assembly, for the kernel wants to see the offset, and the compiler would
 * compute it.
 */
#define ARGUMENT(number, offset)                                                                                       \
	case number:                                                                                                   \
		asm volatile("%0 = *(u64 *)(%1 + %2)" : "=r"(skb) : "r"(context), "i"(offset));                        \
		break

static __always_inline const struct sk_buff *packet_argument(const __u64 *context, __u32 number)
{
	const struct sk_buff *skb = NULL;

	switch (number) {
		ARGUMENT(0, 0);
		ARGUMENT(1, 8);
		ARGUMENT(2, 16);
		ARGUMENT(3, 24);
		ARGUMENT(4, 32);
	}
	return skb;
}

/* The same in the registers that a kprobe has seen. */
static __always_inline const struct sk_buff *packet_register(const struct pt_regs *context, __u32 number)
{
	const struct sk_buff *skb = NULL;

#define REGISTER(name) offsetof(typeof(*__PT_REGS_CAST(context)), name)
	switch (number) {
		ARGUMENT(0, REGISTER(__PT_PARM1_REG));
		ARGUMENT(1, REGISTER(__PT_PARM2_REG));
		ARGUMENT(2, REGISTER(__PT_PARM3_REG));
		ARGUMENT(3, REGISTER(__PT_PARM4_REG));
		ARGUMENT(4, REGISTER(__PT_PARM5_REG));
	}
#undef REGISTER
	return skb;
}
#undef ARGUMENT

/* A copy of what is being sent, for those who listen to a device (tcpdump); they are told of it once more when it comes in. */
static __always_inline bool is_copy_of_sent(const struct sk_buff *skb)
{
	const struct sk_buff___type *typed = (const void *)skb;
	__u8 type;

	if (bpf_core_read(&type, sizeof(type), &typed->__pkt_type_offset))
		return false;
	return (type & PACKET_TYPE) == PACKET_OUTGOING;
}

static __always_inline void at_function(struct packet packet, __u32 number)
{
	__u32 stage = path.function[number].stage;

	if (!packet.skb)
		return;
	if (path.function[number].side == SIDE_SENDER)
		at_sent(packet, stage);
	else if (path.function[number].side == SIDE_NODE)
		at_node(packet, stage);
	else if (!is_copy_of_sent(packet.skb))
		at_received(packet, ip_header_of(packet), stage);
}

#define PACKET_FUNCTION(number)                                                                                        \
	SEC("fentry")                                                                                                  \
	int function_##number(__u64 *arguments)                                                                        \
	{                                                                                                              \
		note_stack(arguments, path.function[number].stage);                                                    \
		at_function(typed(packet_argument(arguments, path.function[number].argument)), number);                \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("kprobe")                                                                                                  \
	int function_##number##_probed(struct pt_regs *registers)                                                      \
	{                                                                                                              \
		note_stack(registers, path.function[number].stage);                                                    \
		at_function(probed(packet_register(registers, path.function[number].argument)), number);               \
		return 0;                                                                                              \
	}

#endif
