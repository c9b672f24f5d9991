/*
 * An answer that does not end: what comes is handed over as it comes. A
 * connection of its own, beside the calls of the same bank. Inside the room.
 */
#ifndef BC_STREAM_H
#define BC_STREAM_H

#include "bc_http.h"

struct bc_stream;

/* Connects, and waits for the answer to begin. BC_REFUSED with the bank's code
 * if it is not 200. */
bc_result bc_stream_open(const struct bc_http *http, const char *path,
    const char *bearer, struct bc_stream **out) BC_MUST_USE;
void bc_stream_close(struct bc_stream **s); /* accepts NULL */

/* Waits, and appends what has come. BC_NO_ANSWER: it has ended, is broken, or
 * nothing has come for longer than a bank is silent. */
bc_result bc_stream_read(struct bc_stream *s, uk_blob *out) BC_MUST_USE;

#endif
