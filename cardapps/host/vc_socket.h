/* Unix sockets of this program. */
#ifndef VC_SOCKET_H
#define VC_SOCKET_H

/* A listening stream socket, mode 0600; -1 on failure (errno). A stale one of
 * an ended process is replaced. */
int vc_socket_listen(const char *path);
/* Connected, or -1. */
int vc_socket_connect(const char *path);

#endif
