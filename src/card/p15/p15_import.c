/*
 * PKCS#15: a key that somebody brings to an IsoApplet card: PUT DATA (ISO/IEC
 * 7816-8:2021, annex C) after the MSE that also goes before generation. The
 * same for versions 0 and 1; the one wants it chained, the other in one piece.
 */
#include "p15_driver.h"

#include "sw.h"
#include "tlv.h"

enum {
	TAG_RSA = 0x7f48,
	TAG_CURVE = 0xe0,
	TAG_P = 0x92, /* to 96: q, qinv, dp, dq */
	TAG_SCALAR = 0x88,
	RSA_BITS = 2048, /* with others the applet says 6985, always */
	SW_REFUSED = 0x6900,
	SECRET_MAX = 5 * (RSA_BITS / 16 + 4) + 8 + P15_CURVE_MAX
};

static uint8_t alg_of(const struct uk_private_key *key)
{
	if (key->public->type != UK_KEY_RSA)
		return P15_MAKE_EC;
	return 16 * key->p.n == RSA_BITS ? P15_MAKE_RSA2048 : 0;
}

static uk_err put_rsa(uk_buf *out, const struct uk_private_key *key)
{
	const uk_bytes numbers[] = { key->p, key->q, key->qinv, key->dp,
		key->dq };
	size_t at = uk_tlv_begin(out, TAG_RSA);

	for (uint8_t i = 0; i < 5; i++)
		uk_put_tlv(out, (uint8_t)(TAG_P + i), numbers[i]);
	uk_tlv_end(out, at);
	return uk_buf_result(out);
}

static uk_err put_curve(uk_buf *out, const struct uk_private_key *key)
{
	size_t at = uk_tlv_begin(out, TAG_CURVE);

	UK_TRY(p15_put_curve(key->public->type, out));
	uk_put_tlv(out, TAG_SCALAR, key->d);
	uk_tlv_end(out, at);
	return uk_buf_result(out);
}

/* The applet is built to take keys or, as it comes, not to. */
static uk_err is_refused(uk_err err)
{
	return err.sw == SW_REFUSED ? uk_fail_sw(UK_ERR_UNSUPPORTED, UK_SW_INS)
				    : err;
}

static uk_err send_import(
    uk_card *c, uint8_t ref, const struct uk_private_key *key)
{
	uint8_t sent[SECRET_MAX];
	uk_buf data = UK_BUF(sent);
	uk_cmd put_data = {
		.ins = 0xdb, .p1 = 0x3f, .p2 = 0xff, .secret = true
	};
	uk_err err = key->public->type == UK_KEY_RSA ? put_rsa(&data, key)
						     : put_curve(&data, key);

	put_data.data = uk_buf_view(&data);
	if (uk_is_ok(err))
		err = p15_name_key(c, alg_of(key), ref);
	if (uk_is_ok(err))
		err = is_refused(p15_send(c, &put_data, NULL));
	uk_wipe(sent, sizeof(sent));
	return err;
}

/* The card says nothing of what it has got: the directory says what that was.
 */
uk_err p15_import(uk_card *c, const struct uk_new_object *what,
    const struct uk_private_key *key, size_t *out)
{
	uint8_t ref;

	if (alg_of(key) == 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(p15_find_ref(c, what, &ref));
	UK_TRY(p15_touch(c));
	UK_TRY(send_import(c, ref, key));
	return p15_list_key(c, what, key->public, ref, P15_BROUGHT, out);
}
