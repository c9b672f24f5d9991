/* A disk that takes its time: preloaded into a server, a write that must be on
 * the disk takes BENCH_DISK_US microseconds longer. */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int wait_and(const char *name, int fd)
{
	int (*real)(int fd);
	const char *us = getenv("BENCH_DISK_US");
	long more = us == NULL ? 0 : strtol(us, NULL, 10);

	*(void **)&real = dlsym(RTLD_NEXT, name);
	if (more > 0)
		nanosleep(&(struct timespec){ 0, more * 1000 }, NULL);
	return real(fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
	return wait_and("fdatasync", fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	return wait_and("fsync", fd);
}
