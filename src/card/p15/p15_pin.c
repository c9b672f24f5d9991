/*
 * PKCS#15: PINs, ISO/IEC 7816-15, 8.9.2, and 7816-4, 11.5.
 *
 * A slot has one login. It is made with the first PIN that is a user's: neither
 * the security officer's nor one that unblocks others. Keys behind another PIN
 * ask for it before every use, as consent.
 */
#include "p15_driver.h"

#include "card_parts.h"
#include "sw.h"

enum { BLOCK_MAX = UK_PIN_MAX, PUK_LENGTH = 16 };

static const struct p15_pin isoapplet_pin = { 0x01, 0x00, true, 4, 16, 16 };

/* --- which PINs there are --------------------------------------------------
 */

static bool is_users(const uk_p15_object *o)
{
	return (o->pin_flags & (UK_P15_PIN_SO | UK_P15_PIN_UNBLOCKING)) == 0;
}

static size_t at_most(size_t v, size_t max)
{
	return v > max ? max : v;
}

static struct p15_pin pin_of_entry(const uk_p15_object *o)
{
	size_t stored = at_most(o->pin_stored, BLOCK_MAX);
	size_t max = o->pin_max != 0 ? o->pin_max : o->pin_stored;

	if (max == 0 || max > BLOCK_MAX)
		max = BLOCK_MAX;
	return (struct p15_pin){ .ref = o->pin_ref,
		.pad = o->pin_pad,
		.padded = (o->pin_flags & UK_P15_PIN_PADDED) != 0,
		.min = at_most(o->pin_min, max),
		.max = max,
		.stored = stored };
}

static void take_pins(struct p15 *p, uk_bytes file, size_t *found)
{
	uk_reader r = uk_read(file);
	uk_p15_object o;

	while (uk_p15_next(&r, UK_P15_PIN, &o)) {
		uk_buf id = UK_BUF(p->user_id);

		if (!is_users(&o) || *found == 2)
			continue;
		p->consent = pin_of_entry(&o);
		if ((*found)++ > 0)
			continue;
		p->user = p->consent;
		uk_put(&id, uk_view(o.id, o.id_len));
		p->user_id_len = id.len;
	}
}

static uk_err read_pins(uk_card *c)
{
	struct p15 *p = p15_of(c);
	const uk_p15_path *path;
	size_t i = 0, found = 0;
	uk_bytes file;

	UK_TRY(p15_read_odf(c));
	while (p15_next_dir(p, UK_P15_PIN, &i, &path)) {
		uk_err err = p15_read(c, path, &file);

		if (uk_is_ok(err))
			take_pins(p, file, &found);
		else if (!uk_is(err, UK_ERR_NOT_FOUND) && !uk_card_spoke(err))
			return err;
	}
	c->pins[0].is_set = found > 0;
	return uk_ok();
}

uk_err p15_find_pins(uk_card *c)
{
	struct p15 *p = p15_of(c);

	if (p->pins_read)
		return uk_ok();
	if (p->quirks->known_pin)
		p->user = p->consent = isoapplet_pin;
	else
		UK_TRY(read_pins(c));
	c->info.pin_min = p->user.min;
	c->info.pin_max = p->user.max;
	p->pins_read = true;
	return uk_ok();
}

/* --- sending them ----------------------------------------------------------
 */

static uk_err check_length(const struct p15_pin *how, const uk_pin *pin)
{
	if (pin->n == 0 || pin->n < how->min || pin->n > how->max)
		return uk_fail(UK_ERR_PIN_LENGTH);
	if (how->padded && pin->n > how->stored)
		return uk_fail(UK_ERR_PIN_LENGTH);
	return uk_ok();
}

static void put_pin(uk_buf *out, const struct p15_pin *how, const uk_pin *pin)
{
	uk_put(out, uk_pin_view(pin));
	if (how->padded)
		uk_put_fill(out, how->pad, how->stored - pin->n);
}

/* What became of the try, in the one language of uk_err. */
static uk_err judge(const struct p15 *p, uk_pin_state *s, uk_err err)
{
	if (p->quirks->zero_blocks && uk_is(err, UK_ERR_PIN_WRONG) &&
	    uk_err_tries_left(err) == 0)
		err = uk_fail_sw(UK_ERR_PIN_BLOCKED, err.sw);
	uk_pin_note(s, err);
	return err;
}

static uk_err verify_pin(
    uk_card *c, const struct p15_pin *how, const uk_pin *pin)
{
	uint8_t block[BLOCK_MAX];
	uk_buf data = UK_BUF(block);

	UK_TRY(check_length(how, pin));
	put_pin(&data, how, pin);
	return uk_card_send_secret(c->ch, 0x20, how->ref, &data);
}

/* There is no login of the security officer: what he could do, IsoApplet lets
 * the user do, and the PUK cannot be proved without using it. */
uk_err p15_verify(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin)
{
	struct p15 *p = p15_of(c);
	uk_err err;

	if (ref == UK_PIN_SO || pin == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(p15_find_pins(c));
	err = judge(p, &c->pins[0],
	    verify_pin(c, ref == UK_PIN_USER ? &p->user : &p->consent, pin));
	if (ref == UK_PIN_USER)
		p->user_in = uk_is_ok(err);
	return err;
}

/* IsoApplet answers 63Cx whether somebody is logged in or not. */
uk_err p15_pin_state(uk_card *c, enum uk_pin_ref ref, uk_pin_state *out)
{
	struct p15 *p = p15_of(c);
	uk_cmd ask = { .ins = 0x20 };
	uk_err err;

	if (ref == UK_PIN_SO) {
		*out = c->pins[1];
		return uk_ok();
	}
	UK_TRY(p15_find_pins(c));
	ask.p2 = p->user.ref;
	err = uk_channel_transmit(c->ch, &ask, NULL, NULL);
	if (!uk_is_ok(err)) /* 9000: it was given, and says nothing of tries */
		err = judge(p, &c->pins[0], err);
	*out = c->pins[0];
	return uk_is(err, UK_ERR_PIN_WRONG) || uk_is(err, UK_ERR_PIN_BLOCKED)
		   ? uk_ok()
		   : err;
}

uk_err p15_logout(uk_card *c)
{
	struct p15 *p = p15_of(c);
	uk_cmd logout = { .ins = 0x20, .p1 = 0xff, .p2 = p->user.ref };
	uk_err err;

	p->user_in = false;
	if (p->quirks->select_leaves)
		return p15_reselect(c);
	err = p15_send(c, &logout, NULL);
	return !uk_is_ok(err) && err.sw != 0 ? p15_reselect(c) : err;
}

/* --- changing them ---------------------------------------------------------
 */

uk_err p15_change_pin(
    uk_card *c, enum uk_pin_ref ref, const uk_pin *old, const uk_pin *pin)
{
	struct p15 *p = p15_of(c);
	uint8_t blocks[2 * BLOCK_MAX];
	uk_buf data = UK_BUF(blocks);
	uk_err err;

	if (ref == UK_PIN_SO || old == NULL || pin == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(p15_find_pins(c));
	UK_TRY(check_length(&p->user, old));
	UK_TRY(check_length(&p->user, pin));
	put_pin(&data, &p->user, old);
	put_pin(&data, &p->user, pin);
	err = judge(p, &c->pins[0],
	    uk_card_send_secret(c->ch, 0x24, p->user.ref, &data));
	/* The card takes the new PIN but no longer opens its keys: whoever was
	 * logged in stays so. */
	if (uk_is_ok(err) && p->quirks->dies_on_change && p->user_in)
		err = p15_verify(c, UK_PIN_USER, pin);
	return err;
}

uk_err p15_unblock(uk_card *c, const uk_pin *puk, const uk_pin *pin)
{
	struct p15 *p = p15_of(c);
	uint8_t blocks[2 * BLOCK_MAX];
	uk_buf data = UK_BUF(blocks);
	uk_err err;

	if (puk == NULL || pin == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(p15_find_pins(c));
	UK_TRY(check_length(&p->user, pin));
	if (p->quirks->known_pin && puk->n != PUK_LENGTH)
		return uk_fail(UK_ERR_PIN_LENGTH);
	uk_put(&data, uk_pin_view(puk));
	put_pin(&data, &p->user, pin);
	err = judge(p, &c->pins[1],
	    uk_card_send_secret(c->ch, 0x2c, p->user.ref, &data));
	if (uk_is_ok(err))
		c->pins[0].tries_left = c->pins[0].tries_max;
	return err;
}
