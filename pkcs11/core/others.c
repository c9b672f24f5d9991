/* Record locks between our processes. */
#include "others.h"

#include "cache_file.h"
#include "crypto.h"
#include "hex.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_LEN = 1024, NAME_BYTES = 8 };

/* The folder around ours must be there. */
static int open_in(const char *parent, const char *name)
{
	char path[PATH_MAX_LEN];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", parent, name);

	if (n < 0 || (size_t)n >= sizeof(path) || stat(parent, &st) != 0)
		return -1;
	return uk_cache_folder_open(path, true);
}

/* $XDG_RUNTIME_DIR, which is for such things; or where it usually is; or where
 * everybody may have one. What is not ours alone is not used. */
static int open_folder(void)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	unsigned long me = (unsigned long)geteuid();
	char text[64];
	int dir;

	if (runtime != NULL)
		return runtime[0] == '/' ? open_in(runtime, "ukey") : -1;
	(void)snprintf(text, sizeof(text), "/run/user/%lu", me);
	if ((dir = open_in(text, "ukey")) >= 0)
		return dir;
	(void)snprintf(text, sizeof(text), "ukey-%lu", me);
	return open_in("/tmp", text);
}

int p11_others_open(const char *kind, uk_bytes name)
{
	uint8_t sum[UK_CHECKSUM_SIZE];
	char hex[2 * NAME_BYTES + 1], file[64];
	int dir, fd;

	if (!uk_is_ok(uk_checksum(&name, 1, sum)))
		return -1;
	uk_hex_str(hex, sizeof(hex), uk_view(sum, NAME_BYTES));
	(void)snprintf(file, sizeof(file), "%s-%s.lock", kind, hex);
	if ((dir = open_folder()) < 0)
		return -1;
	fd = openat(dir, file,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	close(dir);
	return fd;
}

void p11_others_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* What goes wrong here (too many locks, a ring of processes that wait for each
 * other) is for the reader service to sort out. */
static void lock(int fd, int command, short type)
{
	struct flock l = { .l_type = type, .l_whence = SEEK_SET, .l_len = 1 };

	while (fd >= 0 && fcntl(fd, command, &l) != 0 && errno == EINTR)
		;
}

void p11_others_queue(int fd)
{
	lock(fd, F_SETLKW, F_WRLCK);
}

void p11_others_next(int fd)
{
	lock(fd, F_SETLK, F_UNLCK);
}

void p11_others_enter(int fd)
{
	lock(fd, F_SETLK, F_RDLCK);
}

bool p11_others_leave(int fd)
{
	struct flock l = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1
	};
	bool alone = fd < 0 || fcntl(fd, F_GETLK, &l) != 0 ||
		     l.l_type == F_UNLCK;

	lock(fd, F_SETLK, F_UNLCK);
	return alone;
}
