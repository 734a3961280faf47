/* client ADDRESS PORT COUNT [MILLISECONDS]: makes exactly COUNT TCP connections one after the other, on each sends one
 * byte and reads to the end; then sleeps. Exits 0 when each connection came to its end, else 1 with the reason. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static socklen_t parse(const char *address, int port, struct sockaddr_storage *to)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)to;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return sizeof(*v6);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	char buffer[4096];
	socklen_t length;
	ssize_t got;

	if (argc < 4 || !(length = parse(argv[1], atoi(argv[2]), &to))) {
		fprintf(stderr, "usage: client ADDRESS PORT COUNT [MILLISECONDS]\n");
		return 2;
	}
	for (int i = 0; i < atoi(argv[3]); i++) {
		int socket_fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (socket_fd < 0)
			return fail("socket");
		if (connect(socket_fd, (struct sockaddr *)&to, length) < 0)
			return fail("connect");
		if (send(socket_fd, "x", 1, MSG_NOSIGNAL) != 1)
			return fail("send");
		while ((got = read(socket_fd, buffer, sizeof(buffer))) > 0)
			;
		if (got < 0)
			return fail("read");
		close(socket_fd);
	}
	if (argc > 4)
		usleep(atoi(argv[4]) * 1000u);
	return 0;
}
