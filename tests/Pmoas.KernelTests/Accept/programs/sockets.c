// SPDX-License-Identifier: Apache-2.0
/*
 * Does one unusual thing with TCP sockets, both ends in this process: sockets WHAT. Ends with 0 when it went as described,
 * so that what a test counts is known to have happened.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* The condition holds, or the program ends and says where. */
static void must_at(int line, int condition)
{
	if (condition)
		return;
	fprintf(stderr, "sockets.c:%d: %s\n", line, strerror(errno));
	exit(1);
}
#define must(condition) must_at(__LINE__, condition)

static struct sockaddr_in at(const char *address, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	must(inet_pton(AF_INET, address, &a.sin_addr) == 1);
	return a;
}

static int tcp(int flags)
{
	int s = socket(AF_INET, SOCK_STREAM | flags, 0);

	must(s >= 0);
	return s;
}

/* Starts to listen on a port of its own choice on 127.0.0.1, and says where. */
static int listener(int protocol, int backlog, struct sockaddr_in *where)
{
	int s = socket(AF_INET, SOCK_STREAM, protocol);
	socklen_t size = sizeof(*where);

	must(s >= 0);
	*where = at("127.0.0.1", 0);
	must(!bind(s, (struct sockaddr *)where, size));
	must(!listen(s, backlog));
	must(!getsockname(s, (struct sockaddr *)where, &size));
	return s;
}

static int connected_to(const struct sockaddr_in *where)
{
	int s = tcp(0);

	must(!connect(s, (const struct sockaddr *)where, sizeof(*where)));
	return s;
}

static int accepted_from(int listener)
{
	int s = accept(listener, NULL, NULL);

	must(s >= 0);
	return s;
}

static void say(int s, const char *text)
{
	must(send(s, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}

static void hear(int s, const char *text)
{
	char heard[64];

	must(recv(s, heard, strlen(text), MSG_WAITALL) == (ssize_t)strlen(text));
}

/* close() that answers what is in flight with a reset */
static void reset(int s)
{
	struct linger now = {.l_onoff = 1};

	must(!setsockopt(s, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	close(s);
}

/* Data in the SYN: the server's end is accepted and read from while its handshake is still going on. */
static void fast_open(void)
{
	struct sockaddr_in where;
	int one = 1, l = listener(0, 16, &where), c, s;

	must(!setsockopt(l, IPPROTO_TCP, TCP_FASTOPEN, &one, sizeof(one)));
	c = tcp(0);
	must(sendto(c, "ask", 3, MSG_FASTOPEN, (struct sockaddr *)&where, sizeof(where)) == 3);
	s = accepted_from(l);
	hear(s, "ask");
	say(s, "answer");
	hear(c, "answer");
	say(c, "more");
	hear(s, "more");
	close(c);
	close(s);
}

/* A socket that connects to itself: both ends send a SYN. */
static void self_connect(void)
{
	struct sockaddr_in where = at("127.0.0.1", 0);
	socklen_t size = sizeof(where);
	int s = tcp(0);

	must(!bind(s, (struct sockaddr *)&where, size));
	must(!getsockname(s, (struct sockaddr *)&where, &size));
	must(!connect(s, (struct sockaddr *)&where, size));
	say(s, "echo");
	hear(s, "echo");
	close(s);
}

/* Gives up while nobody has answered. */
static void abandon(const char *silent)
{
	struct sockaddr_in where = at(silent, 80);
	int s = tcp(SOCK_NONBLOCK);

	must(connect(s, (struct sockaddr *)&where, sizeof(where)) < 0 && errno == EINPROGRESS);
	close(s);
}

/* No route, with and without a local port chosen before. */
static void no_route(void)
{
	struct sockaddr_in where = at("10.222.0.1", 80), any = at("0.0.0.0", 0);
	int i, s;

	for (i = 0; i < 2; i++) {
		s = tcp(0);
		must(!i || !bind(s, (struct sockaddr *)&any, sizeof(any)));
		must(connect(s, (struct sockaddr *)&where, sizeof(where)) < 0 && errno == ENETUNREACH);
		close(s);
	}
}

/* One socket: refused, then connected, disconnected, and connected again. */
static void reconnect(void)
{
	struct sockaddr_in nobody = at("127.0.0.1", 9), where;
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	int l = listener(0, 16, &where), s = tcp(0), i, a;

	must(connect(s, (struct sockaddr *)&nobody, sizeof(nobody)) < 0 && errno == ECONNREFUSED);
	for (i = 0; i < 2; i++) {
		must(!connect(s, (struct sockaddr *)&where, sizeof(where)));
		a = accepted_from(l);
		say(s, "ask");
		hear(a, "ask");
		must(!connect(s, &none, sizeof(none)));
		close(a);
	}
	close(s);
}

/* The client is gone, by a reset, before accept(). */
static void reset_before_accept(void)
{
	struct sockaddr_in where;
	int l = listener(0, 16, &where), s;

	reset(connected_to(&where));
	s = accepted_from(l);
	must(recv(s, &s, sizeof(s), 0) < 0 && errno == ECONNRESET);
	close(s);
}

static void never_accepted(void)
{
	struct sockaddr_in where;
	int l = listener(0, 16, &where), i;

	for (i = 0; i < 10; i++)
		close(connected_to(&where));
	close(l);
}

/* 4 clients at once of a listener that has room for 2: all are served in the end, some after they tried again. */
static void overflow(void)
{
	struct sockaddr_in where;
	int l = listener(0, 1, &where), c[4], i, s;

	for (i = 0; i < 4; i++) {
		c[i] = tcp(SOCK_NONBLOCK);
		must(connect(c[i], (struct sockaddr *)&where, sizeof(where)) < 0 && errno == EINPROGRESS);
	}
	usleep(100000);
	for (i = 0; i < 4; i++) {
		s = accepted_from(l);
		say(s, "answer");
		close(s);
	}
	for (i = 0; i < 4; i++) {
		must(!fcntl(c[i], F_SETFL, 0));
		hear(c[i], "answer");
		close(c[i]);
	}
}

/* Accepts, and hands the connection to another process of the container, which is the one that reads and closes it. */
static void pass_to_process(void)
{
	struct sockaddr_in where;
	int l = listener(0, 16, &where), pair[2], c, s, status;
	char room[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
	struct cmsghdr *descriptor = CMSG_FIRSTHDR(&message);

	must(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	if (!fork()) {
		must(recvmsg(pair[1], &message, 0) == 1);
		memcpy(&s, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(s));
		hear(s, "ask");
		say(s, "answer");
		exit(0);
	}
	c = connected_to(&where);
	s = accepted_from(l);
	descriptor->cmsg_level = SOL_SOCKET;
	descriptor->cmsg_type = SCM_RIGHTS;
	descriptor->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(descriptor), &s, sizeof(s));
	must(sendmsg(pair[0], &message, 0) == 1);
	close(s);
	say(c, "ask");
	hear(c, "answer");
	must(wait(&status) > 0 && !status);
	close(c);
}

static void *accept_one(void *listener)
{
	int s = accepted_from(*(int *)listener);

	hear(s, "ask");
	say(s, "answer");
	close(s);
	return NULL;
}

/* Four processes of two threads each wait in accept() of one listener. */
static void prefork(void)
{
	struct sockaddr_in where;
	int l = listener(0, 16, &where), i, c, status;
	pthread_t thread;

	for (i = 0; i < 4; i++) {
		if (fork())
			continue;
		must(!pthread_create(&thread, NULL, accept_one, &l));
		accept_one(&l);
		pthread_join(thread, NULL);
		exit(0);
	}
	for (i = 0; i < 8; i++) {
		c = connected_to(&where);
		say(c, "ask");
		hear(c, "answer");
		close(c);
	}
	while (wait(&status) > 0)
		must(!status);
}

/* One end is done sending, then the other; and a close with data nobody read. */
static void half_close(void)
{
	struct sockaddr_in where;
	int l = listener(0, 16, &where), c = connected_to(&where), s = accepted_from(l);

	say(c, "ask");
	must(!shutdown(c, SHUT_WR));
	hear(s, "ask");
	say(s, "answer");
	close(s);
	hear(c, "answer");
	must(recv(c, &s, sizeof(s), 0) == 0);
	close(c);

	c = connected_to(&where);
	s = accepted_from(l);
	say(c, "ask");
	usleep(10000);
	close(s);
	usleep(10000);
	close(c);
}

/* What is not TCP. */
static void others(void)
{
	struct sockaddr_in where = at("127.0.0.1", 5353);
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int i, l, c, s;

	s = socket(AF_INET, SOCK_DGRAM, 0);
	must(!bind(s, (struct sockaddr *)&where, sizeof(where)));
	c = socket(AF_INET, SOCK_DGRAM, 0);
	must(!connect(c, (struct sockaddr *)&where, sizeof(where)));
	say(c, "ask");
	hear(s, "ask");
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	must(!bind(l, (struct sockaddr *)&name, sizeof(sa_family_t)));
	must(!listen(l, 4));
	socklen_t size = sizeof(name);
	must(!getsockname(l, (struct sockaddr *)&name, &size));
	for (i = 0; i < 3; i++) {
		c = socket(AF_UNIX, SOCK_STREAM, 0);
		must(!connect(c, (struct sockaddr *)&name, size));
		s = accepted_from(l);
		say(c, "ask");
		hear(s, "ask");
	}
}

/* Serves one connection after another, on a port that is written to stdout, until stdin ends. */
static void serve(int protocol)
{
	struct sockaddr_in where;
	int l = listener(protocol, 16, &where), s;
	struct pollfd wait[2] = {{.fd = 0, .events = POLLIN}, {.fd = l, .events = POLLIN}};

	printf("%d\n", ntohs(where.sin_port));
	fflush(stdout);
	while (poll(wait, 2, -1) > 0 && !wait[0].revents) {
		s = accepted_from(l);
		hear(s, "ask");
		say(s, "answer");
		close(s);
	}
}

int main(int count, char **words)
{
	const char *what = count > 1 ? words[1] : "";

	alarm(20);
	if (!strcmp(what, "fast_open"))
		fast_open();
	else if (!strcmp(what, "self_connect"))
		self_connect();
	else if (!strcmp(what, "abandon"))
		abandon(words[2]);
	else if (!strcmp(what, "no_route"))
		no_route();
	else if (!strcmp(what, "reconnect"))
		reconnect();
	else if (!strcmp(what, "reset_before_accept"))
		reset_before_accept();
	else if (!strcmp(what, "never_accepted"))
		never_accepted();
	else if (!strcmp(what, "overflow"))
		overflow();
	else if (!strcmp(what, "pass_to_process"))
		pass_to_process();
	else if (!strcmp(what, "prefork"))
		prefork();
	else if (!strcmp(what, "half_close"))
		half_close();
	else if (!strcmp(what, "others"))
		others();
	else if (!strcmp(what, "serve"))
		serve(0);
	else if (!strcmp(what, "serve_mptcp"))
		serve(IPPROTO_MPTCP);
	else
		return 2;
	return 0;
}
