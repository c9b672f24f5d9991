/* Merchants' signatures, and ours to them. */
#include "merchant_auth.h"

#include "log.h"
#include "merchants.h"

#include <stdio.h>

static uk_bytes field_of(const struct uk_http_message *m, const char *name)
{
	uk_bytes value = UK_NONE, other;

	/* One value only: what two of them mean is for nobody to guess. */
	if (m->field == NULL ||
	    !m->field(m->arg, uk_view_str(name), 0, &value) ||
	    m->field(m->arg, uk_view_str(name), 1, &other))
		return UK_NONE;
	return value;
}

static uk_err check_body(struct bank *b, const struct bank_call *call)
{
	if (call->body.n == 0)
		return uk_ok();
	return bhs_check_digest(
	    b->crypto, field_of(&call->message, "content-digest"), call->body);
}

static uk_err verify_with(struct bank *b, const struct bank_merchant_key *k,
    const struct uk_httpsig *s, const struct bank_call *call)
{
	uk_key *key = NULL;
	uk_err err = uk_key_from_spki(b->crypto, uk_blob_view(&k->spki), &key);

	if (uk_is_ok(err))
		err = bhs_verify(key, uk_view_str(k->alg), s, &call->message);
	uk_key_close(&key);
	return err;
}

/* All but the nonce: that is used up by good requests only. */
static uk_err check_signature(
    struct bank *b, struct bank_call *call, struct uk_httpsig *s)
{
	struct bank_merchant_key k = { 0 };
	uk_err err;

	UK_TRY(uk_httpsig_find(field_of(&call->message, "signature-input"),
	    field_of(&call->message, "signature"), NULL, BHS_TAG_ORDER, s));
	UK_TRY(bhs_check_request(s, call->body.n > 0, call->now));
	UK_TRY(check_body(b, call));
	err = bank_merchant_find_key(b->store, s->keyid, call->now, &k);
	if (uk_is_ok(err))
		err = verify_with(b, &k, s, call);
	if (uk_is_ok(err))
		call->merchant = k.merchant;
	uk_blob_free(&k.spki);
	return err;
}

enum bank_code bank_merchant_check(struct bank *b, struct bank_call *call)
{
	struct uk_httpsig s;
	uk_err err = check_signature(b, call, &s);

	if (uk_is(err, UK_ERR_MEMORY) || uk_is(err, UK_ERR_IO))
		return BANK_INTERNAL;
	if (!uk_is_ok(err)) {
		uk_log(UK_LOG_INFO, "event=merchant-signature result=%s",
		    uk_err_name(err));
		return BANK_MERCHANT_SIGNATURE;
	}
	/* A nonce could be heard again until the window closes behind it. */
	err = bank_merchant_nonce(b->store, call->merchant, s.nonce, call->now,
	    s.created + BHS_WINDOW + 1);
	if (uk_is(err, UK_ERR_EXISTS))
		return BANK_REPLAYED;
	return uk_is_ok(err) ? BANK_OK : BANK_INTERNAL;
}

/* --- answers ------------------------------------------------------------- */

static bool answer_field(void *arg, uk_bytes name, size_t i, uk_bytes *value)
{
	const struct bank_sealed *sealed = arg;

	if (i > 0)
		return false;
	if (uk_bytes_eq(name, uk_view_str("content-type")))
		*value = uk_view_str("application/json");
	else if (uk_bytes_eq(name, uk_view_str("content-digest")))
		*value = uk_view_str(sealed->digest);
	else
		return false;
	return true;
}

uk_err bank_merchant_seal(struct bank *b, const struct uk_http_message *request,
    int status, uk_bytes body, int64_t now, struct bank_sealed *out)
{
	/* One byte less, for the NUL at the end. */
	uk_buf digest = uk_buf_over(out->digest, sizeof(out->digest) - 1);
	uk_buf input = uk_buf_over(out->input, sizeof(out->input) - 1);
	uk_buf sig = uk_buf_over(out->signature, sizeof(out->signature) - 1);
	const struct uk_http_message m = { .status = status,
		.field = answer_field,
		.arg = out,
		.request = request };
	const struct bhs_signing s = { .sign = bank_sign_message,
		.arg = b,
		.tag = BHS_TAG_ANSWER,
		.keyid = uk_view_str(b->keyid),
		.now = now,
		.has_body = true };

	*out = (struct bank_sealed){ 0 };
	UK_TRY(bhs_put_digest(b->crypto, body, &digest));
	return bhs_sign(&s, &m, &input, &sig);
}
