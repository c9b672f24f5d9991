/* Handing an open descriptor to another process, over a Unix socket: one byte
 * with the descriptor as SCM_RIGHTS (unix(7)). */
#ifndef UK_FDPASS_H
#define UK_FDPASS_H

#include <stdbool.h>

/* Hands fd over; it stays open here. Does not wait. false: errno. */
bool uk_fd_send(int socket, int fd);

/* The next one, close-on-exec; the caller closes it. -1: there was none, by
 * errno (0: a message without a descriptor; EPIPE: nobody is left to send).
 * With wait, waits for it. */
int uk_fd_receive(int socket, bool wait);

#endif
