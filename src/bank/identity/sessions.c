/* Sessions: tokens and how long they last. */
#include "sessions_impl.h"

#include "hex.h"
#include "secret.h"

struct bank_sessions {
	uk_crypto *crypto; /* borrowed */
	struct bank_session_rules rules;
	const struct bank_session_kind *kind;
	void *kept;
};

static uk_err open_sessions(uk_crypto *c, struct bank_store *store,
    const struct bank_session_rules *r, struct bank_sessions **out)
{
	struct bank_sessions *s = uk_new(sizeof(*s));
	uk_err err;

	*out = NULL;
	if (s == NULL)
		return uk_fail(UK_ERR_MEMORY);
	s->crypto = c;
	s->rules = *r;
	s->kind = store == NULL ? &bank_kept_memory : &bank_kept_shared;
	err = store == NULL ? bank_kept_open_memory(r, &s->kept)
			    : bank_kept_open_shared(r, store, &s->kept);
	if (uk_is_ok(err)) {
		*out = s;
		s = NULL; /* handed over */
	}
	bank_sessions_close(&s);
	return err;
}

uk_err bank_sessions_open(uk_crypto *c, const struct bank_session_rules *r,
    struct bank_sessions **out)
{
	return open_sessions(c, NULL, r, out);
}

uk_err bank_sessions_open_shared(uk_crypto *c, struct bank_store *store,
    const struct bank_session_rules *r, struct bank_sessions **out)
{
	return open_sessions(c, store, r, out);
}

void bank_sessions_close(struct bank_sessions **s)
{
	if (*s == NULL)
		return;
	(*s)->kind->close((*s)->kept);
	uk_free(*s);
	*s = NULL;
}

int64_t bank_session_ends(
    const struct bank_session_rules *r, const struct bank_session *s)
{
	int64_t idle = s->used + r->idle_seconds;
	int64_t whole = s->began + r->seconds;

	return idle < whole ? idle : whole;
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
    uk_bytes certificate, int64_t now, uk_buf *token, int64_t *expires)
{
	struct bank_session made = {
		.customer = customer, .began = now, .used = now
	};
	uint8_t storage[UK_HASH_MAX];
	uk_buf hash = UK_BUF(storage);

	*expires = bank_session_ends(&s->rules, &made);
	if (certificate.n > 0 && !uk_is_ok(uk_copy_exact(made.certificate,
				     sizeof(made.certificate), certificate)))
		return BANK_INTERNAL;
	if (!uk_is_ok(make_token(s->crypto, token, &hash)))
		return BANK_INTERNAL;
	return s->kind->put(s->kept, uk_buf_view(&hash), &made, now);
}

/*
 * Looking a hash up may take as long as it likes: nobody can steer the hash of
 * a token that he does not have.
 */
static bool hash_of(struct bank_sessions *s, uk_bytes token, uk_buf *hash)
{
	return token.n == BANK_SESSION_TEXT &&
	       uk_is_ok(uk_hash_one(s->crypto, UK_HASH_SHA256, token, hash));
}

enum bank_code bank_sessions_find(struct bank_sessions *s, uk_bytes token,
    int64_t now, struct bank_session *out)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf hash = UK_BUF(storage);

	*out = (struct bank_session){ 0 };
	if (!hash_of(s, token, &hash))
		return BANK_NO_SESSION;
	return s->kind->use(s->kept, uk_buf_view(&hash), now, out);
}

void bank_sessions_end(struct bank_sessions *s, uk_bytes token)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf hash = UK_BUF(storage);

	if (hash_of(s, token, &hash))
		s->kind->end(s->kept, uk_buf_view(&hash));
}

size_t bank_sessions_count(struct bank_sessions *s)
{
	return s->kind->count(s->kept);
}
