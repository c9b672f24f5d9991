/* Blocks of T=1, ISO/IEC 7816-3:2006, 11.3 and 11.4. */
#include "contact_impl.h"

#include "crc16.h"
#include "secret.h"

enum {
	PROLOGUE = 3,
	LEN_AT = 2,
	DRAIN_MAX = 2 * TRM_T1_BLOCK /* characters of a card that babbles */
};

static size_t edc_size(const struct trm_contact *c)
{
	return c->t1.crc ? 2 : 1;
}

static void put_edc(const struct trm_contact *c, uk_buf *block)
{
	uint8_t lrc = 0;

	if (c->t1.crc) {
		uk_put_u16(block, uk_crc16(UK_CRC_PLAIN, uk_buf_view(block)));
		return;
	}
	for (size_t i = 0; i < block->len; i++)
		lrc ^= block->p[i];
	uk_put_u8(block, lrc);
}

bool trm_t1_edc_fits(const struct trm_contact *c)
{
	uk_bytes got = uk_view(c->t1.got, c->t1.got_n);
	uint8_t storage[TRM_T1_BLOCK];
	uk_buf again = UK_BUF(storage);
	bool fits;

	uk_put(&again, uk_bytes_first(got, got.n - edc_size(c)));
	put_edc(c, &again);
	fits = uk_bytes_eq(uk_buf_view(&again), got);
	uk_wipe(storage, sizeof(storage));
	return fits;
}

void trm_t1_make(struct trm_contact *c, uint8_t pcb, uk_bytes inf)
{
	uk_buf block = UK_BUF(c->t1.sent);

	uk_put_u8(&block, 0); /* NAD: no addressing, 11.3.2.1 */
	uk_put_u8(&block, pcb);
	uk_put_u8(&block, (uint8_t)inf.n);
	uk_put(&block, inf);
	put_edc(c, &block);
	c->t1.sent_n = block.len;
}

/* The line must be silent before we speak. */
static enum trm_t1_heard drain(struct trm_contact *c, enum trm_t1_heard what)
{
	uint8_t byte;

	for (size_t i = 0; i < DRAIN_MAX; i++) {
		enum trm_heard h = c->hw->get(c->arg, &byte, c->cwt_us);

		if (h == TRM_PULLED)
			return TRM_T1_PULLED;
		if (h == TRM_SILENCE)
			break;
	}
	return what;
}

/* How long the block is that begins so; 0: no block has this length. */
static size_t block_size(const struct trm_contact *c)
{
	size_t inf = c->t1.got[LEN_AT];

	return inf > TRM_IFSD ? 0 : PROLOGUE + inf + edc_size(c);
}

enum trm_t1_heard trm_t1_receive(struct trm_contact *c)
{
	struct trm_t1 *t = &c->t1;
	uint64_t wait = c->bwt_us * t->wtx;
	size_t size = PROLOGUE;
	bool garbled = false;
	uint8_t more;

	t->got_n = 0;
	t->wtx = 1;
	while (t->got_n < size) {
		enum trm_heard h = c->hw->get(c->arg, &t->got[t->got_n], wait);

		if (h == TRM_PULLED)
			return TRM_T1_PULLED;
		if (h == TRM_SILENCE)
			return garbled ? TRM_T1_EDC : TRM_T1_OTHER;
		garbled = garbled || h == TRM_GARBLED;
		wait = c->cwt_us;
		if (++t->got_n == PROLOGUE && (size = block_size(c)) == 0)
			return drain(c, garbled ? TRM_T1_EDC : TRM_T1_OTHER);
	}
	/* A character too many, and the sum may still be right: 1 in 256. */
	if (c->hw->get(c->arg, &more, c->quiet_us) != TRM_SILENCE)
		garbled = true;
	return garbled ? drain(c, TRM_T1_EDC) : TRM_T1_GOOD;
}

enum trm_t1_heard trm_t1_swap(struct trm_contact *c)
{
	enum trm_t1_heard h;

	for (size_t i = 0; i < c->t1.sent_n; i++)
		(void)c->hw->put(c->arg, c->t1.sent[i]);
	h = trm_t1_receive(c);
	if (h != TRM_T1_GOOD)
		return h;
	if (!trm_t1_edc_fits(c))
		return drain(c, TRM_T1_EDC);
	c->t1.got_n -= edc_size(c);
	return TRM_T1_GOOD;
}

uk_err trm_contact_block(
    struct trm_contact *c, uk_bytes block, uint8_t wtx, uk_buf *answer)
{
	enum trm_t1_heard h;
	uk_buf sent = UK_BUF(c->t1.sent);
	uk_err err;

	if (!c->active)
		return uk_fail(UK_ERR_CARD_MUTE);
	uk_put(&sent, block);
	UK_TRY(uk_buf_result(&sent));
	for (size_t i = 0; i < block.n; i++)
		(void)c->hw->put(c->arg, block.p[i]);
	c->t1.wtx = wtx == 0 ? 1 : wtx;
	h = trm_t1_receive(c);
	uk_put(answer, uk_view(c->t1.got, c->t1.got_n));
	err = uk_buf_result(answer);
	if (h == TRM_T1_PULLED)
		err = trm_contact_gone(c);
	else if (c->t1.got_n == 0)
		err = uk_fail(UK_ERR_CARD_MUTE);
	uk_wipe(c->t1.got, sizeof(c->t1.got));
	return err;
}
