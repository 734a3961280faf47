/* Uses a known amount of one resource: use cpu SECONDS | memory MIB [wait] | write DEVICE MIB | send DATAGRAMS */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MIB (1024 * 1024)

static double used(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* The clock does not begin anew at exec: what the shell before it used is in it, partly from before it was in the cgroup. */
static int cpu(double seconds)
{
	double end = used() + seconds;

	while (used() < end)
		;
	return 0;
}

static int memory(size_t mib, int wait)
{
	char *p = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	memset(p, 1, mib * MIB);
	puts("touched");
	fflush(stdout);
	if (wait)
		pause();
	return 0;
}

static int write_direct(const char *device, int mib)
{
	int fd = open(device, O_WRONLY | O_DIRECT);
	void *block;

	if (fd < 0 || posix_memalign(&block, 4096, MIB))
		return 1;
	memset(block, 1, MIB);
	for (int i = 0; i < mib; i++)
		if (write(fd, block, MIB) != MIB)
			return 1;
	return fsync(fd);
}

/* To ourselves, so that all goes through the loopback of this namespace. */
static int send_datagrams(int count)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(to);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char load[1000] = {0};

	if (fd < 0 || bind(fd, (void *)&to, size) || getsockname(fd, (void *)&to, &size))
		return 1;
	for (int i = 0; i < count; i++)
		if (sendto(fd, load, sizeof(load), 0, (void *)&to, size) != sizeof(load) ||
		    recv(fd, load, sizeof(load), 0) < 0)
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && !strcmp(argv[1], "cpu"))
		return cpu(atof(argv[2]));
	if (argc >= 3 && !strcmp(argv[1], "memory"))
		return memory(atol(argv[2]), argc > 3);
	if (argc >= 4 && !strcmp(argv[1], "write"))
		return write_direct(argv[2], atoi(argv[3]));
	if (argc >= 3 && !strcmp(argv[1], "send"))
		return send_datagrams(atoi(argv[2]));
	return 2;
}
