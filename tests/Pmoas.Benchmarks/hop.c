/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * One connection between two threads, timed.
 *
 *   hop turns tcp|unix SIZE COUNT [ADDRESS SERVER_NETNS CLIENT_NETNS]   both threads on one CPU; prints the median of a turn,
 *                                                                      there and back, and the CPU time of one, in ns
 *   hop call                                                           prints what the least system call takes, ns
 *   hop bulk SIZE BYTES                                                over TCP, both threads where they like; prints MiB/s
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int listener, turns, is_unix;
static size_t size, count;
static const char *server_netns, *client_netns, *address = "127.0.0.1";
static struct sockaddr_in at;
static struct sockaddr_un path;

static void check(int good, const char *what)
{
	if (!good) {
		perror(what);
		exit(1);
	}
}

static long long nanoseconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void enter(const char *netns)
{
	if (netns)
		check(setns(open(netns, O_RDONLY), CLONE_NEWNET) == 0, "setns");
}

/* A redirected socket's blocking read may come back with nothing: it is asked again. */
static void receive(int fd, char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = recv(fd, data, length, 0);

		if (n < 0 && errno == EAGAIN)
			continue;
		check(n > 0, "receive");
		data += n;
		length -= n;
	}
}

static void transmit(int fd, const char *data, size_t length)
{
	while (length > 0) {
		ssize_t n = send(fd, data, length, 0);

		check(n > 0, "send");
		data += n;
		length -= n;
	}
}

static void *serve(void *unused)
{
	int fd = accept(listener, NULL, NULL);
	char *data = malloc(size);

	check(fd >= 0, "accept");
	if (turns) {
		for (size_t i = 0; i < count; i++) {
			receive(fd, data, size);
			transmit(fd, data, size);
		}
	} else {
		for (size_t left = count; left > 0;) {
			size_t part = left < size ? left : size;

			receive(fd, data, part);
			left -= part;
		}
		transmit(fd, "!", 1);
	}
	return unused;
}

static void listen_there(void)
{
	socklen_t length = sizeof(at);
	int home = open("/proc/thread-self/ns/net", O_RDONLY);

	enter(server_netns);
	listener = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
	if (is_unix) {
		path.sun_family = AF_UNIX;
		snprintf(path.sun_path + 1, sizeof(path.sun_path) - 1, "pmoas-hop-%d", getpid());
		check(bind(listener, (struct sockaddr *)&path, sizeof(path)) == 0, "bind");
	} else {
		at.sin_family = AF_INET;
		inet_pton(AF_INET, address, &at.sin_addr);
		check(bind(listener, (struct sockaddr *)&at, length) == 0, "bind");
		check(getsockname(listener, (struct sockaddr *)&at, &length) == 0, "getsockname");
	}
	check(listen(listener, 1) == 0, "listen");
	check(setns(home, CLONE_NEWNET) == 0 || !server_netns, "home");
}

static int compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	cpu_set_t one;

	if (argc > 1 && strcmp(argv[1], "call") == 0) {
		long long before = nanoseconds(CLOCK_MONOTONIC);

		for (int i = 0; i < 200000; i++)
			syscall(SYS_getppid);
		printf("%lld\n", (nanoseconds(CLOCK_MONOTONIC) - before) / 200000);
		return 0;
	}
	if (argc < 4)
		return 2;
	turns = strcmp(argv[1], "turns") == 0;
	if (turns) {
		is_unix = strcmp(argv[2], "unix") == 0;
		size = atol(argv[3]);
		count = atol(argv[4]);
		if (argc > 7) {
			address = argv[5];
			server_netns = argv[6];
			client_netns = argv[7];
		}
		CPU_ZERO(&one);
		CPU_SET(0, &one);
		sched_setaffinity(0, sizeof(one), &one);
	} else {
		size = atol(argv[2]);
		count = atol(argv[3]);
	}
	listen_there();
	check(pthread_create(&thread, NULL, serve, NULL) == 0, "thread");
	enter(client_netns);
	int fd = socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM, 0);

	check(connect(fd, is_unix ? (void *)&path : (void *)&at, is_unix ? sizeof(path) : sizeof(at)) == 0, "connect");
	char *data = calloc(1, size);
	long long begun = nanoseconds(CLOCK_MONOTONIC), cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);

	if (turns) {
		long long *took = calloc(count, sizeof(*took));

		for (size_t i = 0; i < count; i++) {
			long long before = nanoseconds(CLOCK_MONOTONIC);

			transmit(fd, data, size);
			receive(fd, data, size);
			took[i] = nanoseconds(CLOCK_MONOTONIC) - before;
		}
		cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		qsort(took, count, sizeof(*took), compare);
		printf("%lld %lld\n", took[count / 2], cpu / (long long)count);
	} else {
		for (size_t left = count; left > 0;) {
			size_t part = left < size ? left : size;

			transmit(fd, data, part);
			left -= part;
		}
		receive(fd, data, 1);
		printf("%.0f\n", count / 1048576.0 / ((nanoseconds(CLOCK_MONOTONIC) - begun) / 1e9));
	}
	pthread_join(thread, NULL);
	return 0;
}
