/* A server under measurement: a process, and what it has spent. */
#ifndef BENCH_DAEMON_H
#define BENCH_DAEMON_H

#include <sys/types.h>

struct daemon {
	pid_t pid;
	unsigned port;
};

/* `BANKD serve --dir DIR` on a free port; its log goes to DIR/../server.log. */
struct daemon daemon_start(const char *bankd, const char *dir);
/* A child that runs fn(listening descriptor, arg) until it is stopped. */
struct daemon daemon_fork(void (*fn)(int fd, void *arg), void *arg);
void daemon_stop(struct daemon *d);

/* Seconds of processor time, user and system, of all its threads so far. */
double daemon_cpu(const struct daemon *d);
/* Its memory; what it shares with others counts in part (PSS). */
double daemon_memory_kb(const struct daemon *d);

#endif
