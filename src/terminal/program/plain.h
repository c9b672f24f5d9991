/* The terminal as a plain reader: a GemPC Twin on a tty (twin.h). */
#ifndef TRM_PLAIN_H
#define TRM_PLAIN_H

#include "bytes.h"

/* tty: a path; card: as in cards.h, with line:t1: in front if there is no line.
 * ready_fd: -1, or written to once the tty is open. Until the tty is gone or
 * SIGTERM comes. */
UK_RESULT trm_plain_run(const char *tty, const char *card, int ready_fd);

#endif
