/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The processes of generated pods. Started without an argument it makes them, as told line by line, and they end with it:
 *
 *   netns                  what is started from here on is in a network namespace of its own
 *   EXECUTABLE CGROUP      starts a process in a cgroup's directory; EXECUTABLE is a copy of this program
 *   done                   says "done" when all before has been done
 *
 * Started with an argument it is one of them: it sleeps, and makes one connection to itself for each SIGUSR1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int connect_to_itself(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	char byte = 0;

	if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &length) ||
	    connect(client, (struct sockaddr *)&address, length))
		return fail("connection");
	int server = accept(listener, NULL, NULL);

	if (write(client, &byte, 1) != 1 || read(server, &byte, 1) != 1)
		return fail("connection");
	close(client);
	close(server);
	close(listener);
	return 0;
}

static int be_a_container(const sigset_t *signals)
{
	int signal;

	while (sigwait(signals, &signal) == 0)
		connect_to_itself();
	return 1;
}

static int enter_new_netns(void)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};

	if (unshare(CLONE_NEWNET))
		return fail("unshare");
	int any = socket(AF_INET, SOCK_DGRAM, 0);
	int result = ioctl(any, SIOCSIFFLAGS, &loopback);

	close(any);
	return result ? fail("lo up") : 0;
}

static int start(const char *executable, const char *cgroup)
{
	char file[512];

	snprintf(file, sizeof(file), "%s/cgroup.procs", cgroup);
	pid_t child = vfork(); /* returns when the other program runs, in its cgroup */
	if (child == 0) {
		int procs = open(file, O_WRONLY | O_CLOEXEC);

		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && procs >= 0 && write(procs, "0", 1) == 1)
			execl(executable, executable, "container", (char *)NULL);
		_exit(1);
	}
	return child > 0 ? 0 : fail("vfork");
}

int main(int argc, char **argv)
{
	static char line[1024];
	sigset_t signals;

	(void)argv;
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (argc > 1)
		return be_a_container(&signals);

	signal(SIGCHLD, SIG_IGN); /* who is killed is gone at once */
	signal(SIGINT, SIG_IGN); /* Ctrl-C is for the benchmark, whose end is the end of our input */
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		char *cgroup = strchr(line, ' ');

		if (strcmp(line, "netns") == 0 && enter_new_netns())
			return 1;
		if (strcmp(line, "done") == 0) {
			puts("done");
			fflush(stdout);
		}
		if (cgroup) {
			*cgroup++ = 0;
			if (start(line, cgroup))
				return 1;
		}
	}
	return 0;
}
