/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef PMOAS_STACK_TRACE_PHASES_H
#define PMOAS_STACK_TRACE_PHASES_H

/* Handshake and close: how long each end of a connection is in each state of TCP. */

static __always_inline void observe_states(const struct end *e, enum phase phase, __u32 from, __u32 to,
					   __u64 nanoseconds)
{
	struct interval_key key = {};

	key.pod = e->pod;
	key.leg = e->leg;
	key.direction = e->direction;
	key.phase = phase;
	key.from = from;
	key.to = to;
	observe(&key, nanoseconds);
}

static __always_inline void handshake_of(struct stream *s, const struct end *e, int opening)
{
	s->opened_ns = e->since[opening];
	s->established_ns = e->since[TCP_ESTABLISHED];
	s->opening = opening;
}

/* Of what an end sends, and of what it receives from elsewhere. */
static __always_inline void note_handshake(const struct sock *sk, const struct end *e, int opening)
{
	struct stream *s = stream_sent(e, sk);

	if (s)
		handshake_of(s, e, opening);
	s = stream_received(e, sk);
	if (s && !s->sender)
		handshake_of(s, e, opening);
}

/* An end that connected: from its SYN to the answer. */
static __always_inline void connected(const struct sock *sk, struct end *e, __u64 now)
{
	e->since[TCP_ESTABLISHED] = now;
	if (!e->since[TCP_SYN_SENT])
		return;
	observe_states(e, PHASE_HANDSHAKE, STAGE_TCP_STATE + TCP_SYN_SENT, STAGE_TCP_STATE + TCP_ESTABLISHED,
		       now - e->since[TCP_SYN_SENT]);
	if (traced)
		note_handshake(sk, e, TCP_SYN_SENT);
	if (live)
		tell_phase(sk, e, PHASE_HANDSHAKE, TCP_SYN_SENT, now - e->since[TCP_SYN_SENT]);
}

/* An end that is connected to: from its SYN-ACK to the answer. TCP has measured that itself, in units of 1/8 µs. */
static __always_inline void was_connected_to(const struct sock *sk, struct end *e, __u64 now)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock((void *)sk);
	__u64 took = tp ? (__u64)tp->srtt_us * 125 : 0;

	e->since[TCP_ESTABLISHED] = now;
	if (!took)
		return;
	e->since[TCP_SYN_RECV] = now - took;
	observe_states(e, PHASE_HANDSHAKE, STAGE_TCP_STATE + TCP_SYN_RECV, STAGE_TCP_STATE + TCP_ESTABLISHED, took);
	if (traced)
		note_handshake(sk, e, TCP_SYN_RECV);
	if (live)
		tell_phase(sk, e, PHASE_HANDSHAKE, TCP_SYN_RECV, took);
}

static __always_inline bool is_closing(int state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2 || state == TCP_CLOSING || state == TCP_CLOSE_WAIT ||
	       state == TCP_LAST_ACK;
}

/* When an end entered a state. */
static __always_inline __u64 *since(struct end *e, __u64 state)
{
	/* In assembly, because the compiler, which knows the states, would leave it out, and the verifier does not know them. */
	asm volatile("%0 &= %1" : "+r"(state) : "i"(TCP_STATE_SLOTS - 1));
	return &e->since[state];
}

/* TIME_WAIT is not waited for: the socket is gone by then. */
static __always_inline void closing(struct end *e, int from, int to, __u64 now)
{
	if (is_closing(from) && e->close_ns) {
		observe_states(e, PHASE_CLOSE, STAGE_TCP_STATE + from, STAGE_TCP_STATE + to, now - *since(e, from));
		if (to == TCP_CLOSE)
			observe_states(e, PHASE_CLOSE, STAGE_NONE, STAGE_NONE, now - e->close_ns);
	} else if (is_closing(to)) {
		e->close_ns = now;
	}
	*since(e, to) = now;
}

#endif
