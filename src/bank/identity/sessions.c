/* Who is logged in. */
#include "sessions.h"

#include "hex.h"
#include "secret.h"

struct session {
	uint8_t hash[32];
	int64_t customer; /* 0: free place */
	int64_t began, used;
};

struct bank_sessions {
	uk_crypto *crypto; /* borrowed */
	size_t room;
	struct session *places;
};

uk_err bank_sessions_open(uk_crypto *c, size_t room, struct bank_sessions **out)
{
	struct bank_sessions *s = uk_new(sizeof(*s));

	*out = NULL;
	if (s == NULL)
		return uk_fail(UK_ERR_MEMORY);
	s->crypto = c;
	s->room = room;
	s->places = uk_new_array(room, sizeof(*s->places));
	if (s->places == NULL) {
		bank_sessions_close(&s);
		return uk_fail(UK_ERR_MEMORY);
	}
	*out = s;
	return uk_ok();
}

void bank_sessions_close(struct bank_sessions **s)
{
	if (*s == NULL)
		return;
	uk_free((*s)->places);
	uk_free(*s);
	*s = NULL;
}

static int64_t ends_at(const struct session *p)
{
	int64_t idle = p->used + BANK_SESSION_IDLE_SECONDS;
	int64_t whole = p->began + BANK_SESSION_SECONDS;

	return idle < whole ? idle : whole;
}

static bool is_free(const struct session *p, int64_t now)
{
	return p->customer == 0 || ends_at(p) <= now;
}

/* A free place; or, if the customer has enough already, his oldest. */
static struct session *place_for(
    struct bank_sessions *s, int64_t customer, int64_t now)
{
	struct session *empty = NULL, *oldest = NULL;
	unsigned own = 0;

	for (size_t i = 0; i < s->room; i++) {
		struct session *p = &s->places[i];

		if (is_free(p, now)) {
			empty = p;
		} else if (p->customer == customer) {
			own++;
			if (oldest == NULL || p->used < oldest->used)
				oldest = p;
		}
	}
	return own >= BANK_SESSIONS_EACH ? oldest : empty;
}

static uk_err make_token(uk_crypto *c, uk_buf *token, uk_buf *hash)
{
	uint8_t secret[32], text[BANK_SESSION_TEXT];
	uk_buf hex = UK_BUF(text);
	uk_err err = uk_random(c, secret, sizeof(secret));

	if (uk_is_ok(err)) {
		uk_put_hex(&hex, UK_ARRAY(secret));
		uk_put(token, uk_buf_view(&hex));
		err = uk_buf_result(token);
	}
	if (uk_is_ok(err))
		err = uk_hash_one(c, UK_HASH_SHA256, uk_buf_view(&hex), hash);
	uk_wipe(secret, sizeof(secret));
	uk_wipe(text, sizeof(text));
	return err;
}

enum bank_code bank_sessions_add(struct bank_sessions *s, int64_t customer,
    int64_t now, uk_buf *token, int64_t *expires)
{
	struct session *p = place_for(s, customer, now);
	struct session made = {
		.customer = customer, .began = now, .used = now
	};
	uk_buf hash = UK_BUF(made.hash);

	if (p == NULL)
		return BANK_BUSY;
	if (!uk_is_ok(make_token(s->crypto, token, &hash)))
		return BANK_INTERNAL;
	*p = made;
	*expires = ends_at(p);
	return BANK_OK;
}

static struct session *find(struct bank_sessions *s, uk_bytes token)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf hash = UK_BUF(storage);

	if (token.n != BANK_SESSION_TEXT ||
	    !uk_is_ok(uk_hash_one(s->crypto, UK_HASH_SHA256, token, &hash)))
		return NULL;
	/* Comparing hashes may take as long as it likes: nobody can steer the
	 * hash of a token that he does not have. */
	for (size_t i = 0; i < s->room; i++) {
		if (s->places[i].customer != 0 &&
		    uk_bytes_eq(
			UK_ARRAY(s->places[i].hash), uk_buf_view(&hash)))
			return &s->places[i];
	}
	return NULL;
}

enum bank_code bank_sessions_find(
    struct bank_sessions *s, uk_bytes token, int64_t now, int64_t *customer)
{
	struct session *p = find(s, token);

	*customer = 0;
	if (p == NULL || is_free(p, now))
		return BANK_NO_SESSION;
	p->used = now;
	*customer = p->customer;
	return BANK_OK;
}

void bank_sessions_end(struct bank_sessions *s, uk_bytes token)
{
	struct session *p = find(s, token);

	if (p != NULL)
		uk_wipe(p, sizeof(*p));
}
