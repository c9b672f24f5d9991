/* The issuer's cards. */
#include "pos_cards.h"

enum { SALT = 16, SEALED_KEY = BANK_CARD_KEY + BANK_SEALED_MORE };

#define FIELD_PAN "card pan"
#define FIELD_KEY "card key"

/* --- making --------------------------------------------------------------- */

struct sealed {
	uint8_t index[BANK_VAULT_INDEX], salt[SALT], pin[BANK_VAULT_INDEX];
	uint8_t pan_room[UK_EMV_PAN_MAX + BANK_SEALED_MORE],
	    key_room[SEALED_KEY];
	uk_buf pan, key;
	char masked[UK_EMV_PAN_MAX + 1];
};

static uk_err seal(
    struct bank_pos *p, const struct bank_new_card *n, struct sealed *s)
{
	char text[UK_EMV_PAN_MAX + 1];

	s->pan = (uk_buf)UK_BUF(s->pan_room);
	s->key = (uk_buf)UK_BUF(s->key_room);
	UK_TRY(uk_copy_str(text, sizeof(text), n->pan));
	uk_mask_pan(text, s->masked);
	uk_wipe(text, sizeof(text));
	UK_TRY(bank_vault_index(p->vault, n->pan, s->index));
	UK_TRY(bank_vault_seal(p->vault, FIELD_PAN, n->pan, &s->pan));
	UK_TRY(bank_vault_seal(p->vault, FIELD_KEY, UK_ARRAY(n->key), &s->key));
	UK_TRY(uk_random(p->crypto, s->salt, sizeof(s->salt)));
	if (n->pin == NULL)
		return uk_ok();
	return bank_vault_pin(
	    p->vault, n->pan, UK_ARRAY(s->salt), uk_pin_view(n->pin), s->pin);
}

static uk_err insert(
    struct bank_pos *p, const struct bank_new_card *n, const struct sealed *s)
{
	bank_query q = bank_query_of(p->store,
	    "INSERT INTO pos_cards (pan_index, sequence, pan, masked, expiry,"
	    " account, scheme, card_key, method, pin_salt, pin_value, pin_left,"
	    " blocked, atc_last, atc_seen)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0)");

	bank_bind_blob(&q, UK_ARRAY(s->index));
	bank_bind_int(&q, n->sequence);
	bank_bind_blob(&q, uk_buf_view(&s->pan));
	bank_bind_text(&q, uk_view_str(s->masked));
	bank_bind_text(&q, n->expiry);
	bank_bind_int(&q, n->account);
	bank_bind_int(&q, n->scheme);
	bank_bind_blob(&q, uk_buf_view(&s->key));
	bank_bind_int(&q, n->method);
	bank_bind_blob(&q, UK_ARRAY(s->salt));
	if (n->pin == NULL)
		bank_bind_null(&q);
	else
		bank_bind_blob(&q, UK_ARRAY(s->pin));
	bank_bind_int(&q, BANK_CARD_PIN_TRIES);
	return bank_query_run(&q);
}

uk_err bank_card_make(struct bank_pos *p, const struct bank_new_card *n)
{
	struct sealed s = { .masked = "" };
	uk_err err;

	if (!uk_is_pan(n->pan) || n->expiry.n != 4 || n->sequence > 99 ||
	    (n->method != 1 && n->method != 2) ||
	    (n->pin != NULL && !uk_is_pin(n->pin)))
		return uk_fail(UK_ERR_ARGUMENT);
	err = seal(p, n, &s);
	if (uk_is_ok(err))
		err = bank_begin(p->store);
	if (uk_is_ok(err)) {
		err = insert(p, n, &s);
		if (uk_is_ok(err))
			err = bank_commit(p->store);
		if (!uk_is_ok(err))
			bank_rollback(p->store);
	}
	uk_wipe(&s, sizeof(s));
	return err;
}

/* --- finding -------------------------------------------------------------- */

static uk_err read_card(
    struct bank_pos *p, const bank_query *q, struct bank_card *out)
{
	uk_buf key = UK_BUF(out->key);

	out->id = bank_col_int(q, 0);
	out->account = bank_col_int(q, 1);
	out->scheme = (enum bank_scheme)bank_col_int(q, 2);
	out->method = (int)bank_col_int(q, 3);
	out->blocked = bank_col_int(q, 4) != 0;
	out->has_pin = bank_col_int(q, 5) != 0;
	out->pin_left = bank_col_int(q, 6);
	out->atc_last = bank_col_int(q, 7);
	out->atc_seen = bank_col_int(q, 8);
	UK_TRY(uk_copy_str(out->masked, sizeof(out->masked), bank_col(q, 9)));
	UK_TRY(uk_copy_str(out->expiry, sizeof(out->expiry), bank_col(q, 10)));
	return bank_vault_unseal(p->vault, FIELD_KEY, bank_col(q, 11), &key);
}

uk_err bank_card_find(
    struct bank_pos *p, uk_bytes pan, uint8_t sequence, struct bank_card *out)
{
	uint8_t index[BANK_VAULT_INDEX];
	bank_query q = bank_query_of(p->store,
	    "SELECT id, account, scheme, method, blocked,"
	    " CASE WHEN pin_value IS NULL THEN 0 ELSE 1 END, pin_left,"
	    " atc_last, atc_seen, masked, expiry, card_key FROM pos_cards"
	    " WHERE pan_index = ? AND sequence = ? FOR UPDATE");
	uk_err err, end;

	*out = (struct bank_card){ 0 };
	err = bank_vault_index(p->vault, pan, index);
	bank_bind_blob(&q, UK_ARRAY(index));
	bank_bind_int(&q, sequence);
	if (uk_is_ok(err))
		err = bank_query_row(&q) ? read_card(p, &q, out)
					 : uk_fail(UK_ERR_NOT_FOUND);
	end = bank_query_end(&q);
	return uk_is_ok(end) ? err : end;
}

/* --- counters ------------------------------------------------------------- */

static uk_err put_count(struct bank_pos *p, const struct bank_card *card)
{
	bank_query q = bank_query_of(p->store,
	    "UPDATE pos_cards SET atc_last = ?, atc_seen = ? WHERE id = ?");

	bank_bind_int(&q, card->atc_last);
	bank_bind_int(&q, card->atc_seen);
	bank_bind_int(&q, card->id);
	return bank_query_run(&q);
}

/* atc_seen, bit n: the counter atc_last - 1 - n. */
uk_err bank_card_count(struct bank_pos *p, struct bank_card *card, uint16_t atc)
{
	uint64_t seen = (uint64_t)card->atc_seen;
	int64_t ahead = atc - card->atc_last;

	if (ahead > 0) {
		/* the last one becomes a bit of those before */
		seen = ahead > BANK_CARD_ATC_WINDOW
			   ? 0
			   : (seen << 1 | (card->atc_last > 0 ? 1 : 0))
				 << (ahead - 1);
		card->atc_last = atc;
	} else if (ahead == 0 || -ahead > BANK_CARD_ATC_WINDOW ||
		   (seen >> (-ahead - 1) & 1) != 0) {
		return uk_fail(UK_ERR_EXISTS);
	} else {
		seen |= UINT64_C(1) << (-ahead - 1);
	}
	card->atc_seen = (int64_t)(seen &
				   ((UINT64_C(1) << BANK_CARD_ATC_WINDOW) - 1));
	return put_count(p, card);
}

/* --- PINs ----------------------------------------------------------------- */

static uk_err put_tries(struct bank_pos *p, struct bank_card *card, int64_t n)
{
	bank_query q = bank_query_of(
	    p->store, "UPDATE pos_cards SET pin_left = ? WHERE id = ?");

	card->pin_left = n;
	bank_bind_int(&q, n);
	bank_bind_int(&q, card->id);
	return bank_query_run(&q);
}

static uk_err compare(struct bank_pos *p, const struct bank_card *card,
    uk_bytes pan, const uk_pin *pin, bool *same)
{
	uint8_t value[BANK_VAULT_INDEX];
	bank_query q = bank_query_of(
	    p->store, "SELECT pin_salt, pin_value FROM pos_cards WHERE id = ?");
	uk_err err = uk_fail(UK_ERR_NOT_FOUND);

	*same = false;
	bank_bind_int(&q, card->id);
	if (bank_query_row(&q)) {
		err = bank_vault_pin(
		    p->vault, pan, bank_col(&q, 0), uk_pin_view(pin), value);
		*same = uk_is_ok(err) &&
			uk_equal(UK_ARRAY(value), bank_col(&q, 1));
	}
	uk_wipe(value, sizeof(value));
	UK_TRY(bank_query_end(&q));
	return err;
}

uk_err bank_card_pin(
    struct bank_pos *p, struct bank_card *card, uk_bytes pan, const uk_pin *pin)
{
	bool same;

	if (card->pin_left <= 0)
		return uk_fail(UK_ERR_PIN_BLOCKED);
	UK_TRY(compare(p, card, pan, pin, &same));
	if (same)
		return put_tries(p, card, BANK_CARD_PIN_TRIES);
	UK_TRY(put_tries(p, card, card->pin_left - 1));
	return uk_fail(UK_ERR_PIN_WRONG);
}

uk_err bank_card_unblock(struct bank_pos *p, uk_bytes pan, uint8_t sequence)
{
	struct bank_card card;
	uk_err err = bank_begin(p->store);

	UK_TRY(err);
	err = bank_card_find(p, pan, sequence, &card);
	if (uk_is_ok(err))
		err = put_tries(p, &card, BANK_CARD_PIN_TRIES);
	if (uk_is_ok(err))
		err = bank_commit(p->store);
	if (!uk_is_ok(err))
		bank_rollback(p->store);
	uk_wipe(&card, sizeof(card));
	return err;
}
