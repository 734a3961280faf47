// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * An HTTP service whose every response is one write: responder PORT BODY_BYTES SLEEP_MS. It reads a request in one read, SLEEP_MS after it has
 * arrived. A thread a connection; a request that says "Connection: close" closes it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *response;
static size_t response_bytes;
static unsigned sleep_us;

static int write_all(int fd, const char *from, size_t bytes)
{
	while (bytes) {
		ssize_t n = write(fd, from, bytes);

		if (n <= 0)
			return -1;
		from += n;
		bytes -= n;
	}
	return 0;
}

static void *serve(void *arg)
{
	int fd = (int)(long)arg;
	char request[65536];

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, -1) != 1)
			break;
		if (sleep_us)
			usleep(sleep_us);
		n = read(fd, request, sizeof(request) - 1);
		if (n <= 0)
			break;
		request[n] = 0;
		if (write_all(fd, response, response_bytes) || strcasestr(request, "connection: close"))
			break;
	}
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_ANY_INIT};
	int listener = socket(AF_INET6, SOCK_STREAM, 0), one = 1, zero = 0;
	size_t body;
	int head;

	if (argc != 4)
		return 2;
	at.sin6_port = htons(atoi(argv[1]));
	body = atol(argv[2]);
	sleep_us = atoi(argv[3]) * 1000;
	response = malloc(body + 128);
	head = sprintf(response, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body);
	memset(response + head, 'x', body);
	response_bytes = head + body;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 1024)) {
		perror("responder");
		return 1;
	}
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (pthread_create(&thread, NULL, serve, (void *)(long)fd))
			return 1;
		pthread_detach(thread);
	}
}
