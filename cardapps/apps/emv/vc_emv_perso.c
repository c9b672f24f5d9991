/* Personalisation: from the data of an account to the card's records. */
#include "vc_emv.h"

#include "tlv.h"
#include "vc_pins.h"

enum {
	PAN_MIN = 12,
	PAN_MAX = 19,
	DATE = 6,
	HOLDER_MAX = 26,
	LABEL_MAX = 16,
	SFI_FIRST_FREE = 3,
	SFI_LAST = 10,
	CODE_MAX = 999,
	PRIORITY_MAX = 15,
	RECORD_MAX = 240,
	/* 82, byte 1 */
	AIP_PIN = 0x1000,  /* cardholder verification */
	AIP_RISK = 0x0800, /* terminal risk management is to be done */
	AIP_BANK = 0x0400, /* issuer authentication */
	PIN_TRIES = 3,
	PIN_TRIES_MAX = 15,
	PIN_MIN = 4,
	PIN_MAX = 12
};

#define LABEL "PBOC DEBIT"

/* What the terminal is to tell with GENERATE AC: what is signed (EMV 4.3 Book
 * 2, table 26), and what the log wants: time and merchant. */
#define CDOL                                                                   \
	0x9f, 0x02, 0x06, 0x9f, 0x03, 0x06, 0x9f, 0x1a, 0x02, 0x95, 0x05,      \
	    0x5f, 0x2a, 0x02, 0x9a, 0x03, 0x9c, 0x01, 0x9f, 0x37, 0x04, 0x9f,  \
	    0x21, 0x03, 0x9f, 0x4e, 0x14

static const uint8_t cdol1[] = { CDOL };
static const uint8_t cdol2[] = { 0x8a, 0x02, CDOL };

/* CVM lists (EMV 4.3 Book 3, 10.5): plain PIN checked by the card or the next,
 * signature or the next, nothing; always, or if the terminal can. */
static const uint8_t cvm_pin[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0x41, 0x03, 0x5e,
	0x03, 0x1f, 0x00 };
static const uint8_t cvm_none[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0x5e, 0x03, 0x1f,
	0x00 };

/* Issuer action codes: never declined offline; online for whatever went wrong;
 * declined when that cannot be. */
static const uint8_t iac_default[] = { 0xfc, 0x50, 0xac, 0x88, 0x00 };
static const uint8_t iac_denial[] = { 0, 0, 0, 0, 0 };
static const uint8_t iac_online[] = { 0xfc, 0x50, 0xac, 0x98, 0x00 };

/* --- checks ----------------------------------------------------------------
 */

static bool are_digits(uk_bytes v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	}
	return true;
}

static bool is_text(const char *text, size_t min, size_t max)
{
	uk_bytes v = uk_view_str(text);

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < 0x20 || v.p[i] > 0x7e)
			return false;
	}
	return v.n >= min && v.n <= max;
}

static bool is_date(const char *text)
{
	uk_bytes v = uk_view_str(text);

	return v.n == DATE && are_digits(v);
}

static bool is_account(const struct vc_emv_perso *p)
{
	uk_bytes pan = uk_view_str(p->pan);

	return pan.n >= PAN_MIN && pan.n <= PAN_MAX && are_digits(pan) &&
	       p->sequence <= 99 && is_date(p->effective) &&
	       is_date(p->expiry) &&
	       (p->holder == NULL || is_text(p->holder, 2, HOLDER_MAX)) &&
	       (p->label == NULL || is_text(p->label, 1, LABEL_MAX)) &&
	       p->country <= CODE_MAX && p->currency <= CODE_MAX &&
	       p->priority <= PRIORITY_MAX;
}

static uint8_t tries_of(const struct vc_emv_perso *p)
{
	return p->pin_tries == 0 ? PIN_TRIES : p->pin_tries;
}

static bool is_pin(const struct vc_emv_perso *p)
{
	return p->pin == NULL ||
	       (p->pin->n >= PIN_MIN && p->pin->n <= PIN_MAX &&
		   are_digits(uk_pin_view(p->pin)) &&
		   p->pin_tries <= PIN_TRIES_MAX &&
		   p->pin_spent <= tries_of(p));
}

static bool are_records(const struct vc_emv_perso *p)
{
	if (p->record_count > VC_EMV_RECORDS_MAX)
		return false;
	for (size_t i = 0; i < p->record_count; i++) {
		const struct vc_emv_record *r = &p->records[i];

		if (r->sfi < SFI_FIRST_FREE || r->sfi > SFI_LAST ||
		    r->number == 0 || r->content.n > RECORD_MAX)
			return false;
	}
	return true;
}

static bool is_sound(const struct vc_emv_perso *p)
{
	size_t n;

	return p->scheme >= VC_EMV_CSK && p->scheme <= VC_EMV_PBOC_SM4 &&
	       is_account(p) && is_pin(p) && are_records(p) &&
	       vc_emv_dol_size(p->pdol, &n) && n <= RECORD_MAX &&
	       p->log_entries <= VC_EMV_LOG_MAX;
}

/* --- pieces ----------------------------------------------------------------
 */

/* Two digits in a byte; an odd one is followed by F. */
static void put_compressed(uk_buf *out, uk_bytes digits)
{
	for (size_t i = 0; i < digits.n; i += 2) {
		uint8_t low = i + 1 < digits.n
				  ? (uint8_t)(digits.p[i + 1] - '0')
				  : 0x0f;

		uk_put_u8(out, (uint8_t)((digits.p[i] - '0') << 4 | low));
	}
}

static void put_date(uk_buf *out, unsigned tag, const char *date)
{
	size_t at = uk_tlv_begin(out, tag);

	put_compressed(out, uk_view_str(date));
	uk_tlv_end(out, at);
}

/* n3: 156 is 01 56. */
static void put_code(uk_buf *out, unsigned tag, unsigned code)
{
	unsigned v = code == 0 ? 156 : code;

	uk_put_tlv_u16(
	    out, tag, (uint16_t)(v / 100 << 8 | v / 10 % 10 << 4 | v % 10));
}

/* PAN D YYMM service code 220, filled with F (ISO/IEC 7813). */
static void put_track2(uk_buf *out, const struct vc_emv_perso *p)
{
	uint8_t nibbles[PAN_MAX + 1 + 4 + 3 + 1], track[sizeof(nibbles) / 2];
	uk_buf b = UK_BUF(nibbles), packed = UK_BUF(track);

	uk_put(&b, uk_view_str(p->pan));
	uk_put_u8(&b, '0' + 0x0d);
	uk_put(&b, uk_bytes_first(uk_view_str(p->expiry), 4));
	uk_put_str(&b, "220");
	put_compressed(&packed, uk_buf_view(&b));
	uk_put_tlv(out, 0x57, uk_buf_view(&packed));
}

static void put_directory_entry(
    uk_buf *out, uk_bytes aid, const struct vc_emv_perso *p)
{
	size_t at = uk_tlv_begin(out, 0x61);

	uk_put_tlv(out, 0x4f, aid);
	uk_put_tlv(out, 0x50, uk_view_str(p->label == NULL ? LABEL : p->label));
	uk_put_tlv_u8(out, 0x87, p->priority);
	uk_tlv_end(out, at);
}

/* --- records ---------------------------------------------------------------
 */

typedef void put_record_fn(uk_buf *out, const struct vc_emv_perso *p);

static void put_cardholder(uk_buf *out, const struct vc_emv_perso *p)
{
	put_track2(out, p);
	if (p->holder != NULL)
		uk_put_tlv(out, 0x5f20, uk_view_str(p->holder));
}

static void put_account(uk_buf *out, const struct vc_emv_perso *p)
{
	size_t at = uk_tlv_begin(out, 0x5a);

	put_compressed(out, uk_view_str(p->pan));
	uk_tlv_end(out, at);
	uk_put_tlv_u8(
	    out, 0x5f34, (uint8_t)(p->sequence / 10 << 4 | p->sequence % 10));
	put_date(out, 0x5f24, p->expiry);
	put_date(out, 0x5f25, p->effective);
	put_code(out, 0x5f28, p->country);
	put_code(out, 0x9f42, p->currency);
	uk_put_tlv_u16(out, 0x9f07, 0xff00); /* usable for everything */
	uk_put_tlv(out, 0x8e,
	    p->cvm.n > 0     ? p->cvm
	    : p->pin == NULL ? UK_ARRAY(cvm_none)
			     : UK_ARRAY(cvm_pin));
	uk_put_tlv(out, 0x9f0d, UK_ARRAY(iac_default));
	uk_put_tlv(out, 0x9f0e, UK_ARRAY(iac_denial));
	uk_put_tlv(out, 0x9f0f, UK_ARRAY(iac_online));
}

static void put_lists(uk_buf *out, const struct vc_emv_perso *p)
{
	(void)p;
	uk_put_tlv(out, 0x8c, UK_ARRAY(cdol1));
	uk_put_tlv(out, 0x8d, UK_ARRAY(cdol2));
}

static const struct {
	uint8_t sfi, number;
	put_record_fn *put;
} standard[] = {
	{ 1, 1, put_cardholder },
	{ 2, 1, put_account },
	{ 2, 2, put_lists },
};

static uk_err put_record(
    struct vc_emv *e, uint8_t sfi, uint8_t number, uk_bytes content)
{
	const struct vc_home *h = &e->app.home;

	return vc_nv_put(h->nv,
	    vc_home_id(h, VC_NV_FILE, (uint16_t)(sfi << 8 | number)), content);
}

/* File locator: SFI, first and last record, how many of them are signed. One
 * entry per record, whatever their order. */
static void put_locator(uk_buf *afl, uint8_t sfi, uint8_t number)
{
	uk_put_u8(afl, (uint8_t)(sfi << 3));
	uk_put_u8(afl, number);
	uk_put_u8(afl, number);
	uk_put_u8(afl, 0);
}

static uk_err put_records(struct vc_emv *e, const struct vc_emv_perso *p)
{
	uint8_t storage[RECORD_MAX],
	    locators[4 * (VC_EMV_RECORDS_MAX +
			     sizeof(standard) / sizeof(standard[0]))];
	uk_buf afl = UK_BUF(locators);

	for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++) {
		uk_buf b = UK_BUF(storage);

		standard[i].put(&b, p);
		UK_TRY(uk_buf_result(&b));
		UK_TRY(put_record(
		    e, standard[i].sfi, standard[i].number, uk_buf_view(&b)));
		put_locator(&afl, standard[i].sfi, standard[i].number);
	}
	for (size_t i = 0; i < p->record_count; i++) {
		const struct vc_emv_record *r = &p->records[i];

		UK_TRY(put_record(e, r->sfi, r->number, r->content));
		put_locator(&afl, r->sfi, r->number);
	}
	UK_TRY(vc_emv_put(e, VC_EMV_SET_CDOL1, UK_ARRAY(cdol1)));
	UK_TRY(vc_emv_put(e, VC_EMV_SET_CDOL2, UK_ARRAY(cdol2)));
	UK_TRY(uk_buf_result(&afl));
	return vc_emv_put(e, VC_EMV_SET_AFL, uk_buf_view(&afl));
}

/* --- everything else -------------------------------------------------------
 */

static uint16_t aip_of(const struct vc_emv_perso *p)
{
	if (p->aip != 0)
		return p->aip;
	return AIP_RISK | AIP_BANK | (p->pin == NULL ? 0 : AIP_PIN);
}

static uk_err put_profile(struct vc_emv *e, const struct vc_emv_perso *p)
{
	struct vc_emv_counters c = { .atc = p->atc };
	uint8_t storage[8];
	uk_buf b = UK_BUF(storage);

	uk_put_u8(&b, (uint8_t)p->scheme);
	uk_put_u8(&b, p->key_index);
	uk_put_u8(&b, p->offline_most);
	uk_put_u8(&b, p->log_entries);
	uk_put_u16(&b, aip_of(p));
	uk_put_u16(&b, p->atc_last == 0 ? 0xffff : p->atc_last);
	UK_TRY(uk_buf_result(&b));
	UK_TRY(vc_emv_put_counters(e, &c));
	return vc_emv_put(e, VC_EMV_SET_PROFILE, uk_buf_view(&b));
}

static uk_err put_names(struct vc_emv *e, const struct vc_emv_perso *p)
{
	uint8_t storage[2 * RECORD_MAX], entry[64];
	uk_buf b = UK_BUF(storage), d = UK_BUF(entry);

	uk_put_tlv(&b, 0x50, uk_view_str(p->label == NULL ? LABEL : p->label));
	uk_put_tlv_u8(&b, 0x87, p->priority);
	if (p->pdol.n > 0)
		uk_put_tlv(&b, 0x9f38, p->pdol);
	uk_put_tlv(&b, 0x5f2d, uk_view_str("zhen"));
	UK_TRY(uk_buf_result(&b));
	UK_TRY(vc_emv_put(e, VC_EMV_SET_FCI, uk_buf_view(&b)));
	UK_TRY(vc_emv_put(e, VC_EMV_SET_PDOL, p->pdol));
	uk_put_u8(&d, p->priority);
	put_directory_entry(&d, vc_app_aid(&e->app), p);
	UK_TRY(uk_buf_result(&d));
	return vc_emv_put(e, VC_EMV_SET_ENTRY, uk_buf_view(&d));
}

static uk_err put_secrets(struct vc_emv *e, const struct vc_emv_perso *p)
{
	const struct vc_home *h = &e->app.home;
	uint8_t key[VC_EMV_KEY_SIZE];
	uk_err err = vc_emv_card_key(h->crypto, p->scheme,
	    UK_ARRAY(p->issuer_key), uk_view_str(p->pan), p->sequence, key);

	if (uk_is_ok(err))
		err = vc_nv_put(
		    h->nv, vc_home_id(h, VC_NV_KEY, VC_EMV_KEY), UK_ARRAY(key));
	uk_wipe(key, sizeof(key));
	if (!uk_is_ok(err) || p->pin == NULL)
		return err;
	err = vc_pin_put(h, VC_EMV_PIN, tries_of(p), uk_pin_view(p->pin));
	if (uk_is_ok(err))
		err = vc_pin_limit(
		    h, VC_EMV_PIN, (uint8_t)(tries_of(p) - p->pin_spent));
	return err;
}

static uk_err put_all(struct vc_emv *e, const struct vc_emv_perso *p)
{
	vc_nv_drop_app(e->app.home.nv, e->app.home.app);
	UK_TRY(put_profile(e, p));
	UK_TRY(put_names(e, p));
	UK_TRY(put_records(e, p));
	UK_TRY(put_secrets(e, p));
	return vc_nv_commit(e->app.home.nv);
}

uk_err vc_emv_personalise(
    struct vc_card *card, uk_bytes aid, const struct vc_emv_perso *perso)
{
	struct vc_app *app = vc_card_app(card, aid);
	uk_err err;

	if (app == NULL || app->ops != &vc_emv_ops)
		return uk_fail(UK_ERR_NOT_FOUND);
	if (!is_sound(perso))
		return uk_fail(UK_ERR_FORMAT);
	app->ops->forget(app);
	err = put_all(vc_emv_of(app), perso);
	if (!uk_is_ok(err))
		vc_nv_abort(app->home.nv);
	return err;
}
