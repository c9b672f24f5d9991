/*
 * A clock that a test can put forward: preloaded into a server, it answers
 * time() with so many seconds more as the file named by TEST_CLOCK says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

__attribute__((visibility("default"))) time_t time(time_t *out)
{
	const char *path = getenv("TEST_CLOCK");
	FILE *f = path == NULL ? NULL : fopen(path, "re");
	struct timespec now;
	long more = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	if (f != NULL) {
		if (fscanf(f, "%ld", &more) != 1)
			more = 0;
		fclose(f);
	}
	now.tv_sec += more;
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}
