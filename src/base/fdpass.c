/* One control message, no more. */
#include "fdpass.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

union rights {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static struct msghdr frame(struct iovec *part, union rights *rights)
{
	return (struct msghdr){ .msg_iov = part,
		.msg_iovlen = 1,
		.msg_control = rights->room,
		.msg_controllen = sizeof(rights->room) };
}

bool uk_fd_send(int socket, int fd)
{
	uint8_t byte = 1;
	struct iovec part = { &byte, 1 };
	union rights rights = { { 0 } };
	struct msghdr m = frame(&part, &rights);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(socket, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

int uk_fd_receive(int socket, bool wait)
{
	uint8_t byte;
	struct iovec part = { &byte, 1 };
	union rights rights = { { 0 } };
	struct msghdr m = frame(&part, &rights);
	struct cmsghdr *c;
	ssize_t got;
	int fd;

	do
		got = recvmsg(
		    socket, &m, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	errno = got == 0 ? EPIPE : 0;
	c = got == 0 ? NULL : CMSG_FIRSTHDR(&m);
	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return -1;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}
