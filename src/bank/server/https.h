/*
 * The network: HTTPS with TLS 1.3 only, one thread, libevent. Everything a peer
 * can make grow has a limit: connections, headers, bodies, and the time that a
 * request may take to arrive.
 */
#ifndef BANK_HTTPS_H
#define BANK_HTTPS_H

#include "bank.h"

/*
 * Serves until SIGTERM or SIGINT; SIGHUP reads settings and revocation
 * list again.
 * port 0: any free one. Once the port is open, "listening on https://HOST:PORT"
 * is printed to standard output, and, if ready_fd >= 0, the port with a newline
 * is written to it and it is closed.
 */
UK_RESULT bank_https_run(
    struct bank *b, unsigned port, int ready_fd, char *why, size_t why_cap);

#endif
