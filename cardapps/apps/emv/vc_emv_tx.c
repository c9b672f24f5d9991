/* A transaction: GET PROCESSING OPTIONS, GENERATE AC, EXTERNAL AUTHENTICATE. */
#include "vc_emv.h"

#include "secret.h"
#include "tlv.h"

enum {
	TAG_OPTIONS = 0x83,
	TAG_FORMAT_1 = 0x80,
	ARC = 2,
	/* what goes into a cryptogram before AIP, ATC and CVR */
	PLAIN_MAX = 80
};

/* The elements of a cryptogram, EMV 4.3 Book 2, table 26, with their lengths.
 */
static const struct {
	uint16_t tag;
	uint8_t n;
} signed_elements[] = {
	{ 0x9f02, 6 }, /* amount, authorised */
	{ 0x9f03, 6 }, /* amount, other */
	{ 0x9f1a, 2 }, /* terminal's country */
	{ 0x95, 5 },   /* terminal verification results */
	{ 0x5f2a, 2 }, /* currency */
	{ 0x9a, 3 },   /* date */
	{ 0x9c, 1 },   /* transaction type */
	{ 0x9f37, 4 }, /* unpredictable number */
};

/* --- GET PROCESSING OPTIONS ------------------------------------------------
 */

/* The transaction exists when it is counted, and not before. */
static uint16_t count(struct vc_emv *e, const struct vc_emv_profile *p)
{
	struct vc_emv_counters c = vc_emv_counters(e);
	uk_err err;

	if (c.atc >= p->atc_last)
		return UK_SW_CONDITIONS;
	e->was_unfinished = c.unfinished;
	e->was_denied = c.denied;
	c.atc++;
	err = vc_emv_put_counters(e, &c);
	if (uk_is_ok(err))
		err = vc_nv_commit(e->app.home.nv);
	return vc_sw(err);
}

uint16_t vc_emv_begin(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_emv *e = vc_emv_of(app);
	struct vc_emv_profile p;
	uk_bytes values;
	size_t wanted, at;
	uint16_t sw;

	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	if (e->phase != VC_EMV_SELECTED || !vc_emv_profile(e, &p))
		return UK_SW_CONDITIONS;
	if (!uk_is_ok(uk_tlv_only(cmd->data, TAG_OPTIONS, &values)))
		return UK_SW_DATA;
	if (!vc_emv_dol_size(vc_emv_get(e, VC_EMV_SET_PDOL), &wanted) ||
	    values.n != wanted)
		return UK_SW_LENGTH;
	if ((sw = count(e, &p)) != UK_SW_OK)
		return sw;
	e->phase = VC_EMV_BEGUN;
	at = uk_tlv_begin(out, TAG_FORMAT_1);
	uk_put_u16(out, p.aip);
	uk_put(out, vc_emv_get(e, VC_EMV_SET_AFL));
	uk_tlv_end(out, at);
	return UK_SW_OK;
}

/* --- cryptograms -----------------------------------------------------------
 */

static uk_err session_key(
    const struct vc_emv *e, uint16_t atc, uint8_t key[VC_EMV_KEY_SIZE])
{
	const struct vc_home *h = &e->app.home;
	struct vc_emv_profile p;
	uk_bytes stored;

	if (!vc_emv_profile(e, &p) ||
	    !vc_nv_get(h->nv, vc_home_id(h, VC_NV_KEY, VC_EMV_KEY), &stored))
		return uk_fail(UK_ERR_NOT_FOUND);
	return vc_emv_session_key(h->crypto, p.scheme, stored, atc, key);
}

static uk_err make_ac(const struct vc_emv *e, const struct vc_emv_profile *p,
    const struct vc_emv_request *q, uk_bytes cvr, uint8_t ac[VC_EMV_AC])
{
	struct vc_emv_counters c = vc_emv_counters(e);
	uint8_t key[VC_EMV_KEY_SIZE], storage[PLAIN_MAX];
	uk_buf b = UK_BUF(storage);
	uk_err err;

	for (size_t i = 0;
	     i < sizeof(signed_elements) / sizeof(signed_elements[0]); i++)
		vc_emv_dol_put(&b, q->dol, q->data, signed_elements[i].tag,
		    signed_elements[i].n);
	uk_put_u16(&b, p->aip);
	uk_put_u16(&b, c.atc);
	uk_put(&b, cvr);
	err = uk_buf_result(&b);
	if (uk_is_ok(err))
		err = session_key(e, c.atc, key);
	if (uk_is_ok(err))
		err = vc_emv_mac(e->app.home.crypto, p->scheme, UK_ARRAY(key),
		    uk_buf_view(&b), ac);
	uk_wipe(key, sizeof(key));
	return err;
}

/* --- GENERATE AC -----------------------------------------------------------
 */

static bool get_request(
    const struct vc_emv *e, const uk_cmd *cmd, struct vc_emv_request *out)
{
	size_t wanted;

	*out = (struct vc_emv_request){
		.asked = (enum vc_emv_type)(cmd->p1 & VC_EMV_TYPES),
		.second = e->phase == VC_EMV_ASKED,
		.data = cmd->data,
	};
	out->dol = vc_emv_get(
	    e, out->second ? VC_EMV_SET_CDOL2 : VC_EMV_SET_CDOL1);
	return vc_emv_dol_size(out->dol, &wanted) && wanted == cmd->data.n;
}

/* Pending: what stays of this step. */
static uk_err put_outcome(
    struct vc_emv *e, const struct vc_emv_request *q, enum vc_emv_type given)
{
	struct vc_emv_counters c = vc_emv_counters(e);

	if (!q->second && given == VC_EMV_ARQC)
		c.unfinished = true;
	if (q->second) {
		c.unfinished = false;
		c.denied = e->bank_failed;
	}
	if (q->second && e->bank_good)
		c.last_online = c.atc;
	UK_TRY(vc_emv_put_counters(e, &c));
	return given == VC_EMV_TC ? vc_emv_log(e, q, c.atc) : uk_ok();
}

static void put_answer(struct vc_emv *e, const struct vc_emv_profile *p,
    enum vc_emv_type given, uk_bytes cvr, uk_buf *out)
{
	size_t at = uk_tlv_begin(out, TAG_FORMAT_1);

	uk_put_u8(out, (uint8_t)given);
	uk_put_u16(out, vc_emv_counters(e).atc);
	uk_put(out, UK_ARRAY(e->ac));
	vc_emv_put_iad(out, p, cvr);
	uk_tlv_end(out, at);
}

/* The cryptogram is known before anything changes, and given away when that is
 * written down. */
static uint16_t answer(
    struct vc_emv *e, const struct vc_emv_request *q, uk_buf *out)
{
	enum vc_emv_type given = vc_emv_decide(e, q);
	struct vc_emv_profile p;
	uint8_t cvr[VC_EMV_CVR], ac[VC_EMV_AC];
	uk_err err;

	if (!vc_emv_profile(e, &p))
		return UK_SW_CONDITIONS;
	vc_emv_cvr(e, q, given, cvr);
	err = make_ac(e, &p, q, UK_ARRAY(cvr), ac);
	if (uk_is_ok(err))
		err = put_outcome(e, q, given);
	if (uk_is_ok(err))
		err = vc_nv_commit(e->app.home.nv);
	if (uk_is_ok(err))
		err = uk_copy_exact(e->ac, VC_EMV_AC, UK_ARRAY(ac));
	if (!uk_is_ok(err))
		return vc_sw(err);
	e->phase = given == VC_EMV_ARQC ? VC_EMV_ASKED : VC_EMV_ENDED;
	put_answer(e, &p, given, UK_ARRAY(cvr), out);
	return UK_SW_OK;
}

uint16_t vc_emv_generate(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_emv *e = vc_emv_of(app);
	struct vc_emv_request q;

	/* No combined signatures: there are no keys for them. */
	if ((cmd->p1 & ~VC_EMV_TYPES) != 0 || cmd->p1 == VC_EMV_TYPES ||
	    cmd->p2 != 0)
		return UK_SW_P1P2;
	if (e->phase != VC_EMV_BEGUN && e->phase != VC_EMV_ASKED)
		return UK_SW_CONDITIONS;
	if (e->phase == VC_EMV_ASKED && cmd->p1 == VC_EMV_ARQC)
		return UK_SW_P1P2;
	if (!get_request(e, cmd, &q))
		return UK_SW_LENGTH;
	return answer(e, &q, out);
}

/* --- EXTERNAL AUTHENTICATE -------------------------------------------------
 */

static uint16_t check_bank(struct vc_emv *e, uk_bytes data)
{
	struct vc_emv_profile p;
	uint8_t key[VC_EMV_KEY_SIZE], arpc[VC_EMV_AC];
	uk_err err;

	if (!vc_emv_profile(e, &p))
		return UK_SW_CONDITIONS;
	err = session_key(e, vc_emv_counters(e).atc, key);
	if (uk_is_ok(err))
		err = vc_emv_arpc(e->app.home.crypto, p.scheme, UK_ARRAY(key),
		    UK_ARRAY(e->ac), uk_bytes_from(data, VC_EMV_AC), arpc);
	uk_wipe(key, sizeof(key));
	if (!uk_is_ok(err))
		return vc_sw(err);
	e->bank_good = uk_equal(
	    UK_ARRAY(arpc), uk_bytes_first(data, VC_EMV_AC));
	e->bank_failed = !e->bank_good;
	uk_wipe(arpc, sizeof(arpc));
	return e->bank_good ? UK_SW_OK : 0x6300;
}

/* Once in a transaction, and only when the bank was asked. */
uint16_t vc_emv_external(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_emv *e = vc_emv_of(app);

	(void)out;
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	if (e->phase != VC_EMV_ASKED || e->bank_good || e->bank_failed)
		return UK_SW_CONDITIONS;
	if (cmd->data.n != VC_EMV_AC + ARC)
		return UK_SW_LENGTH;
	return check_bank(e, cmd->data);
}
