/*
 * U-key: PIN and PUK, profile section 3.
 *
 * Lengths are checked before anything is sent, every value is padded with FF to
 * sixteen bytes, and the buffers that held one are wiped. How many tries are
 * left is asked with GET DATA, never with an empty VERIFY.
 */
#include "ukey_driver.h"

#include "sw.h"

enum { BLOCK = 16, PAD = 0xff, STATUS_MAX = 512 };

/* By enum uk_pin_ref: the card's reference and the counter behind it. */
static const struct pin_row {
	uint8_t ref;
	uint8_t counter; /* index of uk_card.pins */
} pins[] = {
	[UK_PIN_USER] = { 0x81, 0 },
	[UK_PIN_CONSENT] = { 0x82, 0 },
	[UK_PIN_SO] = { 0x83, 1 },
};

/* A FF would be taken for padding by the card. */
static uk_err check_length(
    const uk_card *c, enum uk_pin_ref ref, const uk_pin *pin)
{
	bool so = ref == UK_PIN_SO;

	if (pin->n < (so ? c->info.so_pin_min : c->info.pin_min) ||
	    pin->n > (so ? c->info.so_pin_max : c->info.pin_max) ||
	    pin->n > BLOCK)
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

/* What a command that compared a value tells about its counter. */
static void note_tries(uk_card *c, unsigned counter, uk_err err)
{
	uk_pin_state *s = &c->pins[counter];
	int left = uk_err_tries_left(err);

	if (uk_is_ok(err))
		s->tries_left = s->tries_max;
	else if (uk_is(err, UK_ERR_PIN_WRONG) || uk_is(err, UK_ERR_PIN_BLOCKED))
		s->tries_left = left;
}

static uk_err send_secret(
    uk_card *c, uint8_t ins, uint8_t p1, uint8_t ref, uk_buf *data)
{
	uk_cmd cmd = { .ins = ins,
		.p1 = p1,
		.p2 = ref,
		.data = uk_buf_view(data),
		.secret = true };
	uk_err err = uk_buf_result(data);

	if (uk_is_ok(err))
		err = uk_channel_transmit(c->ch, &cmd, NULL, NULL);
	uk_wipe(data->p, data->cap);
	return err;
}

/* One command; GET DATA tells both counters as they are now. */
uk_err ukey_pin_state(uk_card *c, enum uk_pin_ref ref, uk_pin_state *out)
{
	uint8_t answer[STATUS_MAX];
	uk_buf status = UK_BUF(answer);
	uk_cmd get_data = {
		.ins = 0xca, .p1 = 0x01, .p2 = 0x01, .le = UK_LE_SHORT_MAX
	};

	UK_TRY(ukey_send(c, &get_data, &status));
	UK_TRY(ukey_take_status(c, uk_buf_view(&status)));
	*out = c->pins[pins[ref].counter];
	return uk_ok();
}

static uk_err verify_given(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin)
{
	uint8_t block[BLOCK];
	uk_buf data = UK_BUF(block);

	UK_TRY(check_length(c, ref, pin));
	put_pin(&data, pin);
	return send_secret(c, 0x20, 0x00, pins[ref].ref, &data);
}

static uk_err logout_of(uk_card *c, enum uk_pin_ref ref)
{
	uk_cmd logout = { .ins = 0x20, .p1 = 0xff, .p2 = pins[ref].ref };

	return ukey_send(c, &logout, NULL);
}

/* What a pad sends is not ours to see. An empty VERIFY would be answered 9000
 * if another program is logged in; so first nobody is. */
static uk_err verify_on_pad(uk_card *c, enum uk_pin_ref ref)
{
	if (uk_channel_has_pinpad(c->ch, false))
		UK_TRY(logout_of(c, ref));
	return ukey_pad_verify(c, ref, pins[ref].ref);
}

uk_err ukey_verify(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin)
{
	uk_err err = pin != NULL ? verify_given(c, ref, pin)
				 : verify_on_pad(c, ref);

	note_tries(c, pins[ref].counter, err);
	if (ref == UK_PIN_SO)
		((struct ukey *)c)->so_in = uk_is_ok(err);
	return err;
}

/* Of whoever we are: the officer's is not the user's, who may be another
 * program's. Logout of the PIN ends the consent as well. */
uk_err ukey_logout(uk_card *c)
{
	struct ukey *k = (struct ukey *)c;

	if (!k->so_in)
		return logout_of(c, UK_PIN_USER);
	UK_TRY(logout_of(c, UK_PIN_SO));
	k->so_in = false;
	return uk_ok();
}

uk_err ukey_revoke(uk_card *c)
{
	return logout_of(c, UK_PIN_CONSENT);
}

static uk_err change_given(
    uk_card *c, enum uk_pin_ref ref, const uk_pin *old, const uk_pin *pin)
{
	uint8_t blocks[2 * BLOCK];
	uk_buf data = UK_BUF(blocks);

	UK_TRY(check_length(c, ref, old));
	UK_TRY(check_length(c, ref, pin));
	put_pin(&data, old);
	put_pin(&data, pin);
	return send_secret(c, 0x24, 0x00, pins[ref].ref, &data);
}

uk_err ukey_change_pin(
    uk_card *c, enum uk_pin_ref ref, const uk_pin *old, const uk_pin *pin)
{
	uk_err err;

	if ((old == NULL) != (pin == NULL))
		return uk_fail(UK_ERR_ARGUMENT);
	if (ref == UK_PIN_CONSENT)
		ref = UK_PIN_USER; /* the same PIN */
	err = old != NULL ? change_given(c, ref, old, pin)
			  : ukey_pad_change(c, ref, pins[ref].ref);
	note_tries(c, pins[ref].counter, err);
	return err;
}

static uk_err unblock_given(uk_card *c, const uk_pin *puk, const uk_pin *pin)
{
	uint8_t blocks[2 * BLOCK];
	uk_buf data = UK_BUF(blocks);

	if (puk != NULL)
		UK_TRY(check_length(c, UK_PIN_SO, puk));
	UK_TRY(check_length(c, UK_PIN_USER, pin));
	if (puk != NULL)
		put_pin(&data, puk);
	put_pin(&data, pin);
	return send_secret(
	    c, 0x2c, puk != NULL ? 0x00 : 0x02, pins[UK_PIN_USER].ref, &data);
}

uk_err ukey_unblock(uk_card *c, const uk_pin *puk, const uk_pin *pin)
{
	uk_err err;

	if (puk != NULL && pin == NULL)
		return uk_fail(UK_ERR_ARGUMENT);
	err = pin != NULL ? unblock_given(c, puk, pin)
			  : ukey_pad_unblock(c, pins[UK_PIN_USER].ref);
	if (puk != NULL)
		note_tries(c, pins[UK_PIN_SO].counter, err);
	if (uk_is_ok(err))
		note_tries(c, pins[UK_PIN_USER].counter, err);
	return err;
}
