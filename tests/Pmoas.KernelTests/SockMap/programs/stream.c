/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Two ends of TCP connections that compare every byte. Each 8 bytes of a stream say where they stand, so what is lost, doubled or
 * moved shows. Nothing waits longer than 20 s: a stall is a failure. All wait by poll, as event loops do, but for "blocking".
 *
 *   stream serve ADDRESS PORT                     answers for ever; says "listening"
 *   stream bulk ADDRESS PORT N BYTES SEED         N connections, BYTES each way at once in messages of random sizes up to 256 KiB
 *   stream short ADDRESS PORT N THREADS SEED      N connections one after the other in each thread: a message, its echo, the end
 *   stream turns ADDRESS PORT N TURNS SIZE        N connections, TURNS messages of SIZE and their echoes on each
 *   stream small ADDRESS PORT N COUNT SIZE        N connections, COUNT messages of SIZE and no answer to any
 *   stream half ADDRESS PORT N BYTES SEED         says all, ends its side, then hears all
 *   stream pending ADDRESS PORT N BYTES SEED      the server sends and closes at once; what it sent is read later
 *   stream reset ADDRESS PORT N 0 0               the server resets; that must be seen
 *   stream stopped ADDRESS PORT N LIMIT SEED      the server does not read until the writer has been stopped, which must be before LIMIT
 *   stream blocking ADDRESS PORT N TURNS SIZE     as turns, but both ends wait in the calls themselves
 *   stream splice ADDRESS PORT N BYTES SEED       as half, but what is heard is taken by splice(2)
 *   stream held ADDRESS PORT N PAUSE SIZE         N connections, as turns, but until SIGTERM, and PAUSE microseconds between two
 *
 * Prints one line at its end: connections bytes_sent bytes_received stopped_at. Ends with 1 and a reason when anything is wrong.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum kind {
	BULK = 1,
	SHORT,
	TURNS,
	SMALL,
	HALF,
	PENDING,
	RESET,
	STOPPED,
	SPLICE,
	BLOCKING,
	HELD
};

#define STALL_SECONDS (20 * slowness)
#define LONGEST (256 * 1024)

/* What the connecting end wants; the first bytes of every connection. */
struct wish {
	uint64_t kind;
	uint64_t seed;
	uint64_t bytes; /* or turns */
	uint64_t size;
};

static struct {
	const char *address, *port;
	enum kind kind;
	uint64_t connections, bytes, seed;
	uint64_t done, sent, received, stopped_at;
	volatile int ended;
} plan;

/* How many times slower than others this machine is; as all the tests' limits, from PMOAS_PATIENCE. */
static int slowness = 1;

static void fail(const char *what, uint64_t at)
{
	printf("stream.c: %s at %lu: %s\n", what, at, errno ? strerror(errno) : "no error");
	fflush(stdout);
	_exit(1);
}

static uint64_t word(uint64_t seed, uint64_t offset)
{
	return (offset + 8 + seed) * 0x9e3779b97f4a7c15u;
}

static void fill(unsigned char *to, uint64_t seed, uint64_t offset, size_t length)
{
	size_t i = 0;

	for (; i < length && (offset + i) % 8; i++)
		to[i] = word(seed, (offset + i) & ~7ull) >> 8 * ((offset + i) % 8);
	for (; i + 8 <= length; i += 8) {
		uint64_t w = word(seed, offset + i);

		memcpy(to + i, &w, 8);
	}
	for (; i < length; i++)
		to[i] = word(seed, (offset + i) & ~7ull) >> 8 * ((offset + i) % 8);
}

/* Waits as an event loop does; a blocking socket waits in the call instead. */
static int wait_for(int fd, short events)
{
	struct pollfd wait = {.fd = fd, .events = events};

	if (errno != EAGAIN || !(fcntl(fd, F_GETFL) & O_NONBLOCK))
		return 0;
	return poll(&wait, 1, STALL_SECONDS * 1000) > 0;
}

static ssize_t send_some(int fd, const void *data, size_t length)
{
	ssize_t n;

	do {
		errno = 0;
		n = send(fd, data, length, MSG_NOSIGNAL);
	} while (n < 0 && wait_for(fd, POLLOUT));
	return n;
}

static ssize_t receive_some(int fd, void *data, size_t length)
{
	ssize_t n;

	do {
		errno = 0;
		n = recv(fd, data, length, 0);
	} while (n < 0 && wait_for(fd, POLLIN));
	return n;
}

static void send_all(int fd, const void *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send_some(fd, data, length);

		if (n <= 0)
			fail("send", length);
		data = (const char *)data + n;
		length -= n;
	}
}

static void receive_all(int fd, void *data, size_t length)
{
	while (length > 0) {
		ssize_t n = receive_some(fd, data, length);

		if (n <= 0)
			fail(n ? "receive" : "end before all had come", length);
		data = (char *)data + n;
		length -= n;
	}
}

static void must_end(int fd)
{
	char byte;

	ssize_t n = receive_some(fd, &byte, 1);

	if (n != 0)
		fail(n > 0 ? "more than was sent" : "no end", 0);
}

static void send_stream(int fd, uint64_t seed, uint64_t bytes, unsigned int chance)
{
	unsigned char *message = malloc(LONGEST);

	for (uint64_t sent = 0; sent < bytes;) {
		uint64_t size = 1 + rand_r(&chance) % (rand_r(&chance) % 4 ? LONGEST : 2000);

		if (size > bytes - sent)
			size = bytes - sent;
		fill(message, seed, sent, size);
		send_all(fd, message, size);
		sent += size;
	}
	free(message);
}

static void check(const unsigned char *got, unsigned char *wanted, uint64_t seed, uint64_t offset, size_t length)
{
	fill(wanted, seed, offset, length);
	if (memcmp(got, wanted, length) == 0)
		return;
	errno = 0;
	for (size_t i = 0; i < length; i++)
		if (got[i] != wanted[i])
			fail("wrong byte", offset + i);
}

static void receive_stream(int fd, uint64_t seed, uint64_t bytes, unsigned int chance)
{
	unsigned char *got = malloc(LONGEST), *wanted = malloc(LONGEST);

	for (uint64_t received = 0; received < bytes;) {
		uint64_t size = 1 + rand_r(&chance) % LONGEST;

		if (size > bytes - received)
			size = bytes - received;
		ssize_t n = receive_some(fd, got, size);

		if (n <= 0)
			fail(n ? "receive" : "end before all had come", received);
		check(got, wanted, seed, received, n);
		received += n;
	}
	free(got);
	free(wanted);
}

static void receive_by_splice(int fd, uint64_t seed, uint64_t bytes)
{
	unsigned char *got = malloc(65536), *wanted = malloc(65536);
	int ends[2];

	if (pipe(ends))
		fail("pipe", 0);
	for (uint64_t received = 0; received < bytes;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};

		errno = 0;
		if (poll(&wait, 1, STALL_SECONDS * 1000) <= 0)
			fail("splice waits", received);
		ssize_t n = splice(fd, NULL, ends[1], NULL, 65536, SPLICE_F_NONBLOCK);

		if (n <= 0)
			fail("splice", received);
		for (ssize_t at = 0; at < n;) {
			ssize_t m = read(ends[0], got + at, n - at);

			if (m <= 0)
				fail("pipe", received);
			at += m;
		}
		check(got, wanted, seed, received, n);
		received += n;
	}
	close(ends[0]);
	close(ends[1]);
	free(got);
	free(wanted);
}

struct direction {
	int fd;
	uint64_t seed, bytes;
};

static void *sends(void *argument)
{
	struct direction *d = argument;

	send_stream(d->fd, d->seed, d->bytes, d->seed);
	return NULL;
}

static void both_ways(int fd, uint64_t out, uint64_t in, uint64_t bytes)
{
	struct direction d = {fd, out, bytes};
	pthread_t thread;

	if (pthread_create(&thread, NULL, sends, &d))
		fail("thread", 0);
	receive_stream(fd, in, bytes, in);
	pthread_join(thread, NULL);
}

static void be_patient(int fd)
{
	struct timeval patience = {.tv_sec = STALL_SECONDS};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void echo(int fd, uint64_t turns, size_t size)
{
	unsigned char *message = malloc(size);

	for (uint64_t i = 0; i < turns; i++) {
		receive_all(fd, message, size);
		send_all(fd, message, size);
	}
	free(message);
	must_end(fd);
}

static void echo_until_end(int fd, size_t size)
{
	unsigned char *message = malloc(size);
	ssize_t n;

	while ((n = receive_some(fd, message, size)) > 0) {
		receive_all(fd, message + n, size - n);
		send_all(fd, message, size);
	}
	if (n < 0)
		fail("receive", 0);
	free(message);
}

static void receive_small(int fd, uint64_t count, size_t size)
{
	unsigned char *message = malloc(size);

	for (uint64_t i = 0; i < count; i++)
		receive_all(fd, message, size);
	free(message);
	send_all(fd, "!", 1);
	must_end(fd);
}

static void *serve_one(void *argument)
{
	int fd = (int)(intptr_t)argument;
	struct linger now = {.l_onoff = 1};
	struct wish w;

	receive_all(fd, &w, sizeof(w));
	switch (w.kind) {
	case BULK:
		both_ways(fd, w.seed + 1, w.seed, w.bytes);
		must_end(fd);
		break;
	case BLOCKING:
		fcntl(fd, F_SETFL, 0);
		/* fall through */
	case SHORT:
	case TURNS:
		echo(fd, w.bytes, w.size);
		break;
	case HELD:
		echo_until_end(fd, w.size);
		break;
	case SMALL:
		receive_small(fd, w.bytes, w.size);
		break;
	case HALF:
	case SPLICE:
		receive_stream(fd, w.seed, w.bytes, 1);
		must_end(fd);
		send_stream(fd, w.seed + 1, w.bytes, 1);
		break;
	case PENDING:
		send_stream(fd, w.seed + 1, w.bytes, 1);
		break;
	case RESET:
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		break;
	case STOPPED:
		send_all(fd, "!", 1); /* it is accepted */
		for (int i = 0; i < 10 * slowness; i++) /* the writer is stopped long before that is over */
			usleep(100000);
		recv(fd, &w.size, sizeof(w.size), MSG_PEEK);
		receive_stream(fd, w.seed, w.bytes, 1);
		send_all(fd, "!", 1);
		must_end(fd);
		break;
	}
	close(fd);
	return NULL;
}

static int resolve(struct addrinfo **found)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};

	return getaddrinfo(plan.address, plan.port, &hints, found);
}

static int serve(void)
{
	struct addrinfo *to;
	int one = 1;

	if (resolve(&to))
		fail("address", 0);
	int listener = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, to->ai_addr, to->ai_addrlen) || listen(listener, 4096))
		fail("listen", 0);
	puts("listening");
	fflush(stdout);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_attr_t attributes;
		pthread_t thread;

		if (fd < 0)
			fail("accept", 0);
		be_patient(fd);
		pthread_attr_init(&attributes);
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
		pthread_attr_setstacksize(&attributes, 128 * 1024);
		if (pthread_create(&thread, &attributes, serve_one, (void *)(intptr_t)fd))
			fail("thread", 0);
		pthread_attr_destroy(&attributes);
	}
}

static int connect_with(struct wish w)
{
	struct addrinfo *to;

	if (resolve(&to))
		fail("address", 0);
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	errno = 0;
	if (connect(fd, to->ai_addr, to->ai_addrlen))
		fail("connect", 0);
	be_patient(fd);
	if (w.kind == BLOCKING)
		fcntl(fd, F_SETFL, 0);
	freeaddrinfo(to);
	send_all(fd, &w, sizeof(w));
	return fd;
}

static void talk(uint64_t turns, size_t size, enum kind kind, uint64_t seed)
{
	unsigned char *message = malloc(size), *wanted = malloc(size);
	int fd = connect_with((struct wish){kind, seed, turns, size});
	uint64_t i = 0;

	for (; kind == HELD ? !plan.ended : i < turns; i++) {
		fill(message, seed, i * size, size);
		send_all(fd, message, size);
		receive_all(fd, message, size);
		check(message, wanted, seed, i * size, size);
		if (kind == HELD)
			usleep(turns);
	}
	close(fd);
	free(message);
	free(wanted);
	__sync_fetch_and_add(&plan.sent, i * size);
	__sync_fetch_and_add(&plan.received, i * size);
	__sync_fetch_and_add(&plan.done, 1);
}

static void write_until_stopped(int fd, uint64_t seed)
{
	unsigned char *message = malloc(65536);
	uint64_t written = 0;

	for (;;) {
		fill(message, seed, written, 65536);
		errno = 0;
		ssize_t n = send(fd, message, 65536, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			fail("a stopped reader makes the writer fail", written);
		written += n;
		if (written > plan.bytes)
			fail("a stopped reader does not stop the writer", written);
	}
	__sync_fetch_and_add(&plan.stopped_at, written);

	/* The rest, when the reader goes on. */
	while (written < plan.bytes) {
		uint64_t size = plan.bytes - written < 65536 ? plan.bytes - written : 65536;

		fill(message, seed, written, size);
		send_all(fd, message, size);
		written += size;
	}
	free(message);
	__sync_fetch_and_add(&plan.sent, written);
}

static void *run_one(void *argument)
{
	uint64_t seed = plan.seed + 2 * (uint64_t)(intptr_t)argument;
	char byte;
	int fd;

	if (plan.kind == TURNS || plan.kind == BLOCKING || plan.kind == HELD) {
		talk(plan.bytes, plan.seed, plan.kind, seed);
		return NULL;
	}
	if (plan.kind == SMALL) {
		char *message = calloc(1, plan.seed);

		fd = connect_with((struct wish){SMALL, 0, plan.bytes, plan.seed});
		for (uint64_t i = 0; i < plan.bytes; i++)
			send_all(fd, message, plan.seed);
		receive_all(fd, &byte, 1);
		close(fd);
		free(message);
		__sync_fetch_and_add(&plan.done, 1);
		return NULL;
	}
	fd = connect_with((struct wish){plan.kind, seed, plan.bytes, 0});
	switch (plan.kind) {
	case BULK:
		both_ways(fd, seed, seed + 1, plan.bytes);
		break;
	case HALF:
	case SPLICE:
		send_stream(fd, seed, plan.bytes, 2);
		shutdown(fd, SHUT_WR);
		if (plan.kind == SPLICE)
			receive_by_splice(fd, seed + 1, plan.bytes);
		else
			receive_stream(fd, seed + 1, plan.bytes, 2);
		must_end(fd);
		break;
	case PENDING:
		usleep(50000);
		receive_stream(fd, seed + 1, plan.bytes, 2);
		must_end(fd);
		break;
	case RESET:
		errno = 0;
		if (receive_some(fd, &byte, 1) >= 0 || errno != ECONNRESET)
			fail("no reset", 0);
		break;
	case STOPPED:
		receive_all(fd, &byte, 1);
		write_until_stopped(fd, seed);
		receive_all(fd, &byte, 1);
		break;
	default:
		break;
	}
	close(fd);
	if (plan.kind != RESET && plan.kind != STOPPED) {
		__sync_fetch_and_add(&plan.received, plan.bytes);
		__sync_fetch_and_add(&plan.sent, plan.kind == PENDING ? 0 : plan.bytes);
	}
	__sync_fetch_and_add(&plan.done, 1);
	return NULL;
}

static void *run_short(void *argument)
{
	uint64_t left = (uint64_t)(intptr_t)argument;
	unsigned int chance = plan.seed;

	while (left--)
		talk(1, 1 + rand_r(&chance) % 4000, SHORT, plan.seed);
	return NULL;
}

int main(int argc, char **argv)
{
	static const char *kinds[] = {"",	 "bulk",  "short",   "turns",  "small",	   "half",
				      "pending", "reset", "stopped", "splice", "blocking", "held"};
	pthread_t *threads;
	uint64_t count;
	sigset_t end;
	int caught;

	if (argc < 4)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	if (getenv("PMOAS_PATIENCE") && atoi(getenv("PMOAS_PATIENCE")) > 1)
		slowness = atoi(getenv("PMOAS_PATIENCE"));
	plan.address = argv[2];
	plan.port = argv[3];
	if (strcmp(argv[1], "serve") == 0)
		return serve();
	if (argc != 7)
		return 2;
	plan.connections = strtoull(argv[4], NULL, 10);
	plan.bytes = strtoull(argv[5], NULL, 10);
	plan.seed = strtoull(argv[6], NULL, 10);
	for (int i = BULK; i <= HELD; i++)
		if (strcmp(argv[1], kinds[i]) == 0)
			plan.kind = i;
	if (!plan.kind)
		return 2;
	count = plan.kind == SHORT ? plan.bytes : plan.connections;
	threads = calloc(count, sizeof(*threads));
	sigemptyset(&end);
	if (plan.kind == HELD) {
		/* No thread's call is to be interrupted by it. */
		sigaddset(&end, SIGTERM);
		pthread_sigmask(SIG_BLOCK, &end, NULL);
	}
	for (uint64_t i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, plan.kind == SHORT ? run_short : run_one,
				   (void *)(intptr_t)(plan.kind == SHORT ? plan.connections / count : i)))
			fail("thread", i);
	if (plan.kind == HELD) {
		sigwait(&end, &caught);
		plan.ended = 1;
	}
	for (uint64_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%lu %lu %lu %lu\n", plan.done, plan.sent, plan.received, plan.stopped_at);
	return 0;
}
