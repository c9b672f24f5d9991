/*
 * Where a request begins and ends (RFC 9112). Pure: bytes in, answers out.
 *
 * Whoever stands in front of the bank, haproxy or nginx, must see the same
 * requests as we do; what two programs could read in two ways is therefore
 * refused here before libevent's parser, which guesses, gets to see it.
 */
#ifndef BANK_FRAMING_H
#define BANK_FRAMING_H

#include "bytes.h"
#include "proto.h"

enum { BANK_HEAD_MAX = 8 * 1024 };

/* Finds a head at the beginning of what has come. BANK_OK: skip bytes of empty
 * lines (at most two, 2.2), then a head of n bytes with its empty line; n is 0
 * if more must come. Anything else: it will never be one. */
enum bank_code bank_head_find(uk_bytes come, size_t *skip, size_t *n);

enum bank_body { BANK_BODY_NONE, BANK_BODY_LENGTH, BANK_BODY_CHUNKED };

struct bank_head {
	enum bank_body body;
	uint64_t length; /* BANK_BODY_LENGTH: 1 to BANK_BODY_MAX */
	/* Scheme and authority of an absolute-form target (3.2.2) that are to
	 * be cut out: so many bytes from there on, with or without a path. */
	size_t cut_at, cut;
	bool no_path;
};
/* A whole head, as found. BANK_OK, or why it is refused. */
enum bank_code bank_head_read(uk_bytes head, struct bank_head *out);

/* A chunked body (7.1). Starts as zeroes. */
struct bank_chunks {
	int at;
	unsigned digits;
	uint64_t left, total; /* of this chunk; of all */
	size_t other;         /* extensions and trailers, which are dropped */
	bool done;
};
/* Takes up to the end of what has come, of a piece of content, or of the body.
 * *used is how much was taken, *content lies in it. BANK_OK or a refusal. */
enum bank_code bank_chunks_next(
    struct bank_chunks *c, uk_bytes come, size_t *used, uk_bytes *content);

#endif
