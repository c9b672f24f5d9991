/* Activation, answer to reset, PPS, and which protocol. */
#include "contact_impl.h"

#include "secret.h"

enum {
	DEFAULT_KHZ = 4000,
	DEFAULT_FI_DI = 0x11,
	TS_DIRECT = 0x3b,
	TS_INVERSE = 0x3f,
	TS_INVERSE_RAW = 0x03, /* as it looks in the direct convention */
	PPSS = 0xff,
	PPS1_THERE = 0x10,
	PPS_MAX = 6
};

void trm_contact_init(
    struct trm_contact *c, const struct trm_contacts *hw, void *arg)
{
	*c = (struct trm_contact){ .hw = hw, .arg = arg, .khz = DEFAULT_KHZ };
}

void trm_contact_off(struct trm_contact *c)
{
	c->hw->off(c->arg);
	c->active = false;
	c->atr_n = 0;
	uk_wipe(&c->t1, sizeof(c->t1));
}

/* The card does not answer any more, or was pulled. */
uk_err trm_contact_gone(struct trm_contact *c)
{
	bool there = c->hw->present(c->arg);

	trm_contact_off(c);
	return uk_fail(there ? UK_ERR_CARD_MUTE : UK_ERR_CARD_REMOVED);
}

/* --- answer to reset ------------------------------------------------------ */

static void use(struct trm_contact *c)
{
	c->hw->use(c->arg, &c->speed);
}

static bool get(struct trm_contact *c, uint64_t wait_us, uint8_t *byte)
{
	return c->hw->get(c->arg, byte, wait_us) == TRM_HEARD;
}

/* 8.1: TS tells the convention. Hardware may have found out by itself. */
static bool get_first(struct trm_contact *c, uk_buf *atr)
{
	uint8_t ts;

	if (!get(c, trm_contact_first_us(c), &ts))
		return false;
	c->speed.inverse = ts == TS_INVERSE_RAW || ts == TS_INVERSE;
	if (!c->speed.inverse && ts != TS_DIRECT)
		return false;
	use(c);
	uk_put_u8(atr, c->speed.inverse ? TS_INVERSE : TS_DIRECT);
	return true;
}

/* Character by character, until it is whole: an answer to reset cannot be
 * longer than its own beginning says. */
static bool get_answer(struct trm_contact *c)
{
	uk_buf atr = UK_BUF(c->atr);
	uk_atr parsed;
	uint8_t byte;

	if (!get_first(c, &atr))
		return false;
	while (!uk_is_ok(uk_atr_parse(uk_buf_view(&atr), &parsed))) {
		if (uk_buf_left(&atr) == 0 ||
		    !get(c, trm_contact_initial_us(c), &byte))
			return false;
		uk_put_u8(&atr, byte);
	}
	c->atr_n = atr.len;
	c->interface = parsed.interface;
	return true;
}

uk_err trm_contact_reset(struct trm_contact *c, uk_buf *atr)
{
	if (!c->hw->present(c->arg))
		return uk_fail(UK_ERR_NO_CARD);
	c->active = false;
	c->atr_n = 0;
	c->speed = (struct trm_speed){ .fi_di = DEFAULT_FI_DI };
	c->hw->reset(c->arg);
	if (!get_answer(c))
		return trm_contact_gone(c);
	c->speed.guard = c->interface.guard;
	uk_put(atr, uk_view(c->atr, c->atr_n));
	return trm_contact_use(c,
	    c->interface.specific ? c->interface.only : c->interface.first,
	    DEFAULT_FI_DI);
}

/* --- protocol and parameters selection, clause 9 ---------------------------
 */

uk_err trm_contact_use(struct trm_contact *c, uint8_t protocol, uint8_t fi_di)
{
	if (protocol > 1)
		return uk_fail(UK_ERR_UNSUPPORTED);
	c->speed.protocol = protocol;
	c->speed.fi_di = fi_di;
	UK_TRY(trm_contact_times(c));
	use(c);
	c->t1 = (struct trm_t1){
		.ifsc = c->interface.ifsc, .crc = c->interface.crc, .wtx = 1
	};
	c->active = true;
	return uk_ok();
}

/* 9.2: how long a response is that begins so. */
static size_t pps_size(uint8_t pps0)
{
	size_t n = 3; /* PPSS, PPS0, PCK */

	for (unsigned bit = PPS1_THERE; bit < 0x80; bit <<= 1)
		n += (pps0 & bit) != 0;
	return n;
}

uk_err trm_contact_pps(
    struct trm_contact *c, uk_bytes request, uk_buf *response)
{
	size_t size = PPS_MAX;
	uint8_t byte;

	for (size_t i = 0; i < request.n; i++)
		(void)c->hw->put(c->arg, request.p[i]);
	for (size_t i = 0; i < size; i++) {
		if (!get(c, trm_contact_initial_us(c), &byte))
			return trm_contact_gone(c);
		uk_put_u8(response, byte);
		if (i == 1)
			size = pps_size(byte);
	}
	return uk_buf_result(response);
}

static uint8_t exclusive_or(uk_bytes b)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < b.n; i++)
		sum ^= b.p[i];
	return sum;
}

/* 9.3: the response repeats the request, or leaves PPS1 out: then the rate
 * stays as it is. */
static uk_err negotiate(struct trm_contact *c, uint8_t protocol, uint8_t fi_di)
{
	uint8_t request[4] = { PPSS, PPS1_THERE | protocol, fi_di };
	uint8_t storage[PPS_MAX];
	uk_buf response = UK_BUF(storage);
	uk_bytes r;

	request[3] = exclusive_or(uk_view(request, 3));
	UK_TRY(trm_contact_pps(c, UK_ARRAY(request), &response));
	r = uk_buf_view(&response);
	if (uk_bytes_eq(r, UK_ARRAY(request)))
		return trm_contact_use(c, protocol, fi_di);
	if (r.n == 3 && r.p[0] == PPSS && r.p[1] == protocol &&
	    exclusive_or(r) == 0)
		return trm_contact_use(c, protocol, DEFAULT_FI_DI);
	return trm_contact_gone(c);
}

/* T=1 where the card has a choice. */
static uint8_t preferred(const struct trm_contact *c)
{
	uk_atr a;

	if (uk_is_ok(uk_atr_parse(uk_view(c->atr, c->atr_n), &a)) &&
	    (a.protocols & 1 << 1) != 0)
		return 1;
	return c->interface.first;
}

static uk_err select_protocol(struct trm_contact *c)
{
	const struct uk_atr_interface *i = &c->interface;
	uint8_t fi_di = i->fi_di, protocol = preferred(c);

	if (i->specific) /* 6.3.1: as it says, or not at all */
		return i->implicit || !c->hw->can(c->arg, fi_di)
			   ? uk_fail(UK_ERR_UNSUPPORTED)
			   : trm_contact_use(c, i->only, fi_di);
	if (protocol > 1)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (!c->hw->can(c->arg, fi_di))
		fi_di = DEFAULT_FI_DI;
	if (fi_di == DEFAULT_FI_DI && protocol == i->first)
		return uk_ok();
	return negotiate(c, protocol, fi_di);
}

/* --- whole ---------------------------------------------------------------- */

static uk_err wake(struct trm_contact *c, uk_buf *atr)
{
	UK_TRY(trm_contact_reset(c, atr));
	UK_TRY(select_protocol(c));
	if (c->speed.protocol == 1)
		UK_TRY(trm_t1_begin(c));
	return uk_buf_result(atr);
}

uk_err trm_contact_power(struct trm_contact *c, uk_buf *atr)
{
	size_t before = atr->len;
	uk_err err = wake(c, atr);

	if (!uk_is_ok(err)) {
		uk_buf_cut(atr, before);
		trm_contact_off(c);
	}
	return err;
}

uk_err trm_contact_transmit(
    struct trm_contact *c, uk_bytes apdu, uk_buf *answer)
{
	size_t before = answer->len;
	uk_err err;

	if (!c->active)
		return uk_fail(UK_ERR_CARD_MUTE);
	err = c->speed.protocol == 1 ? trm_t1_transmit(c, apdu, answer)
				     : trm_t0_transmit(c, apdu, answer);
	if (!uk_is_ok(err))
		uk_buf_cut(answer, before);
	return err;
}
