/* Bound numbers: the list and its seal. */
#include "cli_bound.h"

#include "secret.h"

enum { VERSION = 1, KEY = 32, LEAST = 4, HEAD = 1 + BOUND_POINT };

/* --- the list ------------------------------------------------------------- */

static bool is_number_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c == '-';
}

bool bound_number_ok(uk_bytes number)
{
	for (size_t i = 0; i < number.n; i++) {
		if (!is_number_char(number.p[i]))
			return false;
	}
	return number.n >= LEAST && number.n <= BOUND_NUMBER_MAX;
}

static size_t find(const struct bound *b, uk_bytes number)
{
	size_t i = 0;

	while (i < b->n && !uk_bytes_eq(uk_view_str(b->numbers[i]), number))
		i++;
	return i;
}

uk_err bound_add(struct bound *b, uk_bytes number)
{
	if (!bound_number_ok(number))
		return uk_fail(UK_ERR_ARGUMENT);
	if (find(b, number) < b->n)
		return uk_fail(UK_ERR_EXISTS);
	if (b->n == BOUND_MAX)
		return uk_fail(UK_ERR_TOO_SMALL);
	return uk_copy_str(b->numbers[b->n++], BOUND_NUMBER_MAX + 1, number);
}

uk_err bound_remove(struct bound *b, uk_bytes number)
{
	size_t i = find(b, number);

	if (i == b->n)
		return uk_fail(UK_ERR_NOT_FOUND);
	for (b->n--; i < b->n; i++)
		UK_TRY(uk_copy_str(b->numbers[i], BOUND_NUMBER_MAX + 1,
		    uk_view_str(b->numbers[i + 1])));
	return uk_ok();
}

static uk_err read_text(uk_bytes text, struct bound *out)
{
	size_t start = 0;

	*out = (struct bound){ 0 };
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] != '\n')
			continue;
		UK_TRY(bound_add(out,
		    uk_bytes_first(uk_bytes_from(text, start), i - start)));
		start = i + 1;
	}
	return start == text.n ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

/* --- the seal ------------------------------------------------------------- */

static uk_err derive(uk_crypto *c, uk_bytes shared, uk_bytes point, uk_buf *key)
{
	return uk_hkdf(
	    c, shared, point, uk_view_str("ukey bound numbers"), KEY, key);
}

/* The point is what a SubjectPublicKeyInfo of P-256 ends with. */
static uk_err put_head(const uk_key *own, uk_buf *out)
{
	uk_blob spki = { NULL, 0 };
	uk_err err = uk_key_spki(own, &spki);

	uk_put_u8(out, VERSION);
	if (uk_is_ok(err))
		uk_put(out, uk_bytes_last(uk_blob_view(&spki), BOUND_POINT));
	uk_blob_free(&spki);
	return uk_is_ok(err) ? uk_buf_result(out) : err;
}

static uk_err seal_with(
    uk_crypto *c, uk_bytes shared, uk_bytes head, uk_bytes text, uk_buf *out)
{
	uint8_t key_room[KEY], nonce[UK_GCM_NONCE];
	uk_buf key = UK_BUF(key_room);
	uk_err err = derive(c, shared, uk_bytes_from(head, 1), &key);

	if (uk_is_ok(err))
		err = uk_random(c, nonce, sizeof(nonce));
	if (uk_is_ok(err)) {
		uk_put(out, head);
		uk_put(out, UK_ARRAY(nonce));
		err = uk_gcm_seal(
		    c, uk_buf_view(&key), UK_ARRAY(nonce), head, text, out);
	}
	uk_wipe(key_room, sizeof(key_room));
	return err;
}

uk_err bound_seal(
    uk_crypto *c, uk_bytes point, const struct bound *b, uk_buf *out)
{
	uint8_t text_room[BOUND_TEXT_MAX], head_room[HEAD], x[KEY];
	uk_buf text = UK_BUF(text_room), head = UK_BUF(head_room);
	uk_buf shared = UK_BUF(x);
	uk_key *own = NULL, *card = NULL;
	uk_err err = uk_key_from_point(c, point, &card);

	for (size_t i = 0; i < b->n; i++) {
		uk_put_str(&text, b->numbers[i]);
		uk_put_u8(&text, '\n');
	}
	if (uk_is_ok(err))
		err = uk_buf_result(&text);
	if (uk_is_ok(err))
		err = uk_key_make_p256(c, &own);
	if (uk_is_ok(err))
		err = put_head(own, &head);
	if (uk_is_ok(err))
		err = uk_key_agree(own, card, &shared);
	if (uk_is_ok(err))
		err = seal_with(c, uk_buf_view(&shared), uk_buf_view(&head),
		    uk_buf_view(&text), out);
	uk_wipe(text_room, sizeof(text_room));
	uk_wipe(x, sizeof(x));
	uk_key_close(&own);
	uk_key_close(&card);
	return err;
}

uk_err bound_point(uk_bytes sealed, uk_bytes *point)
{
	uk_reader r = uk_read(sealed);
	uint8_t version = uk_get_u8(&r);

	*point = uk_get(&r, BOUND_POINT);
	return r.bad || version != VERSION || sealed.n > BOUND_SEALED_MAX
		   ? uk_fail(UK_ERR_FORMAT)
		   : uk_ok();
}

uk_err bound_open(
    uk_crypto *c, uk_bytes shared, uk_bytes sealed, struct bound *out)
{
	uint8_t key_room[KEY], room[BOUND_TEXT_MAX];
	uk_buf key = UK_BUF(key_room), text = UK_BUF(room);
	uk_bytes point, rest = uk_bytes_from(sealed, HEAD);
	uk_err err;

	*out = (struct bound){ 0 };
	UK_TRY(bound_point(sealed, &point));
	if (rest.n < UK_GCM_NONCE + UK_GCM_TAG)
		return uk_fail(UK_ERR_FORMAT);
	err = derive(c, shared, point, &key);
	if (uk_is_ok(err))
		err = uk_gcm_open(c, uk_buf_view(&key),
		    uk_bytes_first(rest, UK_GCM_NONCE),
		    uk_bytes_first(sealed, HEAD),
		    uk_bytes_from(rest, UK_GCM_NONCE), &text);
	if (uk_is_ok(err))
		err = read_text(uk_buf_view(&text), out);
	if (!uk_is_ok(err))
		uk_wipe(out, sizeof(*out));
	uk_wipe(key_room, sizeof(key_room));
	uk_wipe(room, sizeof(room));
	return err;
}
