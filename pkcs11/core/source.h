/*
 * Where readers and cards come from.
 *
 * The core reaches readers only through this table. It is PC/SC and
 * what the configuration adds to it, except in tests, which put fake readers
 * and a fake card kind behind it (p11_use_source).
 */
#ifndef P11_SOURCE_H
#define P11_SOURCE_H

#include "card.h"
#include "transport.h"

/* The meaning of each row is that of the function it stands for:
 * uk_readers_open ... uk_readers_connect, uk_cards_open. */
struct p11_source {
	uk_err (*open)(uk_readers **out);
	void (*close)(uk_readers **r);
	uk_err (*readers)(
	    uk_readers *r, uk_reader_state *out, size_t cap, size_t *n);
	uk_err (*wait)(uk_readers *r, const uk_reader_state *known, size_t n,
	    unsigned timeout_ms);
	void (*cancel)(uk_readers *r);
	uk_err (*connect)(uk_readers *r, const char *reader, uk_link **out);
	uk_err (*open_cards)(uk_channel *ch, struct uk_cards *out);
};

const struct p11_source *p11_source(void);
/* NULL = the ordinary one. Only before C_Initialize. */
void p11_use_source(const struct p11_source *source);

#endif
