/* What a terminal sends about a card, and what the card says in it. */
#include "attempt.h"

#include "secret.h"

#include <time.h>

enum {
	PURCHASE = 0x00, /* 9C */
	DAY = 24 * 60 * 60,
	TDES_MAC = 8
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

enum bank_code bank_attempt_mac(struct attempt *a, uk_bytes message)
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

enum bank_code bank_attempt_card(struct attempt *a)
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

bool bank_attempt_is_arqc(const struct uk_emv_set *emv)
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
