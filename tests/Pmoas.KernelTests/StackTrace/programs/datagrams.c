/*
 * Sends datagrams to itself. "each ADDRESS PORT COUNT [BYTES [SEGMENT]]": reads every one before it sends the next; with SEGMENT the kernel makes
 * datagrams of so many bytes of each (UDP_SEGMENT). "full ADDRESS PORT COUNT": reads none before all are sent to a small buffer, then those that found
 * room, whose number is the exit code.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SOL_UDP 17
#define UDP_SEGMENT 103

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
	int bytes = argc > 5 ? atoi(argv[5]) : 512, segment = argc > 6 ? atoi(argv[6]) : bytes;
	static char data[65507];

	if (in < 0 || out < 0 || bind(in, (void *)&to, length))
		fail("bind");
	if (full && setsockopt(in, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)))
		fail("SO_RCVBUF");
	if (segment != bytes && setsockopt(out, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)))
		fail("UDP_SEGMENT");
	for (int i = 0; i < count; i++) {
		if (sendto(out, data, bytes, 0, (void *)&to, length) != bytes)
			fail("sendto");
		for (int read = 0; !full && read < bytes; read += segment)
			if (recv(in, data, sizeof(data), 0) != segment)
				fail("recv");
	}
	while (full && recv(in, data, sizeof(data), MSG_DONTWAIT) == bytes)
		got++;
	return got;
}
