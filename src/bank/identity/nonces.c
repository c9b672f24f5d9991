/* The login challenges that are out. */
#include "nonces.h"

struct nonce {
	uint8_t text[BANK_NONCE_TEXT];
	int64_t expires; /* 0: free place */
};

struct bank_nonces {
	size_t room;
	struct nonce *places;
};

uk_err bank_nonces_open(size_t room, struct bank_nonces **out)
{
	struct bank_nonces *n = uk_new(sizeof(*n));

	*out = NULL;
	if (n == NULL)
		return uk_fail(UK_ERR_MEMORY);
	n->room = room;
	n->places = uk_new_array(room, sizeof(*n->places));
	if (n->places == NULL) {
		bank_nonces_close(&n);
		return uk_fail(UK_ERR_MEMORY);
	}
	*out = n;
	return uk_ok();
}

void bank_nonces_close(struct bank_nonces **n)
{
	if (*n == NULL)
		return;
	uk_free((*n)->places);
	uk_free(*n);
	*n = NULL;
}

/* The place that is free, or else the one that ran out first: expired
 * challenges stay as long as they can, to be called expired and not unknown. */
static struct nonce *oldest(struct bank_nonces *n)
{
	struct nonce *best = &n->places[0];

	for (size_t i = 1; i < n->room; i++) {
		if (n->places[i].expires < best->expires)
			best = &n->places[i];
	}
	return best;
}

enum bank_code bank_nonces_add(
    struct bank_nonces *n, uk_bytes text, int64_t now)
{
	struct nonce *place = oldest(n);

	if (place->expires > now)
		return BANK_BUSY;
	if (!uk_is_ok(uk_copy_exact(place->text, sizeof(place->text), text)))
		return BANK_INTERNAL;
	place->expires = now + BANK_NONCE_SECONDS;
	return BANK_OK;
}

enum bank_code bank_nonces_take(
    struct bank_nonces *n, uk_bytes text, int64_t now)
{
	for (size_t i = 0; i < n->room; i++) {
		struct nonce *p = &n->places[i];
		bool late = p->expires <= now;

		if (p->expires == 0 || !uk_bytes_eq(UK_ARRAY(p->text), text))
			continue;
		*p = (struct nonce){ 0 };
		return late ? BANK_NONCE_EXPIRED : BANK_OK;
	}
	return BANK_NONCE_UNKNOWN;
}
