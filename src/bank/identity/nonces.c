/* Login challenges: making and taking them. */
#include "nonces_impl.h"

#include "secret.h"

enum {
	VERSION = 1,
	HEAD = 1 + 8 + BANK_NONCE_BYTES,
	WHOLE = HEAD + BANK_NONCE_TAG,
	/* A clock that is set back by less is taken for standing still. */
	CLOCK_SLACK = 60
};

_Static_assert(WHOLE % 3 == 0 && WHOLE / 3 * 4 == BANK_NONCE_TEXT,
    "base64 without padding");

struct bank_nonces {
	uk_crypto *crypto; /* borrowed */
	uk_hmac_key *key;
	int64_t latest; /* time seen */
	const struct bank_used_kind *kind;
	void *used;
};

/* --- opening ------------------------------------------------------------- */

static uk_err use_key(struct bank_nonces *n, uk_bytes key)
{
	uk_hmac_key *made = NULL;

	UK_TRY(uk_hmac_open(n->crypto, UK_HASH_SHA256, key, &made));
	uk_hmac_close(&n->key);
	n->key = made;
	return uk_ok();
}

static uk_err new_key(struct bank_nonces *n)
{
	uint8_t key[BANK_NONCE_KEY];
	uk_err err = uk_random(n->crypto, key, sizeof(key));

	if (uk_is_ok(err))
		err = use_key(n, UK_ARRAY(key));
	uk_wipe(key, sizeof(key));
	return err;
}

static uk_err open_memory(struct bank_nonces *n, size_t room)
{
	n->kind = &bank_used_memory;
	UK_TRY(bank_used_open_memory(room, &n->used));
	return new_key(n);
}

static uk_err open_shared(struct bank_nonces *n, struct bank_store *s)
{
	uint8_t key[BANK_NONCE_KEY];
	uk_err err;

	n->kind = &bank_used_shared;
	err = bank_used_open_shared(n->crypto, s, key, &n->used);
	if (uk_is_ok(err))
		err = use_key(n, UK_ARRAY(key));
	uk_wipe(key, sizeof(key));
	return err;
}

static uk_err open_nonces(
    uk_crypto *c, size_t room, struct bank_store *s, struct bank_nonces **out)
{
	struct bank_nonces *n = uk_new(sizeof(*n));
	uk_err err;

	*out = NULL;
	if (n == NULL)
		return uk_fail(UK_ERR_MEMORY);
	n->crypto = c;
	err = s == NULL ? open_memory(n, room) : open_shared(n, s);
	if (uk_is_ok(err)) {
		*out = n;
		n = NULL; /* handed over */
	}
	bank_nonces_close(&n);
	return err;
}

uk_err bank_nonces_open(uk_crypto *c, size_t room, struct bank_nonces **out)
{
	return open_nonces(c, room, NULL, out);
}

uk_err bank_nonces_open_shared(
    uk_crypto *c, struct bank_store *s, struct bank_nonces **out)
{
	return open_nonces(c, 0, s, out);
}

void bank_nonces_close(struct bank_nonces **n)
{
	if (*n == NULL)
		return;
	(*n)->kind->close((*n)->used); /* accepts NULL */
	uk_hmac_close(&(*n)->key);
	uk_free(*n);
	*n = NULL;
}

/* --- one nonce ----------------------------------------------------------- */

static uk_err put_tag(struct bank_nonces *n, uk_bytes head, uk_buf *out)
{
	uint8_t storage[UK_HASH_MAX];
	uk_buf tag = UK_BUF(storage);

	UK_TRY(uk_hmac_by(n->key, &head, 1, &tag));
	uk_put(out, uk_bytes_first(uk_buf_view(&tag), BANK_NONCE_TAG));
	return uk_buf_result(out);
}

/*
 * Time that does not go back. Used ones are forgotten when they have run out:
 * after a clock was set back they would be good again. Where we cannot pretend
 * that the clock stands still, all nonces that are out become void. (Servers
 * that share a database leave that to whoever keeps their clocks: there used
 * ones are kept longer than any correction takes.)
 */
static uk_err steady(struct bank_nonces *n, int64_t *now)
{
	if (n->kind->forget != NULL && *now < n->latest - CLOCK_SLACK) {
		UK_TRY(new_key(n));
		n->kind->forget(n->used);
		n->latest = *now;
	}
	if (*now < n->latest)
		*now = n->latest;
	n->latest = *now;
	return uk_ok();
}

enum bank_code bank_nonces_make(
    struct bank_nonces *n, int64_t now, uint8_t text[BANK_NONCE_TEXT])
{
	uint8_t storage[WHOLE], secret[BANK_NONCE_BYTES];
	uk_buf b = UK_BUF(storage);
	uk_blob encoded = { NULL, 0 };
	uk_err err = steady(n, &now);

	if (uk_is_ok(err))
		err = uk_random(n->crypto, secret, sizeof(secret));
	uk_put_u8(&b, VERSION);
	uk_put_u64(&b, (uint64_t)(now + BANK_NONCE_SECONDS));
	uk_put(&b, UK_ARRAY(secret));
	if (uk_is_ok(err))
		err = put_tag(n, uk_buf_view(&b), &b);
	if (uk_is_ok(err))
		err = uk_base64_encode(uk_buf_view(&b), &encoded);
	if (uk_is_ok(err))
		err = uk_copy_exact(
		    text, BANK_NONCE_TEXT, uk_blob_view(&encoded));
	uk_blob_free(&encoded);
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

/* Is it ours? Then when does it run out? */
static enum bank_code open_it(
    struct bank_nonces *n, uk_bytes whole, int64_t *expires)
{
	uint8_t storage[BANK_NONCE_TAG];
	uk_buf tag = UK_BUF(storage);
	uk_reader r = uk_read(whole);
	uint8_t version = uk_get_u8(&r);

	*expires = (int64_t)uk_get_u64(&r);
	if (whole.n != WHOLE || version != VERSION)
		return BANK_NONCE_UNKNOWN;
	if (!uk_is_ok(put_tag(n, uk_bytes_first(whole, HEAD), &tag)))
		return BANK_INTERNAL;
	return uk_equal(uk_bytes_from(whole, HEAD), uk_buf_view(&tag))
		   ? BANK_OK
		   : BANK_NONCE_UNKNOWN;
}

/* What it is, and its MAC into tag. */
static enum bank_code look(struct bank_nonces *n, uk_bytes text, int64_t *now,
    int64_t *expires, uk_buf *tag)
{
	uk_blob whole = { NULL, 0 };
	enum bank_code code = BANK_NONCE_UNKNOWN;
	uk_err err;

	if (text.n != BANK_NONCE_TEXT)
		return BANK_NONCE_UNKNOWN;
	err = steady(n, now);
	if (!uk_is_ok(err))
		return BANK_INTERNAL;
	err = uk_base64_decode(text, &whole);
	if (uk_is_ok(err))
		code = open_it(n, uk_blob_view(&whole), expires);
	else if (uk_is(err, UK_ERR_MEMORY))
		code = BANK_INTERNAL;
	if (code == BANK_OK && *expires <= *now)
		code = BANK_NONCE_EXPIRED;
	if (code == BANK_OK)
		uk_put(tag, uk_bytes_from(uk_blob_view(&whole), HEAD));
	uk_blob_free(&whole);
	return code;
}

enum bank_code bank_nonces_look(
    struct bank_nonces *n, uk_bytes text, int64_t now)
{
	uint8_t storage[BANK_NONCE_TAG];
	uk_buf tag = UK_BUF(storage);
	int64_t expires = 0;

	return look(n, text, &now, &expires, &tag);
}

enum bank_code bank_nonces_take(
    struct bank_nonces *n, uk_bytes text, int64_t now, bool again)
{
	uint8_t storage[BANK_NONCE_TAG];
	uk_buf tag = UK_BUF(storage);
	int64_t expires = 0;
	enum bank_code code = look(n, text, &now, &expires, &tag);

	if (code == BANK_OK && again && n->kind->forget != NULL)
		return BANK_OK; /* no database can take it back */
	if (code == BANK_OK)
		code = n->kind->add(n->used, uk_buf_view(&tag), expires, now);
	return code;
}
