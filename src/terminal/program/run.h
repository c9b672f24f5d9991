/* The terminal's loop: link, device, screen, cards. */
#ifndef TRM_RUN_H
#define TRM_RUN_H

#include "line.h"

struct trm_run_options {
	const char *name; /* of the terminal, for people */
	struct trm_line line;
	const char *state;    /* folder */
	const char *cards[2]; /* contact, contactless; NULL: an empty slot */
	unsigned columns, lines;
	bool open_policy; /* transaction keys may sign what was not shown */
	const char *ccid; /* NULL, or a tty: a plain reader (plain.h) */
	int ready_fd;     /* -1, or the port is written there */
};

/* Until a person or a signal ends it. why: one line for people. */
UK_RESULT trm_run(const struct trm_run_options *o, char *why, size_t why_cap);

#endif
