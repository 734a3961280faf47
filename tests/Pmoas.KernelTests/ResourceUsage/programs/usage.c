// SPDX-License-Identifier: Apache-2.0
/*
 * Uses an exact amount of something: usage WHAT .... Where a test has to look in between, it stops itself (SIGSTOP) until the
 * test lets it go on. Ends with 0 when all went as described.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096
#define DATAGRAM 100

static void must_at(int line, int condition)
{
	if (condition)
		return;
	fprintf(stderr, "usage.c:%d: %s\n", line, strerror(errno));
	exit(1);
}
#define must(condition) must_at(__LINE__, condition)

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

/* Two processes on one CPU, busy for so many milliseconds of the clock, then asleep 50 times each. */
static void busy(int milliseconds)
{
	cpu_set_t one;
	double end;
	int i, status;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	must(!sched_setaffinity(0, sizeof(one), &one));
	for (i = 0; i < 2; i++) {
		if (fork())
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		raise(SIGSTOP);
		end = seconds() + milliseconds * 1e-3;
		while (seconds() < end)
			;
		for (i = 0; i < 50; i++)
			usleep(200);
		printf("done\n");
		fflush(stdout);
		raise(SIGSTOP);
		exit(0);
	}
	for (i = 0; i < 2; i++) {
		must(wait(&status) > 0);
		must(status == 0);
	}
}

/* Takes memory until it has so much. */
static void eat(long mebibytes)
{
	char *memory = mmap(NULL, mebibytes << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(memory != MAP_FAILED);
	memset(memory, 1, mebibytes << 20);
}

static void one_block(int file, int write, void *memory, int at)
{
	off_t where = (off_t)at * BLOCK;

	must((write ? pwrite(file, memory, BLOCK, where) : pread(file, memory, BLOCK, where)) == BLOCK);
}

/*
 * Blocks of a file or device that is there, one by one, past the page cache. Stops before and after them, with a first block behind
 * it: what the program itself has to read from a disk it has read by then.
 */
static void direct(const char *path, int write, int blocks)
{
	int i, file = open(path, (write ? O_WRONLY : O_RDONLY) | O_DIRECT);
	void *memory;

	must(file >= 0);
	must(!posix_memalign(&memory, BLOCK, BLOCK));
	memset(memory, 1, BLOCK);
	one_block(file, write, memory, 0);
	printf("ready\n");
	fflush(stdout);
	raise(SIGSTOP);
	for (i = 0; i < blocks; i++)
		one_block(file, write, memory, i);
	printf("done\n");
	fflush(stdout);
	raise(SIGSTOP);
}

static struct addrinfo *at(const char *address, const char *port, int type)
{
	struct addrinfo wanted = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = type}, *found;

	must(!getaddrinfo(address, port, &wanted, &found));
	return found;
}

/* Accepts one connection and reads it to its end. */
static void receive(const char *address, const char *port, long bytes)
{
	struct addrinfo *a = at(address, port, SOCK_STREAM);
	int one = 1, peer, listener = socket(a->ai_family, SOCK_STREAM, 0);
	static char memory[1 << 16];
	long total = 0, n;

	must(!setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	must(!bind(listener, a->ai_addr, a->ai_addrlen));
	must(!listen(listener, 1));
	printf("listens\n");
	fflush(stdout);
	peer = accept(listener, NULL, NULL);
	must(peer >= 0);
	while ((n = read(peer, memory, sizeof(memory))) > 0)
		total += n;
	must(n == 0 && total == bytes);
}

/* Connects and sends; stops half-way. */
static void send_bytes(const char *address, const char *port, long bytes)
{
	struct addrinfo *a = at(address, port, SOCK_STREAM);
	int s = socket(a->ai_family, SOCK_STREAM, 0), half;
	static char memory[1 << 16];
	long left, n;

	must(!connect(s, a->ai_addr, a->ai_addrlen));
	for (half = 0; half < 2; half++) {
		for (left = bytes / 2; left > 0; left -= n) {
			n = write(s, memory, left < (long)sizeof(memory) ? left : (long)sizeof(memory));
			must(n > 0);
		}
		if (half == 0)
			raise(SIGSTOP);
	}
}

/* From one socket of its own to another; connected, or each named by its address only. */
static void datagrams(const char *address, int connected, int count)
{
	struct addrinfo *a = at(address, "0", SOCK_DGRAM);
	int i, from = socket(a->ai_family, SOCK_DGRAM, 0), to = socket(a->ai_family, SOCK_DGRAM, 0);
	struct sockaddr_storage there, here;
	socklen_t size = sizeof(there), size2 = sizeof(here);
	char memory[DATAGRAM] = {0};

	must(!bind(from, a->ai_addr, a->ai_addrlen) && !bind(to, a->ai_addr, a->ai_addrlen));
	must(!getsockname(to, (struct sockaddr *)&there, &size) &&
	     !getsockname(from, (struct sockaddr *)&here, &size2));
	if (connected)
		must(!connect(from, (struct sockaddr *)&there, size) && !connect(to, (struct sockaddr *)&here, size2));
	for (i = 0; i < count; i++) {
		must(sendto(from, memory, DATAGRAM, 0, connected ? NULL : (struct sockaddr *)&there,
			    connected ? 0 : size) == DATAGRAM);
		must(recv(to, memory, DATAGRAM, MSG_PEEK) == DATAGRAM);
		must(recv(to, memory, DATAGRAM, 0) == DATAGRAM);
	}
}

/* Holds three listeners, two connections with both their ends, and a UDP socket, in two processes. */
static void hold(void)
{
	struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(where);
	int i, listener[3], s, status;

	for (i = 0; i < 3; i++) {
		listener[i] = socket(AF_INET, SOCK_STREAM, 0);
		must(!listen(listener[i], 4));
	}
	must(!getsockname(listener[0], (struct sockaddr *)&where, &size));
	where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (i = 0; i < 2; i++) {
		s = socket(AF_INET, SOCK_STREAM, 0);
		must(!connect(s, (struct sockaddr *)&where, size));
		must(accept(listener[0], NULL, NULL) >= 0);
	}
	must(socket(AF_INET, SOCK_DGRAM, 0) >= 0);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		raise(SIGSTOP);
		exit(0);
	}
	must(wait(&status) > 0);
}

int main(int count, char **words)
{
	const char *what = count > 1 ? words[1] : "";

	if (!strcmp(what, "busy") && count == 3)
		busy(atoi(words[2]));
	else if (!strcmp(what, "eat") && count == 3)
		eat(atol(words[2]));
	else if (!strcmp(what, "direct") && count == 5)
		direct(words[2], !strcmp(words[3], "write"), atoi(words[4]));
	else if (!strcmp(what, "receive") && count == 5)
		receive(words[2], words[3], atol(words[4]));
	else if (!strcmp(what, "send") && count == 5)
		send_bytes(words[2], words[3], atol(words[4]));
	else if (!strcmp(what, "datagrams") && count == 5)
		datagrams(words[2], !strcmp(words[3], "connected"), atoi(words[4]));
	else if (!strcmp(what, "hold") && count == 2)
		hold();
	else
		return 2;
	return 0;
}
