/* PIV: what YubiKeys, and cards that imitate them, tell besides the standard.
 * Yubico's PIV commands: GET VERSION (FD), GET SERIAL (F8), GET METADATA (F7).
 */
#include "piv_driver.h"

#include "tlv.h"

#include <stdio.h>

enum {
	SERIAL_LEN = 4,
	VERSION_MAX = 16,
	METADATA_MAX = 1024,
	POLICY_NEVER = 1,
	POLICY_ALWAYS = 3,
	ORIGIN_IMPORTED = 2
};

/* Metadata came with 5.3. */
static bool has_metadata(uk_bytes version)
{
	return version.p[0] > 5 || (version.p[0] == 5 && version.p[1] >= 3);
}

static void take_version(uk_card *c, uk_bytes version)
{
	struct piv *p = piv_of(c);
	bool theirs = version.n == 3;

	p->yubico = theirs ? PIV_YES : PIV_NO;
	p->metadata = theirs && has_metadata(version) ? PIV_YES : PIV_NO;
	if (theirs)
		snprintf(c->info.model, sizeof(c->info.model), "PIV %u.%u.%u",
		    version.p[0], version.p[1], version.p[2]);
}

uk_err piv_ask_yubico(uk_card *c)
{
	struct piv *p = piv_of(c);
	uint8_t answer[VERSION_MAX];
	uk_buf version = UK_BUF(answer);
	uk_cmd get_version = { .ins = 0xfd, .le = UK_LE_SHORT_MAX };
	uk_bytes known;
	uk_err err;

	if (p->yubico != PIV_UNKNOWN)
		return uk_ok();
	if (piv_recall_version(c, &known)) {
		take_version(c, known);
		return uk_ok();
	}
	err = piv_send(c, &get_version, &version);
	if (!uk_is_ok(err) && !uk_card_spoke(err))
		return err;
	take_version(c, uk_is_ok(err) ? uk_buf_view(&version) : UK_NONE);
	piv_note_version(
	    c, p->yubico == PIV_YES ? uk_buf_view(&version) : UK_NONE);
	return uk_ok();
}

static uk_err get_serial(uk_card *c, uk_buf *out)
{
	uk_cmd get = { .ins = 0xf8, .le = UK_LE_SHORT_MAX };

	return piv_send(c, &get, out);
}

uk_err piv_ask_serial(uk_card *c)
{
	uk_buf serial = UK_BUF(c->info.serial);
	uk_err err = get_serial(c, &serial);

	piv_of(c)->yubico_name = uk_is_ok(err) && serial.len == SERIAL_LEN;
	if (piv_of(c)->yubico_name)
		c->info.serial_len = serial.len;
	return uk_is_ok(err) || uk_card_spoke(err) ? uk_ok() : err;
}

uk_err piv_ask_serial_again(uk_card *c, bool *same)
{
	uint8_t answer[UK_SERIAL_MAX];
	uk_buf serial = UK_BUF(answer);
	uk_err err = get_serial(c, &serial);

	*same = uk_is_ok(err) &&
		uk_bytes_eq(uk_buf_view(&serial),
		    uk_view(c->info.serial, c->info.serial_len));
	return uk_is_ok(err) || uk_card_spoke(err) ? uk_ok() : err;
}

static uk_err get_metadata(uk_card *c, uint8_t ref, uk_buf *out)
{
	uk_cmd get = { .ins = 0xf7, .p2 = ref, .le = UK_LE_MAX };

	if (piv_of(c)->metadata != PIV_YES)
		return uk_fail(UK_ERR_NOT_FOUND);
	return piv_expected(piv_send(c, &get, out));
}

static uk_err get_key_metadata(uk_card *c, size_t place, uk_buf *out)
{
	uint32_t item = PIV_ITEM_METADATA + (uint32_t)place;
	uk_bytes known;
	uk_err err;

	if (piv_recall_believed(c, item, &known)) {
		uk_put(out, known);
		return known.n == 0 ? uk_fail(UK_ERR_NOT_FOUND)
				    : uk_buf_result(out);
	}
	err = get_metadata(c, piv_key_ref(place), out);
	if (uk_is_ok(err) || uk_is(err, UK_ERR_NOT_FOUND))
		piv_note_answer(
		    c, item, uk_is_ok(err) ? uk_buf_view(out) : UK_NONE);
	return err;
}

static void take_policy(struct piv_key *k, uk_bytes data)
{
	uk_bytes policy, origin;

	k->brought = uk_tlv_find(data, 0x03, &origin) && origin.n == 1 &&
		     origin.p[0] == ORIGIN_IMPORTED;
	if (!uk_tlv_find(data, 0x02, &policy) || policy.n != 2)
		return;
	k->own_policy = true;
	k->always = policy.p[0] == POLICY_ALWAYS;
	k->never = policy.p[0] == POLICY_NEVER;
}

uk_err piv_ask_metadata(uk_card *c, size_t place)
{
	struct piv_key *k = &piv_of(c)->keys[place];
	uint8_t answer[METADATA_MAX];
	uk_buf got = UK_BUF(answer);
	uk_bytes data, alg, public;
	uk_public_key *pub = NULL;
	uk_err err;

	UK_TRY(get_key_metadata(c, place, &got));
	data = uk_buf_view(&got);
	if (!uk_tlv_find(data, 0x01, &alg) || alg.n != 1 ||
	    !uk_tlv_find(data, 0x04, &public))
		return uk_fail(UK_ERR_FORMAT);
	if (!piv_alg_key(alg.p[0], &k->type, &k->bits))
		return uk_fail(UK_ERR_UNSUPPORTED);
	if ((pub = uk_new(sizeof(*pub))) == NULL)
		return uk_fail(UK_ERR_MEMORY);
	err = piv_take_public(public, k->type, k->bits, pub);
	if (uk_is_ok(err)) {
		take_policy(k, data);
		k->key = PIV_YES;
		uk_free(k->pub);
		k->pub = pub;
		pub = NULL; /* handed over */
	}
	uk_free(pub);
	return err;
}

uk_err piv_ask_admin_alg(uk_card *c, uint8_t *alg)
{
	uint8_t answer[METADATA_MAX];
	uk_buf got = UK_BUF(answer);
	uk_bytes v;
	uk_err err;

	*alg = 0;
	UK_TRY(piv_ask_yubico(c));
	err = get_metadata(c, PIV_KEY_ADMIN, &got);
	if (uk_is_ok(err) && uk_tlv_find(uk_buf_view(&got), 0x01, &v) &&
	    v.n == 1)
		*alg = v.p[0];
	return uk_is(err, UK_ERR_NOT_FOUND) ? uk_ok() : err;
}
