/*
 * PKCS#15: is it the right key that has signed? Where the list of keys was
 * remembered, the first signature of each key is compared with its public half
 * or its certificate, if that is remembered, too; if they do not fit, with the
 * whole card. So whoever was told of one card's keys has no signature by
 * another's.
 */
#include "p15_driver.h"

#include "crypto.h"

static uk_err verify_by_library(
    const uk_public_key *pub, const struct uk_sign_request *r, uk_bytes sig)
{
	const struct uk_padding pss = { r->hash, r->hash, uk_hash_size(r->hash),
		UK_NONE };
	uint8_t der[UK_MODULUS_MAX + 64];
	uk_buf spki = UK_BUF(der);
	uk_crypto *crypto = NULL;
	uk_key *key = NULL;
	uk_err err = uk_put_spki(&spki, pub->type,
	    uk_view(pub->modulus, pub->modulus_len),
	    uk_view(pub->exponent, pub->exponent_len),
	    uk_view(pub->point, pub->point_len));

	if (uk_is_ok(err))
		err = uk_crypto_open(&crypto);
	if (uk_is_ok(err))
		err = uk_key_from_spki(crypto, uk_buf_view(&spki), &key);
	if (uk_is_ok(err))
		err = uk_key_verify_hash(key, r->scheme, &pss, r->input, sig);
	uk_key_close(&key);
	uk_crypto_close(&crypto);
	return err;
}

static uk_err verify(
    const uk_public_key *pub, const struct uk_sign_request *r, uk_bytes sig)
{
	if (r->scheme == UK_SIG_PKCS1 || r->scheme == UK_SIG_RSA_RAW)
		return uk_rsa_verify_plain(r->scheme,
		    uk_view(pub->modulus, pub->modulus_len),
		    uk_view(pub->exponent, pub->exponent_len), r->input, sig);
	return verify_by_library(pub, r, sig);
}

static bool is_proved(const struct p15 *p, const uk_object *key)
{
	uint8_t ref = (uint8_t)key->ref;

	return ref < 32 && (p->proved_keys >> ref & 1) != 0;
}

static void note_proved(struct p15 *p, const uk_object *key)
{
	uint8_t ref = (uint8_t)key->ref;

	if (ref < 32)
		p->proved_keys |= 1U << ref;
}

/* Its public half as it is remembered, or that of its certificate; sends
 * nothing. */
static uk_err recall_public(
    uk_card *c, const uk_object *key, uk_public_key *out)
{
	struct p15 *p = p15_of(c);
	uk_err err;

	p->recall_only = true;
	err = p15_find_public(c, key, out);
	if (!uk_is_ok(err))
		err = p15_public_of_certificate(c, key, out);
	p->recall_only = false;
	return err;
}

/* --- in doubt ------------------------------------------------------------ */

static uk_err compare(uk_card *c, const uk_p15_path *path, bool *same)
{
	uk_bytes known, now;
	bool is_known;
	uk_err err;

	if (!*same)
		return uk_ok();
	UK_TRY(p15_recall(c, path, &known, &is_known));
	if (!is_known)
		return uk_ok();
	err = p15_read_card(c, path, &now);
	if (uk_is(err, UK_ERR_NOT_FOUND))
		now = UK_NONE;
	else if (!uk_is_ok(err))
		return err;
	*same = uk_bytes_eq(known, now);
	return uk_ok();
}

/* Is everything still as it was remembered? */
static uk_err compare_all(uk_card *c, bool *same)
{
	struct p15 *p = p15_of(c);

	*same = true;
	for (size_t i = 0; i < p->dir_count; i++)
		UK_TRY(compare(c, &p->dirs[i].path, same));
	for (size_t i = 0; i < p->item_count; i++)
		UK_TRY(compare(c, &p->items[i].path, same));
	return uk_ok();
}

/* The key's certificate may be another key's, and all in order. */
static uk_err prove_again(
    uk_card *c, const struct uk_sign_request *r, uk_bytes sig)
{
	bool told = p15_of(c)->told, same;
	uk_public_key pub;
	uk_err err;

	UK_TRY(compare_all(c, &same));
	if (!same) {
		p15_distrust(c);
		if (told)
			return uk_fail(UK_ERR_CARD_REMOVED);
	}
	UK_TRY(p15_find_public(c, r->key, &pub));
	err = verify(&pub, r, sig);
	return uk_is_ok(err) || uk_is(err, UK_ERR_MEMORY)
		   ? err
		   : uk_fail(UK_ERR_CARD_MUTE);
}

uk_err p15_prove_signature(
    uk_card *c, const struct uk_sign_request *r, uk_bytes sig)
{
	struct p15 *p = p15_of(c);
	uk_public_key pub;
	uk_err err;

	if (!p->recalled || is_proved(p, r->key) ||
	    !uk_is_ok(recall_public(c, r->key, &pub)))
		return uk_ok();
	err = verify(&pub, r, sig);
	if (uk_is(err, UK_ERR_MEMORY))
		return err;
	if (!uk_is_ok(err))
		err = prove_again(c, r, sig);
	if (uk_is_ok(err))
		note_proved(p, r->key);
	return err;
}
