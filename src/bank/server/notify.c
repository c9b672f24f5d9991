/* Datagrams to systemd. */
#include "notify.h"

#include "bytes.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void bank_systemd_tell(const char *state)
{
	const char *place = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t n;
	int fd;

	if (place == NULL || (place[0] != '/' && place[0] != '@') ||
	    !uk_is_ok(uk_copy_str(
		a.sun_path, sizeof(a.sun_path), uk_view_str(place))))
		return;
	n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(place));
	if (place[0] == '@')
		a.sun_path[0] = '\0'; /* an abstract one (unix(7)) */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&a, n);
	close(fd);
}

void bank_systemd_alive(void)
{
	if (getenv("WATCHDOG_USEC") != NULL)
		bank_systemd_tell("WATCHDOG=1");
}
