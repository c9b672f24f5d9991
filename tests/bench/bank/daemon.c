/* A server under measurement. */
#include "daemon.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READY_FD = 3, READY_MS = 30000, BACKLOG = 1024 };

extern char **environ;

static unsigned read_port(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char text[16] = "";

	if (poll(&p, 1, READY_MS) != 1 || read(fd, text, sizeof(text) - 1) <= 0)
		return 0;
	return (unsigned)strtoul(text, NULL, 10);
}

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

struct daemon daemon_start(const char *bankd, const char *dir)
{
	posix_spawn_file_actions_t files;
	struct daemon d = { 0 };
	char log[256];
	int ready[2];
	const char *argv[] = { bankd, "serve", "--dir", dir, "--port", "0",
		"--ready-fd", "3", NULL };

	snprintf(log, sizeof(log), "%s/../server.log", dir);
	if (pipe2(ready, O_CLOEXEC) != 0)
		give_up("no pipe");
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(
	    &files, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(&files, ready[1], READY_FD);
	if (posix_spawn(&d.pid, bankd, &files, NULL, (char **)(uintptr_t)argv,
		environ) != 0)
		give_up("the server cannot be started");
	posix_spawn_file_actions_destroy(&files);
	close(ready[1]);
	d.port = read_port(ready[0]);
	close(ready[0]);
	if (d.port == 0)
		give_up("the server does not start: see its log");
	return d;
}

static int listen_anywhere(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof(a);
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&a, n) != 0 ||
	    listen(fd, BACKLOG) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &n) != 0)
		give_up("cannot listen");
	*port = ntohs(a.sin_port);
	return fd;
}

struct daemon daemon_fork(void (*fn)(int fd, void *arg), void *arg)
{
	struct daemon d = { 0 };
	int fd = listen_anywhere(&d.port);

	d.pid = fork();
	if (d.pid == 0) {
		signal(SIGTERM, SIG_DFL);
		fn(fd, arg);
		_exit(0);
	}
	close(fd);
	if (d.pid < 0)
		give_up("cannot fork");
	return d;
}

void daemon_stop(struct daemon *d)
{
	if (d->pid > 0) {
		kill(d->pid, SIGTERM);
		waitpid(d->pid, NULL, 0);
	}
	d->pid = 0;
}

double daemon_cpu(const struct daemon *d)
{
	struct timespec t = { 0, 0 };
	clockid_t clock;

	if (clock_getcpuclockid(d->pid, &clock) != 0 ||
	    clock_gettime(clock, &t) != 0)
		give_up("the server is gone: see its log");
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double daemon_memory_kb(const struct daemon *d)
{
	char path[64], line[256];
	double kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)d->pid);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "Pss:", 4) == 0)
			kb = strtod(line + 4, NULL);
	}
	if (f != NULL)
		fclose(f);
	return kb;
}
