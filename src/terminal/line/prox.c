/* Field, activation, frames with their check codes. */
#include "prox_impl.h"

#include "crc16.h"
#include "secret.h"

enum {
	RATS = 0xe0,
	FSDI_CID = 0x80, /* FSD 256, CID 0 */
	ATTRIB = 0x1d,
	SAK_PART_4 = 0x20,
	CARRIER_KHZ = 13560,
	DELTA_FWT = 49152,    /* 1/fc, that a reader waits longer, 7.2 */
	FIELD_OFF_US = 10000, /* so long every card forgets */
	FIELD_ON_US = 5100,   /* 14443-3, 5: ready after 5 ms */
	POWER_TRIES = 3
};

void trm_prox_init(struct trm_prox *p, const struct trm_coil *hw, void *arg)
{
	*p = (struct trm_prox){ .hw = hw, .arg = arg };
}

/* --- frames --------------------------------------------------------------- */

static void put_crc(const struct trm_prox *p, uk_bytes of, uk_buf *out)
{
	uint16_t crc = uk_crc16(p->says.type_b ? UK_CRC_B : UK_CRC_A, of);

	uk_put_u8(out, (uint8_t)crc); /* the lower byte first */
	uk_put_u8(out, (uint8_t)(crc >> 8));
}

void trm_prox_make(struct trm_prox *p, uint8_t first, uk_bytes rest)
{
	uk_buf frame = UK_BUF(p->sent);

	uk_put_u8(&frame, first);
	uk_put(&frame, rest);
	put_crc(p, uk_buf_view(&frame), &frame);
	p->sent_n = frame.len;
}

static bool crc_fits(const struct trm_prox *p, uk_bytes frame)
{
	uint8_t storage[TRM_PROX_CRC];
	uk_buf crc = UK_BUF(storage);

	put_crc(p, uk_bytes_first(frame, frame.n - TRM_PROX_CRC), &crc);
	return uk_bytes_eq(
	    uk_buf_view(&crc), uk_bytes_last(frame, TRM_PROX_CRC));
}

enum trm_prox_heard trm_prox_swap(struct trm_prox *p, uint64_t wait_us)
{
	uk_buf got = UK_BUF(p->got);
	enum trm_heard h = p->hw->swap(
	    p->arg, uk_view(p->sent, p->sent_n), &got, wait_us);

	p->got_n = 0;
	if (h == TRM_PULLED)
		return TRM_PROX_PULLED;
	if (h != TRM_HEARD || got.bad || got.len <= TRM_PROX_CRC ||
	    !crc_fits(p, uk_buf_view(&got)))
		return TRM_PROX_WRONG;
	p->got_n = got.len - TRM_PROX_CRC;
	return TRM_PROX_GOOD;
}

/* --- times ---------------------------------------------------------------- */

static uint64_t us(uint64_t carriers)
{
	return (carriers * 1000 + CARRIER_KHZ - 1) / CARRIER_KHZ;
}

uint64_t trm_prox_fwt_us(uint8_t fwi)
{
	return us((4096ULL << fwi) + DELTA_FWT); /* 7.2 */
}

/* --- end ------------------------------------------------------------------ */

/* 8.2, rule 8: twice at most; then the field is gone anyway. */
static void deselect(struct trm_prox *p)
{
	for (int i = 0; i < 2; i++) {
		trm_prox_make(p, TRM_PROX_DESELECT, UK_NONE);
		switch (trm_prox_swap(p, TRM_PROX_ACTIVATION_US)) {
		case TRM_PROX_WRONG:
			break;
		case TRM_PROX_GOOD:
			if (p->got_n == TRM_PROX_PCB &&
			    p->got[0] == TRM_PROX_DESELECT)
				return;
			break;
		case TRM_PROX_PULLED:
		default:
			return;
		}
	}
}

void trm_prox_off(struct trm_prox *p)
{
	if (p->active)
		deselect(p);
	p->hw->field(p->arg, false);
	p->active = false;
	p->atr_n = 0;
	uk_wipe(p->sent, sizeof(p->sent));
	uk_wipe(p->got, sizeof(p->got));
}

uk_err trm_prox_gone(struct trm_prox *p)
{
	bool there = p->hw->present(p->arg);

	p->active = p->active && there; /* nobody is there to be deselected */
	trm_prox_off(p);
	return uk_fail(there ? UK_ERR_CARD_MUTE : UK_ERR_CARD_REMOVED);
}

/* --- activation ----------------------------------------------------------- */

static bool ask(struct trm_prox *p, uint64_t wait_us)
{
	return trm_prox_swap(p, wait_us) == TRM_PROX_GOOD;
}

static uk_err activate_a(struct trm_prox *p, const struct trm_prox_found *f)
{
	static const uint8_t parameter[] = { FSDI_CID };

	if ((f->sak & SAK_PART_4) == 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	trm_prox_make(p, RATS, UK_ARRAY(parameter));
	if (!ask(p, TRM_PROX_ACTIVATION_US))
		return uk_fail(UK_ERR_CARD_MUTE);
	return trm_ats_parse(uk_view(p->got, p->got_n), &p->says);
}

/* 14443-3, 7.10: Param 1: usual timing; 2: 106 kbit/s and FSD 256; 3: the
 * protocol type is confirmed; 4: CID 0 */
static uk_err activate_b(struct trm_prox *p, const struct trm_prox_found *f)
{
	uint8_t storage[8];
	uk_buf rest = UK_BUF(storage);
	uint64_t wait;

	UK_TRY(trm_atqb_parse(uk_view(f->atqb, f->atqb_n), &p->says));
	uk_put(&rest, UK_ARRAY(p->says.pupi));
	uk_put_u8(&rest, 0x00);
	uk_put_u8(&rest, 0x08);
	uk_put_u8(&rest, p->says.protocol);
	uk_put_u8(&rest, 0x00);
	trm_prox_make(p, ATTRIB, uk_buf_view(&rest));
	wait = trm_prox_fwt_us(p->says.fwi);
	if (!ask(p,
		wait > TRM_PROX_ACTIVATION_US ? wait : TRM_PROX_ACTIVATION_US))
		return uk_fail(UK_ERR_CARD_MUTE);
	return trm_attrib_parse(uk_view(p->got, p->got_n), &p->says);
}

/* 14443-3: the field is off for a moment, so that every card begins anew. */
static uk_err wake(struct trm_prox *p)
{
	struct trm_prox_found found = { .type_b = false };

	p->hw->field(p->arg, false);
	p->hw->pause(p->arg, FIELD_OFF_US);
	p->hw->field(p->arg, true);
	p->hw->pause(p->arg, FIELD_ON_US);
	if (p->hw->find(p->arg, &found) != TRM_HEARD)
		return uk_fail(UK_ERR_CARD_MUTE);
	p->says = (struct trm_prox_says){ .type_b = found.type_b };
	return found.type_b ? activate_b(p, &found) : activate_a(p, &found);
}

static void begin(struct trm_prox *p)
{
	uk_buf atr = UK_BUF(p->atr);

	p->fwt_us = trm_prox_fwt_us(p->says.fwi);
	p->number = 0; /* rule A */
	p->wtx = 1;
	p->active = true;
	trm_prox_put_atr(&p->says, &atr);
	p->atr_n = atr.len;
	if (p->says.sfgi > 0) /* 5.2.5 */
		p->hw->pause(p->arg, us(4096ULL << p->says.sfgi));
}

uk_err trm_prox_power(struct trm_prox *p, uk_buf *atr)
{
	uk_err err = uk_fail(UK_ERR_NO_CARD);

	p->active = false;
	p->atr_n = 0;
	for (int i = 0; i < POWER_TRIES && p->hw->present(p->arg); i++) {
		err = wake(p);
		if (uk_is_ok(err) || uk_is(err, UK_ERR_UNSUPPORTED))
			break;
		err = uk_fail(UK_ERR_CARD_MUTE);
	}
	if (uk_is(err, UK_ERR_CARD_MUTE))
		return trm_prox_gone(p);
	if (!uk_is_ok(err)) {
		trm_prox_off(p);
		return err;
	}
	begin(p);
	uk_put(atr, uk_view(p->atr, p->atr_n));
	return uk_buf_result(atr);
}
