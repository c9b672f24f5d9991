/* PIV: the application, what it is called, and the table of what it can do. */
#include "piv_driver.h"

#include "card_parts.h"
#include "sw.h"

/* SP 800-73-4 part 1, 2.2: the NIST RID and the application, whatever its
 * version. */
const uint8_t uk_piv_aid[9] = { 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10,
	0x00 };

enum { FCI_MAX = 512, PIN_REF_APPLICATION = 0x80 };

/* 255 bytes both ways, and chaining, is what every PIV card takes (part 2,
 * 2.3). If its answer to reset says more, more is tried. */
static const struct uk_limits limits = { UK_LC_SHORT_MAX, UK_LE_SHORT_MAX,
	true };
static const struct uk_limits extended = { 2048, 4096, true };

static void set_limits(uk_card *c)
{
	struct piv *p = piv_of(c);

	if (p->lengths == PIV_UNKNOWN)
		p->lengths = uk_channel_atr(c->ch).extended ? PIV_YES : PIV_NO;
	uk_channel_limit(c->ch, p->lengths == PIV_YES ? extended : limits);
}

/* The platform knows extended length, but the application does not. */
static bool is_too_long(struct piv *p, uk_err err)
{
	if (p->lengths != PIV_YES || err.sw != UK_SW_LENGTH)
		return false;
	p->lengths = PIV_NO;
	set_limits(&p->base);
	return true;
}

uk_err piv_transmit(uk_card *c, const uk_cmd *cmd, uk_buf *out, uint16_t *sw,
    uk_channel_enough *enough, void *arg)
{
	uk_err err = uk_channel_transmit_until(
	    c->ch, cmd, out, sw, enough, arg);

	if (is_too_long(piv_of(c), err))
		err = uk_channel_transmit_until(
		    c->ch, cmd, out, sw, enough, arg);
	return err;
}

uk_err piv_send(uk_card *c, const uk_cmd *cmd, uk_buf *out)
{
	return uk_card_plain(piv_transmit(c, cmd, out, NULL, NULL, NULL));
}

uk_err piv_expected(uk_err err)
{
	static const uint16_t absent[] = { UK_SW_NO_FILE, UK_SW_NO_REF,
		UK_SW_FUNCTION, UK_SW_INS, UK_SW_CLA, UK_SW_P1P2, UK_SW_DATA };

	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		if (err.sw == absent[i])
			return uk_fail(UK_ERR_NOT_FOUND);
	}
	return err;
}

static const uk_card_info before_asking = {
	.kind = "piv",
	.model = "PIV",
	.manufacturer = "PIV card",
	.label = "PIV",
	.pin_min = 6,
	.pin_max = 8, /* part 2, 2.4.3 */
	.so_pin_min = 6,
	.so_pin_max = UK_PIN_MAX,
	.so_changes = true,
};

static void piv_close(uk_card *c)
{
	piv_forget(piv_of(c));
	uk_free(c);
}

/* ask: for the card's name. */
static uk_err open_with(
    uk_channel *ch, uk_err (*ask)(uk_card *c), uk_card **out)
{
	struct piv *p = uk_new(sizeof(*p));
	uk_err err;

	*out = NULL;
	if (p == NULL)
		return uk_fail(UK_ERR_MEMORY);
	p->base.ops = &uk_piv_ops;
	p->base.ch = ch;
	p->base.info = before_asking;
	p->base.pins[0] = (uk_pin_state){ -1, -1, true };
	p->base.pins[1] = (uk_pin_state){ -1, -1, true };
	p->pin_ref = PIN_REF_APPLICATION;
	p->base.info.pin_pad = uk_channel_has_pinpad(ch, false);
	set_limits(&p->base);
	piv_recall_origin(p);
	err = ask(&p->base);
	if (uk_is_ok(err)) {
		piv_recall_open(&p->base);
		*out = &p->base;
		p = NULL; /* handed over */
	}
	uk_free(p);
	return err;
}

/* Whatever a card says to the AID of PIV, it has accepted it: cards differ in
 * what they answer. */
static uk_err piv_open(
    uk_channel *ch, const struct uk_selected *s, uk_card **out)
{
	(void)s;
	return open_with(ch, piv_read_name, out);
}

static uk_err piv_resume(uk_channel *ch, uk_card **out)
{
	return open_with(ch, piv_read_chuid, out);
}

/* Another program was here, or another application was selected: the PIN's
 * status may be what it was (part 2, 3.1.1), but nobody may count on it. */
uk_err piv_reselect(uk_card *c)
{
	struct piv *p = piv_of(c);
	uint8_t answer[FCI_MAX];
	uk_buf fci = UK_BUF(answer);
	uk_err err = uk_select(c->ch, UK_ARRAY(uk_piv_aid), &fci);

	piv_forget(p);
	p->admin = false;
	c->loaded = false;
	set_limits(c);
	if (!uk_is_ok(err) && uk_card_spoke(err))
		return uk_fail(UK_ERR_CARD_REMOVED);
	return err;
}

static uk_err same_name(uk_card *c, bool *same)
{
	uk_bytes name;

	UK_TRY(piv_ask_name(c, &name));
	*same = name.n > 0 &&
		uk_bytes_eq(name, uk_view(c->info.serial, c->info.serial_len));
	return uk_ok();
}

/* SELECT would do, but YubiKeys and open platforms end the PIN's status with
 * it: what is asked instead is the card's name, which is public and no other
 * card's. */
uk_err piv_refresh(uk_card *c)
{
	bool same;

	UK_TRY(piv_of(c)->yubico_name ? piv_ask_serial_again(c, &same)
				      : same_name(c, &same));
	return same ? uk_ok() : piv_reselect(c);
}

const struct uk_card_ops uk_piv_ops = {
	.name = "piv",
	.open = piv_open,
	.resume = piv_resume,
	.close = piv_close,
	.reselect = piv_reselect,
	.refresh = piv_refresh,
	.load_objects = piv_load_objects,
	.describe = piv_describe,
	.read_object = piv_read_object,
	.read_public = piv_read_public,
	.pin_state = piv_pin_state,
	.verify = piv_verify,
	.logout = piv_logout,
	.change_pin = piv_change_pin,
	.unblock = piv_unblock,
	.can_sign = piv_can_sign,
	.sign = piv_sign,
	.generate = piv_generate,
	.import = piv_import,
	.store = piv_store,
	.destroy = piv_destroy,
	.can_decipher = piv_can_decipher,
	.decipher = piv_decipher,
};
