/*
 * The line between host and terminal as an operating system has it: a tty, or
 * TCP. Both sides use it; none of it is needed in a microcontroller.
 *
 *   tty:/dev/ttyACM0             a tty, made raw
 *   tcp-listen:[address:]port    waits; 127.0.0.1 unless an address is given
 *   tcp-connect:address:port     goes there
 *
 * Behind a '?', separated by '&', options: plain (no pairing; for tests),
 * pairs=PATH (the file of pairs.h). The whole may stand in quotes.
 */
#ifndef TRM_LINE_H
#define TRM_LINE_H

#include "bytes.h"

enum { TRM_LINE_TEXT = 512 };

enum trm_line_kind { TRM_LINE_TTY, TRM_LINE_LISTEN, TRM_LINE_CONNECT };

struct trm_line {
	enum trm_line_kind kind;
	char path[TRM_LINE_TEXT]; /* of the tty; IPv4 address otherwise */
	uint16_t port;
	bool plain;
	char pairs[TRM_LINE_TEXT]; /* empty: the usual place */
};

/* UK_ERR_FORMAT: not such a name. */
UK_RESULT trm_line_parse(const char *name, struct trm_line *out);

/* Opens without blocking. *fd: the line, or for tcp-listen the socket that
 * waits; trm_line_accept makes lines of it. UK_ERR_NOT_FOUND: not there (yet);
 * errno tells people why. */
UK_RESULT trm_line_open(const struct trm_line *l, int *fd);
UK_RESULT trm_line_accept(int listener, int *fd);
/* The port of a listening socket (0 was asked for). */
uint16_t trm_line_port(int listener);

/* Milliseconds of a clock that never goes back. */
int64_t trm_now_ms(void);

/* Reads what is there. false: the line is dead. *n = 0: nothing now. */
bool trm_line_read(int fd, uint8_t *bytes, size_t cap, size_t *n);
/* Writes what goes in without waiting; false: the line is dead. */
bool trm_line_write(int fd, uk_bytes v, size_t *n);

#endif
