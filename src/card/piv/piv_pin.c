/*
 * PIV: PIN and PUK, SP 800-73-4 part 2, 3.2. Every value is padded with FF to
 * eight bytes. Which PIN is meant, the application's or the card's global one,
 * is asked once and before the first try, since a wrong guess would cost one.
 */
#include "piv_driver.h"

#include "card_parts.h"
#include "sw.h"
#include "tlv.h"

enum {
	BLOCK = 8,
	PAD = 0xff,
	SENT_MIN = 4, /* older cards have PINs shorter than six */
	PAD_TIMEOUT_S = 30,
	POLICY = 0x5f2f,
	POLICY_GLOBAL = 0x20, /* first byte: the global PIN will do */
	GLOBAL_PRIMARY = 0x20 /* second byte: and is the one people know */
};

/* Part 1, 3.3.2. A card without discovery object has the application PIN. */
static uk_err find_pin(uk_card *c)
{
	struct piv *p = piv_of(c);
	uk_bytes discovery, policy;
	bool global = false;
	uk_err err;

	if (p->discovery == PIV_YES)
		return uk_ok();
	p->pin_ref = 0x80;
	if (piv_recall_pin(c))
		return uk_ok();
	err = piv_get_data(c, PIV_TAG_DISCOVERY, &discovery);
	if (!uk_is_ok(err) && !uk_is(err, UK_ERR_NOT_FOUND) &&
	    !uk_card_spoke(err))
		return err;
	if (uk_is_ok(err) && uk_tlv_find(discovery, POLICY, &policy) &&
	    policy.n == 2)
		global = (policy.p[0] & POLICY_GLOBAL) != 0;
	if (global && policy.p[1] == GLOBAL_PRIMARY)
		p->pin_ref = 0x00;
	p->discovery = PIV_YES;
	piv_note_pin(
	    c, !global && (uk_is_ok(err) || uk_is(err, UK_ERR_NOT_FOUND)));
	return uk_ok();
}

static uk_err check_length(const uk_pin *pin, size_t min)
{
	if (pin->n < min || pin->n > BLOCK)
		return uk_fail(UK_ERR_PIN_LENGTH);
	for (size_t i = 0; i < pin->n; i++) {
		if (pin->p[i] == PAD)
			return uk_fail(UK_ERR_PIN_LENGTH);
	}
	return uk_ok();
}

static void put_pin(uk_buf *out, const uk_pin *pin)
{
	uk_put(out, uk_pin_view(pin));
	uk_put_fill(out, PAD, BLOCK - pin->n);
}

/* 63C0 is the word of some cards for a PIN that is blocked. */
static uk_err blocked_or(uk_err err)
{
	return uk_is(err, UK_ERR_PIN_WRONG) && uk_err_tries_left(err) == 0
		   ? uk_fail_sw(UK_ERR_PIN_BLOCKED, err.sw)
		   : err;
}

/* VERIFY without a PIN: 9000 if it was given, else 63Cx. */
uk_err piv_pin_state(uk_card *c, enum uk_pin_ref ref, uk_pin_state *out)
{
	uk_pin_state *s = &c->pins[ref == UK_PIN_SO];
	uk_cmd ask = { .ins = 0x20 };
	uk_err err;

	if (ref != UK_PIN_SO) {
		UK_TRY(find_pin(c));
		ask.p2 = piv_of(c)->pin_ref;
		err = uk_channel_transmit(c->ch, &ask, NULL, NULL);
		if (uk_is(err, UK_ERR_PIN_WRONG) ||
		    uk_is(err, UK_ERR_PIN_BLOCKED))
			uk_pin_note(s, err);
		else if (!uk_is_ok(err))
			return err;
	}
	*out = *s;
	return uk_ok();
}

static uk_err enter(uk_card *c, uint8_t ins, bool new_pin)
{
	const struct uk_pinpad_entry entry = { .ins = ins,
		.p2 = piv_of(c)->pin_ref,
		.asks_old = true,
		.asks_new = new_pin,
		.pin_min = new_pin ? (uint8_t)c->info.pin_min : SENT_MIN,
		.pin_max = BLOCK,
		.timeout_s = PAD_TIMEOUT_S,
		.block = BLOCK };

	return uk_channel_enter_pin(c->ch, &entry);
}

/* What a pad sends is not ours to see, and an empty VERIFY would be answered
 * 9000 if another program is logged in: so first nobody is. */
static uk_err verify_on_pad(uk_card *c)
{
	uk_err err;

	if (!uk_channel_has_pinpad(c->ch, false))
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(find_pin(c));
	UK_TRY(piv_logout(c));
	err = enter(c, 0x20, false);
	if (!uk_is_ok(err))
		piv_note_change(c, PIV_ITEM_PIN);
	return err;
}

static uk_err verify_user(uk_card *c, const uk_pin *pin)
{
	uint8_t block[BLOCK];
	uk_buf data = UK_BUF(block);
	uk_err err;

	if (pin == NULL)
		return verify_on_pad(c);
	UK_TRY(check_length(pin, SENT_MIN));
	UK_TRY(find_pin(c));
	put_pin(&data, pin);
	err = uk_card_send_secret(c->ch, 0x20, piv_of(c)->pin_ref, &data);
	if (!uk_is_ok(err)) /* asked again before the next try */
		piv_note_change(c, PIV_ITEM_PIN);
	return err;
}

uk_err piv_verify(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin)
{
	uk_err err;

	if (ref == UK_PIN_SO)
		return pin == NULL ? uk_fail(UK_ERR_UNSUPPORTED)
				   : piv_prove_admin(c, pin);
	err = verify_user(c, pin);
	uk_pin_note(&c->pins[0], err);
	return err;
}

/* Cards older than SP 800-73-4 do not know VERIFY with P1 = FF. Selecting PIV
 * again need not log out (part 2, 3.1.1), but going to another application and
 * back does: here, to one that every open platform has. */
static uk_err leave_and_return(uk_card *c)
{
	static const uint8_t card_manager[] = { 0xa0, 0x00, 0x00, 0x01, 0x51,
		0x00, 0x00, 0x00 };
	uint8_t answer[UK_LE_SHORT_MAX];
	uk_buf fci = UK_BUF(answer);
	uk_err err = uk_select(c->ch, UK_ARRAY(card_manager), &fci);

	if (!uk_is_ok(err) && !uk_card_spoke(err))
		return err;
	fci.len = 0;
	return uk_select(c->ch, UK_ARRAY(uk_piv_aid), &fci);
}

uk_err piv_logout(uk_card *c)
{
	struct piv *p = piv_of(c);
	uk_cmd logout = { .ins = 0x20, .p1 = 0xff, .p2 = p->pin_ref };
	uk_err err;

	if (p->admin) {
		p->admin = false;
		return leave_and_return(c);
	}
	err = piv_send(c, &logout, NULL);
	return !uk_is_ok(err) && err.sw != 0 ? leave_and_return(c) : err;
}

static uk_err change_on_pad(uk_card *c)
{
	uk_err err;

	if (!uk_channel_has_pinpad(c->ch, true))
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(find_pin(c));
	err = blocked_or(enter(c, 0x24, true));
	uk_pin_note(&c->pins[0], err);
	return err;
}

uk_err piv_change_pin(
    uk_card *c, enum uk_pin_ref ref, const uk_pin *old, const uk_pin *pin)
{
	uint8_t blocks[2 * BLOCK];
	uk_buf data = UK_BUF(blocks);
	uk_err err;

	if (ref != UK_PIN_SO && old == NULL && pin == NULL)
		return change_on_pad(c);
	if (old == NULL || pin == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (ref == UK_PIN_SO)
		return piv_change_admin(c, pin);
	UK_TRY(check_length(old, SENT_MIN));
	UK_TRY(check_length(pin, c->info.pin_min));
	UK_TRY(find_pin(c));
	put_pin(&data, old);
	put_pin(&data, pin);
	err = blocked_or(
	    uk_card_send_secret(c->ch, 0x24, piv_of(c)->pin_ref, &data));
	uk_pin_note(&c->pins[0], err);
	return err;
}

/* RESET RETRY COUNTER takes PUK and PIN together, and the PUK cannot be proved
 * beforehand: an SO who is logged in has shown the management key. */
uk_err piv_unblock(uk_card *c, const uk_pin *puk, const uk_pin *pin)
{
	uint8_t blocks[2 * BLOCK];
	uk_buf data = UK_BUF(blocks);
	uk_err err;

	if (puk == NULL || pin == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(check_length(puk, SENT_MIN));
	UK_TRY(check_length(pin, c->info.pin_min));
	put_pin(&data, puk);
	put_pin(&data, pin);
	err = blocked_or(uk_card_send_secret(c->ch, 0x2c, 0x80, &data));
	uk_pin_note(&c->pins[1], err);
	if (uk_is_ok(err))
		c->pins[0].tries_left = c->pins[0].tries_max;
	return err;
}
