/* Listening and connecting by path. */
#include "vc_socket.h"

#include "bytes.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

static bool set_address(struct sockaddr_un *a, const char *path)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return uk_is_ok(
	    uk_copy_str(a->sun_path, sizeof(a->sun_path), uk_view_str(path)));
}

int vc_socket_connect(const char *path)
{
	struct sockaddr_un a;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && set_address(&a, path) &&
	    connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static bool is_taken(const char *path)
{
	int fd = vc_socket_connect(path);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

int vc_socket_listen(const char *path)
{
	struct sockaddr_un a;
	struct stat st;
	mode_t mask;
	int fd, bound;

	if (!set_address(&a, path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (is_taken(path)) {
		errno = EADDRINUSE;
		return -1;
	}
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	mask = umask(0077);
	bound = bind(fd, (struct sockaddr *)&a, sizeof(a));
	(void)umask(mask);
	if (bound == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	(void)close(fd);
	return -1;
}
