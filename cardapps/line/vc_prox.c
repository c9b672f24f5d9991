/* What comes before the blocks: field, selection, RATS and ATTRIB; and check
 * codes. ISO/IEC 14443-3 and 14443-4, clauses 5 and 6. */
#include "vc_prox_parts.h"

#include "atr.h"
#include "crc16.h"
#include "secret.h"

enum {
	SAK = 0x20,
	ATQB = 0x50,
	RATS = 0xe0,
	ATTRIB = 0x1d,
	CID_RESERVED = 15,
	TYPE_4 = 0x01, /* Protocol_Type: part 4, minimum TR2 the shortest */
	CHECK = 2,
	MAX_CODE = 8
};

/* UID and PUPI; 08: a number of its own making (14443-3, 6.5.4) */
static const uint8_t uid[VC_PROX_UID] = { 0x08, 0x75, 0x6b, 0x79 };

/* 14443-4, table 1; the codes for more are more than we send. */
static size_t frame_of(unsigned code)
{
	static const size_t sizes[] = { 16, 24, 32, 40, 48, 64, 96, 128, 256 };

	return sizes[code > MAX_CODE ? MAX_CODE : code];
}

void vc_prox_init(struct vc_prox *l, const struct vc_line_card *card,
    const struct vc_prox_wish *wish)
{
	uk_wipe(l, sizeof(*l));
	l->card = *card;
	l->wish = *wish;
}

/* A card without power knows nothing. */
void vc_prox_field(struct vc_prox *l, bool on)
{
	if (on && l->state != VC_PROX_OFF)
		return;
	l->state = on ? VC_PROX_IDLE : VC_PROX_OFF;
	uk_wipe(l->command, sizeof(l->command));
	uk_wipe(l->answer, sizeof(l->answer));
	l->last_n = l->spoken_n = 0;
}

static uk_bytes historical(struct vc_prox *l)
{
	uk_atr own;

	return uk_is_ok(uk_atr_parse(l->card.atr(l->card.arg), &own))
		   ? own.historical
		   : UK_NONE;
}

/* --- check codes, 14443-3, 6.2.4 and 7.2 ------------------------------------
 */

static uint16_t check_of(const struct vc_prox *l, uk_bytes b)
{
	return uk_crc16(l->wish.type_b ? UK_CRC_B : UK_CRC_A, b);
}

void vc_prox_say(struct vc_prox *l, uk_bytes frame)
{
	uk_buf out = UK_BUF(l->spoken);
	uint16_t check = check_of(l, frame);

	uk_put(&out, frame);
	uk_put_u8(&out, (uint8_t)check);
	uk_put_u8(&out, (uint8_t)(check >> 8));
	l->spoken_n = out.len;
}

static bool check_fits(const struct vc_prox *l, uk_bytes f)
{
	uint16_t check = check_of(l, uk_bytes_first(f, f.n - CHECK));

	return f.p[f.n - 2] == (check & 0xff) && f.p[f.n - 1] == check >> 8;
}

/* --- selection --------------------------------------------------------------
 */

/* Proprietary application data (ADC 00): the last four historical bytes. */
static void put_atqb(struct vc_prox *l, uk_buf *out)
{
	uk_bytes data = uk_bytes_last(historical(l), 4);

	uk_put_u8(out, ATQB);
	uk_put(out, UK_ARRAY(uid));
	uk_put(out, data);
	uk_put_fill(out, 0, 4 - data.n);
	uk_put_u8(out, 0x00); /* 106 kbit/s both ways */
	uk_put_u8(out, (uint8_t)(l->wish.fsci << 4 | TYPE_4));
	uk_put_u8(out, (uint8_t)(l->wish.fwi << 4 | (l->wish.cid ? 1 : 0)));
	if (l->wish.sfgi != 0)
		uk_put_u8(out, (uint8_t)(l->wish.sfgi << 4));
}

bool vc_prox_wake(struct vc_prox *l, bool wup, uk_buf *out)
{
	if (l->state != VC_PROX_IDLE && !(wup && l->state == VC_PROX_HALT))
		return false;
	l->state = VC_PROX_SELECTED;
	if (l->wish.type_b) {
		put_atqb(l, out);
	} else {
		uk_put(out, UK_ARRAY(uid));
		uk_put_u8(out, SAK);
	}
	return true;
}

/* --- activation -------------------------------------------------------------
 */

static void begin(struct vc_prox *l, unsigned fsdi, uint8_t cid)
{
	l->card.reset(l->card.arg);
	l->fsd = frame_of(fsdi);
	l->own_cid = cid;
	l->state = VC_PROX_BLOCKS;
	vc_prox_blocks_begin(l);
}

/* TL T0 TA TB TC and the historical bytes, unless FSD is too small for them. */
static void say_ats(struct vc_prox *l)
{
	uint8_t storage[VC_LINE_ATR];
	uk_buf ats = UK_BUF(storage);
	uk_bytes h = historical(l);

	if (5 + h.n + CHECK > l->fsd)
		h = UK_NONE;
	uk_put_u8(&ats, (uint8_t)(5 + h.n));
	uk_put_u8(&ats, 0x70 | l->wish.fsci);
	uk_put_u8(&ats, 0x80); /* the same rates both ways: 106 kbit/s */
	uk_put_u8(&ats, (uint8_t)(l->wish.fwi << 4 | l->wish.sfgi));
	uk_put_u8(&ats, l->wish.cid ? 0x02 : 0x00);
	uk_put(&ats, h);
	vc_prox_say(l, uk_buf_view(&ats));
}

static void on_rats(struct vc_prox *l, uk_bytes f)
{
	if (f.n != 2 || f.p[0] != RATS || (f.p[1] & 0x0f) == CID_RESERVED)
		return;
	begin(l, f.p[1] >> 4, f.p[1] & 0x0f);
	say_ats(l);
}

/* 14443-3, 7.10: our PUPI, no other rate than 106 kbit/s, the protocol that we
 * have named. Its higher layer INF is not for us. */
static void on_attrib(struct vc_prox *l, uk_bytes f)
{
	uint8_t answer;

	if (f.n < 9 || f.p[0] != ATTRIB ||
	    !uk_bytes_eq(uk_view(f.p + 1, VC_PROX_UID), UK_ARRAY(uid)) ||
	    f.p[6] >> 4 != 0 || (f.p[7] & 0x0f) != TYPE_4 ||
	    (f.p[8] & 0x0f) == CID_RESERVED)
		return;
	if (!l->wish.cid && (f.p[8] & 0x0f) != 0)
		return;
	begin(l, f.p[6] & 0x0f, f.p[8] & 0x0f);
	answer = (uint8_t)(l->wish.mbli << 4 | l->own_cid);
	vc_prox_say(l, uk_view(&answer, 1));
}

/* A wrong check code: the card stays as it is, and silent. */
uk_bytes vc_prox_hear(struct vc_prox *l, uk_bytes frame)
{
	uk_bytes f = uk_bytes_first(
	    frame, frame.n > CHECK ? frame.n - CHECK : 0);

	l->spoken_n = 0;
	if (f.n == 0 || frame.n > frame_of(l->wish.fsci) ||
	    !check_fits(l, frame))
		return UK_NONE;
	if (l->state == VC_PROX_SELECTED && l->wish.type_b)
		on_attrib(l, f);
	else if (l->state == VC_PROX_SELECTED)
		on_rats(l, f);
	else if (l->state == VC_PROX_BLOCKS)
		vc_prox_block(l, f);
	return uk_view(l->spoken, l->spoken_n);
}
