/* What the card thinks of a transaction: card risk management (EMV 4.3 Book 3,
 * 9.3 and 10.8), and how it tells. */
#include "vc_emv.h"

#include "vc_pins.h"

enum {
	/* CVR, as PBOC 2.0 has it: byte 2 */
	SECOND_TC = 0x40,
	SECOND_NOT_ASKED = 0x80,
	FIRST_TC = 0x10,
	FIRST_ARQC = 0x20,
	BANK_FAILED = 0x08,
	PIN_DONE = 0x04,
	PIN_FAILED = 0x02,
	NOT_ONLINE = 0x01,
	/* byte 3 */
	LAST_UNFINISHED = 0x80,
	PIN_BLOCKED = 0x40,
	TOO_MANY_OFFLINE = 0x20,
	NEW_CARD = 0x10,
	LAST_DENIED = 0x08,
	BANK_MISSING = 0x04
};

/* Authorisation response codes that a terminal makes itself when it could not
 * ask: approved, declined. */
static const uint8_t y3[] = { 'Y', '3' }, z3[] = { 'Z', '3' };

static bool is_not_online(const struct vc_emv_request *q)
{
	uk_bytes arc = vc_emv_dol_get(q->dol, q->data, 0x8a);

	return q->second && (uk_bytes_eq(arc, UK_ARRAY(y3)) ||
				uk_bytes_eq(arc, UK_ARRAY(z3)));
}

static bool has_too_many(const struct vc_emv *e)
{
	struct vc_emv_counters c = vc_emv_counters(e);
	struct vc_emv_profile p;

	return !vc_emv_profile(e, &p) || c.atc - c.last_online > p.offline_most;
}

static bool is_pin_blocked(const struct vc_emv *e)
{
	struct vc_pin_state s = vc_pin_state(&e->app.home, VC_EMV_PIN);

	return s.max > 0 && s.left == 0;
}

/* Never more than the terminal asks for: TC, ARQC, AAC in this order. */
static enum vc_emv_type decide_first(
    const struct vc_emv *e, const struct vc_emv_request *q)
{
	if (q->asked != VC_EMV_TC)
		return q->asked;
	return has_too_many(e) || e->was_unfinished || is_pin_blocked(e)
		   ? VC_EMV_ARQC
		   : VC_EMV_TC;
}

/* Approved with the bank's word, or, if nobody could ask it, when the card
 * could have approved alone. */
static enum vc_emv_type decide_second(
    const struct vc_emv *e, const struct vc_emv_request *q)
{
	if (q->asked != VC_EMV_TC || e->bank_failed)
		return VC_EMV_AAC;
	if (e->bank_good)
		return VC_EMV_TC;
	return is_not_online(q) && !has_too_many(e) ? VC_EMV_TC : VC_EMV_AAC;
}

enum vc_emv_type vc_emv_decide(
    const struct vc_emv *e, const struct vc_emv_request *q)
{
	return q->second ? decide_second(e, q) : decide_first(e, q);
}

static uint8_t types_of(const struct vc_emv_request *q, enum vc_emv_type given)
{
	if (q->second)
		return FIRST_ARQC | (given == VC_EMV_TC ? SECOND_TC : 0);
	if (given == VC_EMV_AAC)
		return SECOND_NOT_ASKED;
	return SECOND_NOT_ASKED | (given == VC_EMV_TC ? FIRST_TC : FIRST_ARQC);
}

void vc_emv_cvr(const struct vc_emv *e, const struct vc_emv_request *q,
    enum vc_emv_type given, uint8_t cvr[VC_EMV_CVR])
{
	bool missing = q->second && !e->bank_good && !e->bank_failed;
	const struct {
		bool is;
		uint8_t byte, bit;
	} bits[] = {
		{ e->bank_failed, 1, BANK_FAILED },
		{ e->pin_good || e->pin_failed, 1, PIN_DONE },
		{ e->pin_failed, 1, PIN_FAILED },
		{ is_not_online(q), 1, NOT_ONLINE },
		{ e->was_unfinished, 2, LAST_UNFINISHED },
		{ is_pin_blocked(e), 2, PIN_BLOCKED },
		{ has_too_many(e), 2, TOO_MANY_OFFLINE },
		{ vc_emv_counters(e).last_online == 0, 2, NEW_CARD },
		{ e->was_denied, 2, LAST_DENIED },
		{ missing && !is_not_online(q), 2, BANK_MISSING },
	};

	cvr[0] = VC_EMV_CVR - 1;
	cvr[1] = types_of(q, given);
	cvr[2] = cvr[3] = 0;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		if (bits[i].is)
			cvr[bits[i].byte] |= bits[i].bit;
	}
}
