/* The issuer's decision about a payment. */
#include "attempt.h"

#include "holds.h"
#include "secret.h"

#include <time.h>

enum {
	ONLINE_PIN = 0x02, /* 9F34, first byte */
	CVM = 0x3f
};

/* A step of the decision: a response code that ends it, or NULL to go on.
 * *err for the machine's failures. */
typedef const char *decide_fn(struct attempt *a, uk_err *err);

static const char *find_card(struct attempt *a, uk_err *err)
{
	uk_bytes v;
	uint64_t sequence = 0;

	if (uk_emv_get_n(&a->emv, UK_EMV_SEQUENCE, 1, &v) &&
	    !uk_is_ok(uk_read_bcd(v, &sequence)))
		return NO_SUCH_CARD;
	*err = bank_card_find(
	    a->p, uk_view_str(a->track.pan), (uint8_t)sequence, &a->card);
	if (uk_is(*err, UK_ERR_NOT_FOUND)) {
		*err = uk_ok();
		return NO_SUCH_CARD;
	}
	a->known = uk_is_ok(*err);
	return NULL;
}

static const char *check_cryptogram(struct attempt *a, uk_err *err)
{
	*err = bank_pos_check_ac(a->p, &a->card, &a->emv, a->session_key);
	if (uk_is(*err, UK_ERR_SIGNATURE)) {
		*err = uk_ok();
		return NOT_HONOURED;
	}
	a->genuine = uk_is_ok(*err);
	return NULL;
}

static const char *check_counter(struct attempt *a, uk_err *err)
{
	uk_bytes atc;

	(void)uk_emv_get_n(&a->emv, UK_EMV_ATC, 2, &atc); /* it is there */
	*err = bank_card_count(
	    a->p, &a->card, (uint16_t)(atc.p[0] << 8 | atc.p[1]));
	if (!uk_is(*err, UK_ERR_EXISTS))
		return NULL;
	*err = uk_ok();
	a->genuine = false; /* no answer for a cryptogram seen before */
	return DUPLICATE;
}

/* YYMM, good to the end of the month. */
static const char *check_card(struct attempt *a, uk_err *err)
{
	time_t t = (time_t)a->now;
	struct tm day;
	uint64_t expiry = 0;

	(void)err;
	for (const char *c = a->card.expiry; *c != '\0'; c++)
		expiry = expiry * 10 + (uint64_t)(*c - '0');
	if (a->card.blocked)
		return RESTRICTED_CARD;
	if (gmtime_r(&t, &day) == NULL ||
	    (uint64_t)(day.tm_year % 100) * 100 + (uint64_t)day.tm_mon + 1 >
		expiry)
		return EXPIRED_CARD;
	return NULL;
}

static const char *verify_pin(struct attempt *a, uk_err *err)
{
	const struct bank_pos_message *m = a->m;
	uk_pin pin;

	*err = uk_pin_block_open(a->p->crypto, UK_ARRAY(a->keys.pin),
	    uk_view_str(a->track.pan), m->pin_block, &pin);
	/* What is no PIN is a wrong one, and costs a try like any other. */
	if (uk_is(*err, UK_ERR_FORMAT) || uk_is_ok(*err))
		*err = bank_card_pin(
		    a->p, &a->card, uk_view_str(a->track.pan), &pin);
	uk_wipe(&pin, sizeof(pin));
	if (uk_is(*err, UK_ERR_PIN_WRONG) || uk_is(*err, UK_ERR_PIN_BLOCKED)) {
		bool blocked = uk_is(*err, UK_ERR_PIN_BLOCKED);

		*err = uk_ok();
		a->out->pin_left = a->card.pin_left;
		return blocked ? PIN_TRIES : WRONG_PIN;
	}
	return NULL;
}

static const char *check_pin(struct attempt *a, uk_err *err)
{
	uk_bytes cvm;
	bool said = uk_emv_get_n(&a->emv, UK_EMV_CVM_RESULT, 3, &cvm) &&
		    (cvm.p[0] & CVM) == ONLINE_PIN;

	if (a->m->pin_block.n > 0)
		return a->card.has_pin ? verify_pin(a, err) : WRONG_PIN;
	if (said ||
	    (a->card.has_pin && a->order.amount > a->p->rules.no_pin_amount))
		return WRONG_PIN;
	return NULL;
}

/* Another currency, or into the account it comes from. */
static const char *check_account(struct attempt *a, uk_err *err)
{
	bank_query q = bank_query_of(
	    a->p->store, "SELECT currency FROM accounts WHERE id = ?");
	bool same;

	bank_bind_int(&q, a->card.account);
	same = bank_query_row(&q) &&
	       uk_bytes_eq(bank_col(&q, 0), uk_view_str(a->order.currency));
	*err = bank_query_end(&q);
	return same && a->card.account != a->order.account ? NULL
							   : NOT_PERMITTED;
}

/* Until the card's last word the money stays where it is, and nobody else can
 * have it. */
static const char *set_aside(struct attempt *a, uk_err *err)
{
	*err = bank_hold_reserve(a->p->store, a->card.account, a->order.amount,
	    a->now, a->now + a->p->rules.complete_seconds,
	    uk_view_str(a->order.merchant), &a->hold);
	if (!uk_is(*err, UK_ERR_CONDITIONS))
		return NULL;
	*err = uk_ok();
	return NO_FUNDS;
}

static decide_fn *const steps[] = { find_card, check_cryptogram, check_counter,
	check_card, check_pin, check_account, set_aside };

uk_err bank_attempt_decide(struct attempt *a, const char **code)
{
	uk_err err = uk_ok();

	*code = NULL;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		*code = steps[i](a, &err);
		if (*code != NULL || !uk_is_ok(err))
			return err;
	}
	return err;
}

/* Tag 91: ARPC and what it is of. */
uk_err bank_attempt_answer(struct attempt *a, const char *code)
{
	struct bank_pos_outcome *out = a->out;
	uint8_t full[BANK_AC], part[BANK_ARPC_2];
	uk_buf b = UK_BUF(out->issuer_data);
	/* Card status update (EMV 4.3 Book 3, annex C10): approved or not. */
	const uint8_t csu[4] = { 0, code[0] == '0' && code[1] == '0' ? 0x80 : 0,
		0, 0 };
	uk_bytes key = UK_ARRAY(a->session_key), arqc;

	if (!a->genuine)
		return uk_ok();
	(void)uk_emv_get(&a->emv, UK_EMV_AC, &arqc); /* checked before */
	if (a->card.method == 2) {
		UK_TRY(bank_arpc_2(a->p->crypto, a->card.scheme, key, arqc,
		    UK_ARRAY(csu), UK_NONE, part));
		uk_put(&b, UK_ARRAY(part));
		uk_put(&b, UK_ARRAY(csu));
	} else {
		UK_TRY(bank_arpc_1(a->p->crypto, a->card.scheme, key, arqc,
		    uk_view(code, 2), full));
		uk_put(&b, UK_ARRAY(full));
		uk_put(&b, uk_view(code, 2));
	}
	out->issuer_data_len = b.len;
	return uk_buf_result(&b);
}
