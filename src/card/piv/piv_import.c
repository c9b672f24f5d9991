/*
 * PIV: a key that somebody brings. The standard has no command for it; Yubico's
 * IMPORT ASYMMETRIC KEY (FE) has been taken over by PivApplet and others.
 */
#include "piv_driver.h"

#include "tlv.h"

enum {
	INS_IMPORT = 0xfe,
	P = 0x01, /* to 05: q, dp, dq, qinv */
	SCALAR = 0x06,
	SECRET_MAX = 5 * (UK_MODULUS_MAX / 2 + 4)
};

/* Every number as long as half the modulus, or as the field: YubiKeys take
 * nothing shorter. */
static void put_number(uk_buf *out, uint8_t tag, uk_bytes v, size_t n)
{
	size_t at = uk_tlv_begin(out, tag);

	uk_put_padded(out, v, n);
	uk_tlv_end(out, at);
}

static uk_err put_secret(
    uk_buf *out, enum uk_key_type type, const struct uk_private_key *key)
{
	const uk_bytes numbers[] = { key->p, key->q, key->dp, key->dq,
		key->qinv };

	if (type != UK_KEY_RSA)
		put_number(out, SCALAR, key->d, uk_key_field(type));
	for (uint8_t i = 0; type == UK_KEY_RSA && i < 5; i++)
		put_number(out, (uint8_t)(P + i), numbers[i], key->p.n);
	return uk_buf_result(out);
}

static uk_err send_import(uk_card *c, size_t place, uint8_t alg,
    enum uk_key_type type, const struct uk_private_key *key)
{
	uint8_t sent[SECRET_MAX];
	uk_buf data = UK_BUF(sent);
	uk_cmd import = { .ins = INS_IMPORT,
		.p1 = alg,
		.p2 = piv_key_ref(place),
		.secret = true };
	uk_err err = put_secret(&data, type, key);

	import.data = uk_buf_view(&data);
	if (uk_is_ok(err))
		err = piv_send(c, &import, NULL);
	uk_wipe(sent, sizeof(sent));
	return err;
}

/* What the card itself says of the key that it has got, if it says anything:
 * the caller compares. */
static uk_err ask_again(uk_card *c, size_t place)
{
	uk_err err = piv_ask_yubico(c);

	if (uk_is_ok(err))
		err = piv_ask_metadata(c, place);
	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_ok() : err;
}

/* As piv_generate: where its CKA_ID says, and the certificate stays. The public
 * half is kept, for most cards do not tell it. */
uk_err piv_import(uk_card *c, const struct uk_new_object *what,
    const struct uk_private_key *key, size_t *out)
{
	enum uk_key_type type = what->key_type;
	unsigned bits = type == UK_KEY_RSA ? (unsigned)(16 * key->p.n)
					   : uk_key_curve_bits(type);
	uint8_t alg = piv_alg_of(type, bits);
	uk_public_key *pub = NULL;
	size_t place;
	uk_err err;

	if (alg == 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (!piv_place_of_id(what->id, &place))
		return uk_fail(UK_ERR_ARGUMENT);
	if ((pub = uk_new(sizeof(*pub))) == NULL)
		return uk_fail(UK_ERR_MEMORY);
	*pub = *key->public;
	piv_forget_kept_key(c, place);
	err = send_import(c, place, alg, type, key);
	if (uk_is_ok(err)) {
		piv_take_key(c, place, &pub, bits, true);
		err = ask_again(c, place);
	}
	if (uk_is_ok(err))
		err = piv_relist(c, UK_OBJ_PRIVATE_KEY, place, out);
	uk_free(pub);
	return err;
}
