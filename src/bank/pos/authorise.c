/* The issuer's decision about a payment. */
#include "authorise.h"

#include "ledger.h"
#include "secret.h"
#include "strokes.h"

#include <time.h>

enum {
	PURCHASE = 0x00, /* 9C */
	ONLINE_PIN = 0x02,
	CVM = 0x3f,
	MESSAGE_MAX = 24 * 1024,
	DAY = 24 * 60 * 60,
	TDES_MAC = 8
};

/* ISO 8583:1987, field 39, as issuers use it. */
#define APPROVED        "00"
#define NOT_HONOURED    "05" /* the cryptogram is not the card's */
#define NO_SUCH_CARD    "14"
#define NO_FUNDS        "51"
#define EXPIRED_CARD    "54"
#define WRONG_PIN       "55"
#define RESTRICTED_CARD "62"
#define PIN_TRIES       "75"
#define DUPLICATE       "94"

#define FIELD_SIGNATURE "pos signature"

/* Everything that is known about the payment, collected step by step. */
struct attempt {
	struct bank_pos *p;
	const struct bank_pos_message *m;
	int64_t now;
	struct bank_pos_order order;
	uint8_t hash[BANK_POS_REQUEST_HASH];
	struct bank_reader reader;
	struct uk_dukpt_keys keys;
	struct uk_track2 track;
	struct uk_emv_set emv;
	struct bank_card card;
	bool known, genuine, broke;
	uint8_t session_key[BANK_CARD_KEY];
	int64_t journal;
	struct bank_pos_outcome *out;
};

/* --- the message ---------------------------------------------------------- */

void bank_pos_put_message(
    uk_buf *out, uk_bytes number, const struct bank_pos_message *m)
{
	const uk_bytes fields[] = { number, m->ksn, m->card, m->emv,
		m->pin_block, m->signature };

	uk_put_str(out, BANK_POS_CONTEXT);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uk_put_u32(out, (uint32_t)fields[i].n);
		uk_put(out, fields[i]);
	}
}

static uk_err make_mac(struct attempt *a, uk_bytes message, uk_buf *mac)
{
	uint8_t hash[32], short_mac[TDES_MAC];
	uk_buf h = UK_BUF(hash);

	if (a->reader.kind == BANK_READER_AES)
		return uk_cmac_aes(
		    a->p->crypto, UK_ARRAY(a->keys.mac), &message, 1, mac);
	/* Triple DES is not for so much data: it is of their hash. */
	UK_TRY(uk_hash_one(a->p->crypto, UK_HASH_SHA256, message, &h));
	UK_TRY(bank_cryptogram(a->p->crypto, BANK_SCHEME_CSK,
	    UK_ARRAY(a->keys.mac), UK_ARRAY(hash), short_mac));
	uk_put(mac, UK_ARRAY(short_mac));
	return uk_buf_result(mac);
}

static enum bank_code check_mac(struct attempt *a, uk_bytes message)
{
	uint8_t storage[UK_CMAC_SIZE];
	uk_buf mac = UK_BUF(storage);

	if (!uk_is_ok(make_mac(a, message, &mac)))
		return BANK_INTERNAL;
	return uk_equal(uk_buf_view(&mac), a->m->mac) ? BANK_OK : BANK_READER;
}

/* ISO/IEC 7816-4 padding: 80 00.. */
static uk_bytes unpad(uk_bytes v)
{
	while (v.n > 0 && v.p[v.n - 1] == 0)
		v.n--;
	if (v.n == 0 || v.p[v.n - 1] != 0x80)
		return UK_NONE;
	v.n--;
	return v;
}

static enum bank_code open_card(struct attempt *a)
{
	uint8_t room[BANK_POS_CARD_MAX];
	uk_buf plain = UK_BUF(room);
	uk_err err = uk_cipher_cbc(a->p->crypto,
	    a->reader.kind == BANK_READER_AES ? UK_CIPHER_AES : UK_CIPHER_3DES,
	    false, UK_ARRAY(a->keys.data), UK_NONE, a->m->card, &plain);

	if (uk_is_ok(err))
		err = uk_emv_track2(unpad(uk_buf_view(&plain)), &a->track);
	uk_wipe(room, sizeof(room));
	return uk_is_ok(err) ? BANK_OK : BANK_CARD_DATA;
}

/* --- what the card says --------------------------------------------------- */

uk_err bank_pos_read_emv(uk_bytes emv, struct uk_emv_set *out)
{
	*out = (struct uk_emv_set){ .count = 0 };
	return uk_emv_collect(out, emv);
}

static bool number_is(
    const struct uk_emv_set *emv, uint32_t tag, size_t n, uint64_t want)
{
	uint64_t v;
	uk_bytes bcd;

	return uk_emv_get_n(emv, tag, n, &bcd) &&
	       uk_is_ok(uk_read_bcd(bcd, &v)) && v == want;
}

/* Terminals may be in another zone, and on either side of midnight. */
static bool date_is_near(const struct uk_emv_set *emv, int64_t now)
{
	for (int64_t d = -DAY; d <= DAY; d += DAY) {
		time_t t = (time_t)(now + d);
		struct tm day;

		if (gmtime_r(&t, &day) != NULL &&
		    number_is(emv, UK_EMV_DATE, 3,
			(uint64_t)(day.tm_year % 100) * 10000 +
			    (uint64_t)(day.tm_mon + 1) * 100 +
			    (uint64_t)day.tm_mday))
			return true;
	}
	return false;
}

bool bank_pos_fits(struct bank_pos *p, const struct bank_pos_order *o,
    const struct uk_emv_set *emv, int64_t now)
{
	uint8_t un[4];
	uk_bytes v;

	return number_is(emv, UK_EMV_AMOUNT, 6, (uint64_t)o->amount) &&
	       number_is(emv, UK_EMV_OTHER, 6, 0) &&
	       number_is(
		   emv, UK_EMV_CURRENCY, 2, bank_pos_currency(o->currency)) &&
	       number_is(emv, UK_EMV_TYPE, 1, PURCHASE) &&
	       date_is_near(emv, now) &&
	       uk_is_ok(bank_pos_number(p->crypto, o, un)) &&
	       uk_emv_get(emv, UK_EMV_UN, &v) && uk_bytes_eq(v, UK_ARRAY(un));
}

static bool is_arqc(const struct uk_emv_set *emv)
{
	uk_bytes v;

	return uk_emv_get_n(emv, UK_EMV_CID, 1, &v) &&
	       (v.p[0] & 0xc0) == UK_EMV_ARQC;
}

uk_err bank_pos_check_ac(struct bank_pos *p, const struct bank_card *card,
    const struct uk_emv_set *emv, uint8_t session_key[BANK_CARD_KEY])
{
	uint8_t storage[BANK_SIGNED_MAX], ac[BANK_AC];
	uk_buf data = UK_BUF(storage);
	uk_bytes given, atc;

	if (!uk_is_ok(bank_signed_data(emv, &data)) ||
	    !uk_emv_get_n(emv, UK_EMV_ATC, 2, &atc) ||
	    !uk_emv_get_n(emv, UK_EMV_AC, BANK_AC, &given))
		return uk_fail(UK_ERR_SIGNATURE);
	UK_TRY(bank_session_key(p->crypto, card->scheme, UK_ARRAY(card->key),
	    (uint16_t)(atc.p[0] << 8 | atc.p[1]), session_key));
	UK_TRY(bank_cryptogram(p->crypto, card->scheme,
	    uk_view(session_key, BANK_CARD_KEY), uk_buf_view(&data), ac));
	return uk_equal(UK_ARRAY(ac), given) ? uk_ok()
					     : uk_fail(UK_ERR_SIGNATURE);
}

/* --- deciding ------------------------------------------------------------- */

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

/* UK_ERR_CONDITIONS: there is not enough, or the account is of another currency
 * or limited; then the whole transaction is taken back and made once more. */
static uk_err move_money(struct attempt *a)
{
	struct bank_posting posting = { .from = a->card.account,
		.amount = a->order.amount,
		.time = a->now,
		.kind = "card",
		.memo = uk_view_str(a->order.merchant) };
	uk_err err = bank_pos_clearing(a->p, a->order.currency, &posting.to);

	if (uk_is_ok(err))
		err = bank_ledger_post(a->p->store, &posting, &a->journal);
	return uk_is(err, UK_ERR_ARGUMENT) || uk_is(err, UK_ERR_TOO_SMALL)
		   ? uk_fail(UK_ERR_CONDITIONS)
		   : err;
}

static decide_fn *const steps[] = { find_card, check_cryptogram, check_counter,
	check_card, check_pin };

static uk_err decide(struct attempt *a, const char **code)
{
	uk_err err = uk_ok();

	*code = NULL;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		*code = steps[i](a, &err);
		if (*code != NULL || !uk_is_ok(err))
			return err;
	}
	if (a->broke)
		*code = NO_FUNDS;
	return err;
}

/* Tag 91: ARPC and what it is of. */
static uk_err answer_card(struct attempt *a, const char *code)
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

/* --- writing it down ------------------------------------------------------ */

static uk_err seal_signature(struct attempt *a, uk_blob *out)
{
	size_t n = a->m->signature.n + BANK_SEALED_MORE;
	uint8_t *room;
	uk_buf b;
	uk_err err;

	if (a->m->signature.n == 0)
		return uk_ok();
	room = uk_new_array(n, 1);
	if (room == NULL)
		return uk_fail(UK_ERR_MEMORY);
	b = uk_buf_over(room, n);
	err = bank_vault_seal(
	    a->p->vault, FIELD_SIGNATURE, a->m->signature, &b);
	if (uk_is_ok(err))
		err = uk_blob_set(out, uk_buf_view(&b));
	uk_free(room);
	return err;
}

static uk_err insert_payment(struct attempt *a, uk_bytes signature)
{
	const struct bank_pos_outcome *o = a->out;
	bank_query q = bank_query_of(a->p->store,
	    "INSERT INTO pos_payments (order_id, request, reader, card, state,"
	    " code, issuer_data, masked, pin_left, emv, signature, time,"
	    " complete_before, journal) VALUES"
	    " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");

	bank_bind_int(&q, a->order.id);
	bank_bind_blob(&q, UK_ARRAY(a->hash));
	bank_bind_int(&q, a->reader.id);
	if (a->known)
		bank_bind_int(&q, a->card.id);
	else
		bank_bind_null(&q);
	bank_bind_int(&q, o->state);
	bank_bind_text(&q, uk_view_str(o->code));
	bank_bind_blob(&q, uk_view(o->issuer_data, o->issuer_data_len));
	bank_bind_text(&q, uk_view_str(o->masked));
	bank_bind_int(&q, o->pin_left);
	bank_bind_blob(&q, a->m->emv);
	bank_bind_blob(&q, signature);
	bank_bind_int(&q, a->now);
	bank_bind_int(&q, o->complete_before);
	if (a->journal > 0)
		bank_bind_int(&q, a->journal);
	else
		bank_bind_null(&q);
	return bank_query_run(&q);
}

/* A refused card leaves the order for another, with another number to sign. */
static uk_err count_attempt(struct attempt *a)
{
	bool last = a->order.attempts + 1 >= a->p->rules.order_attempts;
	bank_query q = bank_query_of(a->p->store,
	    "UPDATE pos_orders SET attempts = attempts + 1, state = ?"
	    " WHERE id = ?");

	bank_bind_int(&q, last ? BANK_POS_REFUSED : BANK_POS_PENDING);
	bank_bind_int(&q, a->order.id);
	return bank_query_run(&q);
}

uk_err bank_pos_put_state(
    struct bank_pos *p, int64_t order, enum bank_pos_state state)
{
	bank_query q = bank_query_of(
	    p->store, "UPDATE pos_orders SET state = ? WHERE id = ?");

	bank_bind_int(&q, state);
	bank_bind_int(&q, order);
	return bank_query_run(&q);
}

static uk_err record(struct attempt *a, const char *code)
{
	struct bank_pos_outcome *o = a->out;
	bool good = uk_bytes_eq(uk_view_str(code), uk_view_str(APPROVED));
	uk_blob signature = { NULL, 0 };
	uk_err err;

	UK_TRY(uk_copy_str(o->code, sizeof(o->code), uk_view_str(code)));
	uk_mask_pan(a->track.pan, o->masked);
	o->state = good ? BANK_POS_AUTHORISED : BANK_POS_DECLINED;
	o->complete_before = good ? a->now + a->p->rules.complete_seconds : 0;
	err = answer_card(a, code);
	if (uk_is_ok(err))
		err = seal_signature(a, &signature);
	if (uk_is_ok(err))
		err = insert_payment(a, uk_blob_view(&signature));
	uk_blob_free(&signature);
	UK_TRY(err);
	UK_TRY(bank_reader_used(a->p, &a->reader, a->m->ksn));
	return good ? bank_pos_put_state(a->p, a->order.id, BANK_POS_AUTHORISED)
		    : count_attempt(a);
}

/* --- from the beginning --------------------------------------------------- */

/* The same message again: what was said the first time. */
static uk_err find_again(struct attempt *a)
{
	bank_query q = bank_query_of(a->p->store,
	    "SELECT state, code, issuer_data, masked, complete_before, pin_left"
	    " FROM pos_payments WHERE order_id = ? AND request = ?");
	struct bank_pos_outcome *o = a->out;
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	bank_bind_int(&q, a->order.id);
	bank_bind_blob(&q, UK_ARRAY(a->hash));
	if (bank_query_row(&q)) {
		uk_bytes data = bank_col(&q, 2);
		uk_buf b = UK_BUF(o->issuer_data);

		o->state = (enum bank_pos_state)bank_col_int(&q, 0);
		o->complete_before = bank_col_int(&q, 4);
		o->pin_left = bank_col_int(&q, 5);
		uk_put(&b, data);
		o->issuer_data_len = b.len;
		err = uk_buf_result(&b);
		if (uk_is_ok(err))
			err = uk_copy_str(
			    o->code, sizeof(o->code), bank_col(&q, 1));
		if (uk_is_ok(err))
			err = uk_copy_str(
			    o->masked, sizeof(o->masked), bank_col(&q, 3));
	}
	UK_TRY(bank_query_end(&q));
	return err;
}

static enum bank_code open_order(struct attempt *a)
{
	if (a->order.state != BANK_POS_PENDING)
		return BANK_ORDER_CONFLICT;
	return a->order.expires <= a->now ? BANK_ORDER_EXPIRED : BANK_OK;
}

static enum bank_code open_message(
    struct attempt *a, int64_t owner, uk_bytes message)
{
	struct uk_strokes strokes;
	enum bank_code code;

	code = bank_reader_keys(a->p, owner, a->m->ksn, &a->reader, &a->keys);
	if (code == BANK_OK)
		code = check_mac(a, message);
	if (code == BANK_OK && a->m->signature.n > 0 &&
	    !uk_is_ok(uk_strokes_check(a->m->signature, &strokes)))
		code = BANK_MALFORMED;
	if (code == BANK_OK)
		code = open_card(a);
	if (code == BANK_OK &&
	    (!uk_is_ok(bank_pos_read_emv(a->m->emv, &a->emv)) ||
		!is_arqc(&a->emv) ||
		!bank_pos_fits(a->p, &a->order, &a->emv, a->now)))
		code = BANK_CARD_DATA;
	return code;
}

static enum bank_code settle(struct attempt *a)
{
	const char *code = NULL;
	uk_err err = decide(a, &code);

	if (uk_is_ok(err) && code == NULL)
		err = move_money(a);
	if (uk_is_ok(err))
		err = record(a, code == NULL ? APPROVED : code);
	return uk_is(err, UK_ERR_CONDITIONS) ? BANK_INSUFFICIENT_FUNDS
					     : bank_pos_code(err);
}

static enum bank_code run(
    struct attempt *a, int64_t owner, uk_bytes number, uk_bytes message)
{
	enum bank_code code = bank_pos_order_find(
	    a->p, owner, number, &a->order);
	uk_err err;

	if (code != BANK_OK)
		return code;
	err = find_again(a);
	if (!uk_is(err, UK_ERR_NOT_FOUND))
		return bank_pos_code(err);
	code = open_order(a);
	if (code == BANK_OK)
		code = open_message(a, owner, message);
	return code == BANK_OK ? settle(a) : code;
}

static enum bank_code run_in_transaction(
    struct attempt *a, int64_t owner, uk_bytes number, uk_bytes message)
{
	enum bank_code code;

	if (!uk_is_ok(bank_begin(a->p->store)))
		return BANK_INTERNAL;
	code = run(a, owner, number, message);
	if (code == BANK_OK)
		code = bank_pos_code(bank_commit(a->p->store));
	if (code != BANK_OK)
		bank_rollback(a->p->store);
	return code;
}

enum bank_code bank_pos_authorise(struct bank_pos *p, int64_t owner,
    uk_bytes number, const struct bank_pos_message *m, int64_t now,
    struct bank_pos_outcome *out)
{
	struct attempt *a = uk_secret_new(sizeof(*a));
	uint8_t *room = uk_new_array(MESSAGE_MAX, 1);
	uk_buf message = uk_buf_over(room, room == NULL ? 0 : MESSAGE_MAX), h;
	enum bank_code code = BANK_INTERNAL;

	*out = (struct bank_pos_outcome){ .pin_left = -1 };
	if (a == NULL || room == NULL)
		goto out;
	*a = (struct attempt){ .p = p, .m = m, .now = now, .out = out };
	h = (uk_buf)UK_BUF(a->hash);
	bank_pos_put_message(&message, number, m);
	uk_put(&message, m->mac);
	if (!uk_is_ok(uk_buf_result(&message)) ||
	    !uk_is_ok(uk_hash_one(
		p->crypto, UK_HASH_SHA256, uk_buf_view(&message), &h)))
		goto out;
	uk_buf_cut(&message, message.len - m->mac.n);
	code = run_in_transaction(a, owner, number, uk_buf_view(&message));
	if (code == BANK_INSUFFICIENT_FUNDS) {
		a->broke = true;
		a->journal = 0;
		code = run_in_transaction(
		    a, owner, number, uk_buf_view(&message));
	}
out:
	uk_free(room);
	uk_secret_free(a, sizeof(*a));
	return code;
}
