/*
 * Sends datagrams to itself. "each ADDRESS PORT COUNT": reads every one before it sends the next. "full ADDRESS PORT COUNT": reads none before all are
 * sent to a small buffer, then those that found room, whose number is the exit code.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void fail(const char *what)
{
	perror(what);
	exit(255);
}

static socklen_t parse(const char *address, int port, struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (void *)to;
	struct sockaddr_in6 *v6 = (void *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) != 1)
		fail(address);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port);
	return sizeof(*v6);
}

int main(int argc, char **argv)
{
	int count = atoi(argv[4]), full = !strcmp(argv[1], "full"), small = 4096, got = 0;
	struct sockaddr_storage to;
	socklen_t length = parse(argv[2], atoi(argv[3]), &to);
	int in = socket(to.ss_family, SOCK_DGRAM, 0), out = socket(to.ss_family, SOCK_DGRAM, 0);
	char data[512] = "";

	if (in < 0 || out < 0 || bind(in, (void *)&to, length))
		fail("bind");
	if (full && setsockopt(in, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)))
		fail("SO_RCVBUF");
	for (int i = 0; i < count; i++) {
		if (sendto(out, data, sizeof(data), 0, (void *)&to, length) != sizeof(data))
			fail("sendto");
		if (!full && recv(in, data, sizeof(data), 0) != sizeof(data))
			fail("recv");
	}
	while (full && recv(in, data, sizeof(data), MSG_DONTWAIT) == sizeof(data))
		got++;
	return got;
}
