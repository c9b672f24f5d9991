/*
 * Server-sent events (HTML Living Standard, 9.2.6) as far as the protocol has
 * them: the data of an event is one line. Pure; inside the room.
 */
#ifndef BC_SSE_H
#define BC_SSE_H

#include "bytes.h"
#include "err.h"

struct bc_sse {
	uk_bytes event, data; /* views of the input; empty: there was none */
};

/* The first whole block of `in` (lines, and an empty one behind them), and how
 * many bytes it takes: 0 if it is not whole yet. Comments and fields that are
 * not known are passed over. UK_ERR_FORMAT: data of more lines than one. */
UK_RESULT bc_sse_next(uk_bytes in, struct bc_sse *out, size_t *used);

#endif
