/* What both protocols have in common: reset, PPS, characters to be sent. */
#include "vc_line_parts.h"

#include "atr.h"
#include "secret.h"

enum { IFSC = 254, TB3 = 0x45, PPSS = 0xff, PPS_MAX = 6 };

void vc_line_init(struct vc_line *l, const struct vc_line_card *card,
    const struct vc_line_wish *wish)
{
	uk_wipe(l, sizeof(*l));
	l->card = *card;
	l->wish = *wish;
	if (l->wish.ifsc == 0)
		l->wish.ifsc = IFSC;
}

void vc_line_put(struct vc_line *l, uk_bytes characters)
{
	uk_buf out = uk_buf_over(l->out + l->out_n, sizeof(l->out) - l->out_n);

	uk_put(&out, characters);
	l->out_n += out.len;
}

bool vc_line_execute(struct vc_line *l)
{
	uk_bytes answer = l->card.transmit(
	    l->card.arg, uk_view(l->command, l->command_n));
	uk_buf kept = UK_BUF(l->answer);

	l->commands++;
	uk_wipe(l->command, l->command_n);
	l->command_n = 0;
	uk_put(&kept, answer);
	l->answer_n = kept.len;
	l->answered = 0;
	return answer.n > 0;
}

/* --- answer to reset, clause 8 ---------------------------------------------
 */

/* TD1 says the protocol; what comes after it is T=1's, 11.4. */
static void put_interface(const struct vc_line_wish *w, uk_buf *atr)
{
	if (w->fi_di != 0)
		uk_put_u8(atr, w->fi_di);
	if (w->protocol == 0)
		return;
	uk_put_u8(atr, 0x81); /* TD1 */
	uk_put_u8(atr, w->crc ? 0x71 : 0x31);
	uk_put_u8(atr, w->ifsc);
	uk_put_u8(atr, TB3);
	if (w->crc)
		uk_put_u8(atr, 1);
}

static void put_atr(struct vc_line *l, uk_bytes historical)
{
	uint8_t storage[VC_LINE_ATR], check = 0;
	uk_buf atr = UK_BUF(storage);

	uk_put_u8(&atr, 0x3b);
	uk_put_u8(&atr, (uint8_t)(historical.n | (l->wish.fi_di ? 0x10 : 0) |
				  (l->wish.protocol == 1 ? 0x80 : 0)));
	put_interface(&l->wish, &atr);
	uk_put(&atr, historical);
	for (size_t i = 1; i < atr.len; i++)
		check ^= storage[i];
	if (l->wish.protocol != 0)
		uk_put_u8(&atr, check);
	vc_line_put(l, uk_buf_view(&atr));
}

void vc_line_off(struct vc_line *l)
{
	l->powered = false;
	l->in_n = l->out_n = l->out_at = 0;
	l->command_n = l->answer_n = l->answered = 0;
	l->pps = false;
}

void vc_line_reset(struct vc_line *l)
{
	uk_atr own;
	uk_bytes historical = UK_NONE;

	vc_line_off(l);
	l->card.reset(l->card.arg);
	if (uk_is_ok(uk_atr_parse(l->card.atr(l->card.arg), &own)))
		historical = own.historical;
	l->powered = l->fresh = true;
	vc_line_t1_reset(l);
	vc_line_t0_reset(l);
	put_atr(l, historical);
}

/* --- PPS, clause 9 ----------------------------------------------------------
 */

static size_t pps_size(const struct vc_line *l)
{
	size_t n = 3;

	if (l->in_n < 2)
		return PPS_MAX;
	for (int bit = 4; bit < 7; bit++)
		n += l->in[1] >> bit & 1;
	return n;
}

/* Taken as it is, if the check byte fits and it is our protocol. */
static void hear_pps(struct vc_line *l, uint8_t c)
{
	uint8_t check = 0;

	l->in[l->in_n++] = c;
	if (l->in_n < pps_size(l))
		return;
	for (size_t i = 0; i < l->in_n; i++)
		check ^= l->in[i];
	if (check == 0 && (l->in[1] & 0x0f) == l->wish.protocol)
		vc_line_put(l, uk_view(l->in, l->in_n));
	l->in_n = 0;
	l->pps = false;
}

/* --- characters -------------------------------------------------------------
 */

bool vc_line_hear(struct vc_line *l, uint8_t c, bool good)
{
	if (!l->powered)
		return true;
	l->out_n = l->out_at = 0; /* half duplex: the reader has the line */
	if (l->fresh && good)
		l->pps = c == PPSS;
	l->fresh = false;
	if (l->pps && good)
		hear_pps(l, c);
	else if (!l->pps && l->wish.protocol == 1)
		vc_line_t1_hear(l, c, good);
	else if (!l->pps && good)
		vc_line_t0_hear(l, c);
	return good || l->wish.protocol == 1;
}

void vc_line_quiet(struct vc_line *l)
{
	if (!l->powered || l->out_at < l->out_n)
		return;
	if (!l->pps && l->wish.protocol == 1)
		vc_line_t1_quiet(l);
	else if (l->pps)
		l->in_n = 0;
	l->pps = false;
}

bool vc_line_say(struct vc_line *l, uint8_t *c)
{
	if (l->out_at == l->out_n)
		return false;
	*c = l->out[l->out_at++];
	return true;
}

void vc_line_again(struct vc_line *l)
{
	if (l->out_at > 0)
		l->out_at--;
}
