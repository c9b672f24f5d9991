/* A server as OpenSSL's defaults make it: client certificates asked for and
 * checked by OpenSSL at every handshake, tickets sent; one request, one short
 * answer, and the connection ends. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

struct peer_files {
	const char *ca, *cert, *key;
};

/* For daemon_fork: arg is a struct peer_files. */
void peer_serve(int fd, void *arg);

#endif
