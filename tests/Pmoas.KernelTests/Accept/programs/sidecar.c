// SPDX-License-Identifier: Apache-2.0
/*
 * A sidecar that knows which request each of its connects is for, and how long it waited before it: sidecar MODE THREADS.
 * Each connection carries one request that begins, "GET /dMILLISECONDS": how long to wait between reading it and connecting to the
 * service for it. The answer is the service's. Listens on 8080, the service is on 127.0.0.1:8081. For each request a line of
 * stdout tells the nanoseconds from the return of accept() to the connect.
 *   loop    one event loop: reads whatever is ready, connects for each request when its delay is over
 *   pool    every step of a request is done by whichever of THREADS threads is free, as a runtime with a thread pool does
 *   thread  a thread of its own for each connection
 *   again   as thread, and the first address it tries refuses
 *   ahead   one event loop that connects when it has accepted, before it reads (a TCP proxy)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static void must_at(int line, int condition)
{
	if (condition)
		return;
	fprintf(stderr, "sidecar.c:%d: %s\n", line, strerror(errno));
	exit(1);
}
#define must(condition) must_at(__LINE__, condition)

enum step {
	ACCEPT,
	READ,
	CONNECT,
	ANSWER
};

/* What a descriptor becoming readable means; one for the listener and one for each request, which waits for one thing at a time. */
struct request {
	enum step step;
	int outside, inside, timer;
	long accepted; /* ns */
	char line[256];
	int length;
};

static const struct sockaddr_in service = {
	.sin_family = AF_INET, .sin_port = 0x911f /* 8081 */, .sin_addr = {0x0100007f}};
static int poll_fd, ahead, again;

static void await(int fd, struct request *r, int operation)
{
	struct epoll_event e = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = r};

	must(!epoll_ctl(poll_fd, operation, fd, &e));
}

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static void accept_into(struct request *r, int listener)
{
	r->outside = accept(listener, NULL, NULL);
	must(r->outside >= 0);
	r->accepted = now();
}

static int go_inside(struct request *r)
{
	struct sockaddr_in nobody = service;
	int s;

	if (again) {
		s = socket(AF_INET, SOCK_STREAM, 0);
		nobody.sin_port = htons(9);
		must(connect(s, (struct sockaddr *)&nobody, sizeof(nobody)) < 0 && errno == ECONNREFUSED);
		close(s);
	}
	printf("%ld\n", now() - r->accepted);
	s = socket(AF_INET, SOCK_STREAM, 0);
	must(s >= 0 && !connect(s, (const struct sockaddr *)&service, sizeof(service)));
	return s;
}

static void accept_request(struct request *listener)
{
	struct request *r = calloc(1, sizeof(*r));

	accept_into(r, listener->outside);
	r->step = READ;
	r->inside = ahead ? go_inside(r) : -1;
	await(listener->outside, listener, EPOLL_CTL_MOD);
	await(r->outside, r, EPOLL_CTL_ADD);
}

static long delay_of(struct request *r)
{
	const char *d = strstr(r->line, "/d");

	return d ? atol(d + 2) : 0;
}

static void read_request(struct request *r)
{
	struct itimerspec when = {};
	long delay;

	r->length = recv(r->outside, r->line, sizeof(r->line) - 1, 0);
	must(r->length > 0);
	delay = delay_of(r);
	when.it_value.tv_nsec = delay * 1000000 + 1;
	r->timer = timerfd_create(CLOCK_MONOTONIC, 0);
	must(!timerfd_settime(r->timer, 0, &when, NULL));
	r->step = CONNECT;
	await(r->timer, r, EPOLL_CTL_ADD);
}

static void connect_for(struct request *r)
{
	close(r->timer);
	if (r->inside < 0)
		r->inside = go_inside(r);
	must(send(r->inside, r->line, r->length, MSG_NOSIGNAL) == r->length);
	r->step = ANSWER;
	await(r->inside, r, EPOLL_CTL_ADD);
}

static void answer(struct request *r)
{
	char data[65536];
	int n;

	while ((n = recv(r->inside, data, sizeof(data), 0)) > 0)
		send(r->outside, data, n, MSG_NOSIGNAL);
	close(r->inside);
	close(r->outside);
	free(r);
}

static void *work(void *nothing)
{
	struct epoll_event e;
	struct request *r;

	for (;;) {
		if (epoll_wait(poll_fd, &e, 1, -1) != 1)
			continue;
		r = e.data.ptr;
		if (r->step == ACCEPT)
			accept_request(r);
		else if (r->step == READ)
			read_request(r);
		else if (r->step == CONNECT)
			connect_for(r);
		else
			answer(r);
	}
	return nothing;
}

static void *serve_one(void *connection)
{
	struct request *r = connection;

	r->length = recv(r->outside, r->line, sizeof(r->line) - 1, 0);
	if (r->length > 0) {
		usleep(delay_of(r) * 1000);
		r->inside = go_inside(r);
		must(send(r->inside, r->line, r->length, MSG_NOSIGNAL) == r->length);
		answer(r);
	}
	return NULL;
}

int main(int count, char **words)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(8080)};
	struct request listener = {.step = ACCEPT}, *r;
	int i, one = 1, threads = count > 2 ? atoi(words[2]) : 1;
	pthread_t thread;

	must(count > 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	ahead = !strcmp(words[1], "ahead");
	listener.outside = socket(AF_INET, SOCK_STREAM, 0);
	must(!setsockopt(listener.outside, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	must(!bind(listener.outside, (struct sockaddr *)&any, sizeof(any)));
	must(!listen(listener.outside, 1024));
	again = !strcmp(words[1], "again");
	if (again || !strcmp(words[1], "thread")) {
		for (;;) {
			r = calloc(1, sizeof(*r));
			accept_into(r, listener.outside);
			must(!pthread_create(&thread, NULL, serve_one, r) && !pthread_detach(thread));
		}
	}
	poll_fd = epoll_create1(0);
	await(listener.outside, &listener, EPOLL_CTL_ADD);
	for (i = 1; i < threads; i++)
		must(!pthread_create(&thread, NULL, work, NULL));
	work(NULL);
}
