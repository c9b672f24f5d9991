/* Objects of payment cards and lists of them. */
#include "emv.h"

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

/* --- objects -------------------------------------------------------------
 */

bool uk_emv_get(const struct uk_emv_set *s, uint32_t tag, uk_bytes *value)
{
	*value = UK_NONE;
	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].tag != tag)
			continue;
		*value = uk_bytes_first(
		    uk_bytes_from(uk_view(s->store, s->used), s->items[i].at),
		    s->items[i].n);
		return true;
	}
	return false;
}

bool uk_emv_get_n(
    const struct uk_emv_set *s, uint32_t tag, size_t n, uk_bytes *value)
{
	return uk_emv_get(s, tag, value) && value->n == n;
}

uk_err uk_emv_put(struct uk_emv_set *s, uint32_t tag, uk_bytes value)
{
	uk_buf b = uk_buf_over(s->store, sizeof(s->store));
	uk_bytes there;

	if (uk_emv_get(s, tag, &there))
		return uk_fail(UK_ERR_EXISTS);
	b.len = s->used;
	uk_put(&b, value);
	if (b.bad || s->count == UK_EMV_OBJECTS)
		return uk_fail(UK_ERR_TOO_SMALL);
	s->items[s->count].tag = tag;
	s->items[s->count].at = (uint16_t)s->used;
	s->items[s->count].n = (uint16_t)value.n;
	s->count++;
	s->used = b.len;
	return uk_ok();
}

static bool is_constructed(uk_bytes whole)
{
	return (whole.p[0] & 0x20) != 0;
}

static void skip_filling(uk_reader *r)
{
	while (uk_peek_u8(r) == 0)
		(void)uk_get_u8(r);
}

uk_err uk_emv_collect(struct uk_emv_set *s, uk_bytes objects)
{
	uk_reader r = uk_read(objects);
	uk_tlv t;

	skip_filling(&r);
	UK_TLV_EACH (r, t) {
		if (!is_constructed(t.whole)) {
			uk_err err = uk_emv_put(s, t.tag, t.value);

			if (!uk_is_ok(err))
				return uk_fail(UK_ERR_FORMAT);
		}
		skip_filling(&r);
	}
	return uk_read_end(&r);
}

void uk_emv_write(
    const struct uk_emv_set *s, const uint32_t *tags, size_t n, uk_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		uk_bytes value;

		if (uk_emv_get(s, tags[i], &value))
			uk_put_tlv(out, tags[i], value);
	}
}

/* --- answers -------------------------------------------------------------
 */

struct part {
	uint32_t tag;
	size_t n; /* 0: the rest */
};

static const struct part options[] = { { UK_EMV_AIP, 2 }, { UK_EMV_AFL, 0 } };
static const struct part cryptogram[] = { { UK_EMV_CID, 1 }, { UK_EMV_ATC, 2 },
	{ UK_EMV_AC, 8 }, { UK_EMV_IAD, 0 } };

/* Format 1: values without tags; an empty rest is not there. */
static uk_err read_parts(
    struct uk_emv_set *s, const struct part *parts, size_t n, uk_bytes values)
{
	uk_reader r = uk_read(values);

	for (size_t i = 0; i < n; i++) {
		uk_bytes v = parts[i].n > 0 ? uk_get(&r, parts[i].n)
					    : uk_get_rest(&r);

		if (r.bad)
			return uk_fail(UK_ERR_FORMAT);
		if (v.n > 0)
			UK_TRY(uk_emv_put(s, parts[i].tag, v));
	}
	return uk_read_end(&r);
}

static uk_err read_answer(
    struct uk_emv_set *s, const struct part *parts, size_t n, uk_bytes answer)
{
	uk_bytes value;

	if (uk_is_ok(uk_tlv_only(answer, UK_EMV_FORMAT_1, &value)))
		return read_parts(s, parts, n, value);
	UK_TRY(uk_tlv_only(answer, UK_EMV_FORMAT_2, &value));
	return uk_emv_collect(s, value);
}

uk_err uk_emv_read_options(struct uk_emv_set *s, uk_bytes answer)
{
	uk_bytes v;

	UK_TRY(read_answer(s, options, COUNT(options), answer));
	return uk_emv_get_n(s, UK_EMV_AIP, 2, &v) ? uk_ok()
						  : uk_fail(UK_ERR_FORMAT);
}

uk_err uk_emv_read_ac(struct uk_emv_set *s, uk_bytes answer)
{
	uk_bytes v;

	UK_TRY(read_answer(s, cryptogram, COUNT(cryptogram), answer));
	for (size_t i = 0; i + 1 < COUNT(cryptogram); i++) {
		if (!uk_emv_get_n(s, cryptogram[i].tag, cryptogram[i].n, &v))
			return uk_fail(UK_ERR_FORMAT);
	}
	return uk_emv_get(s, UK_EMV_IAD, &v) && v.n > 32
		   ? uk_fail(UK_ERR_FORMAT)
		   : uk_ok();
}

/* --- lists ---------------------------------------------------------------
 */

/* Tags of one to three bytes; lengths of one. */
bool uk_emv_dol_next(uk_reader *dol, struct uk_emv_wish *out)
{
	*out = (struct uk_emv_wish){ 0, 0 };
	if (dol->bad || dol->left == 0)
		return false;
	out->tag = uk_get_u8(dol);
	if ((out->tag & 0x1f) == 0x1f) {
		uint8_t more;

		do {
			more = uk_get_u8(dol);
			out->tag = out->tag << 8 | more;
		} while (!dol->bad && (more & 0x80) != 0 && out->tag < 0x10000);
		if ((more & 0x80) != 0)
			dol->bad = true;
	}
	out->n = uk_get_u8(dol);
	if (out->n > UK_EMV_DATA_MAX)
		dol->bad = true;
	return !dol->bad;
}

/* Objects of format n; all others are filled behind and cut behind. */
static const uint32_t numeric[] = { UK_EMV_DATE, UK_EMV_TYPE, UK_EMV_EXPIRY,
	UK_EMV_CURRENCY, UK_EMV_SEQUENCE, UK_EMV_AMOUNT, UK_EMV_OTHER,
	UK_EMV_COUNTRY, UK_EMV_TIME, UK_EMV_CARD_CURRENCY };

static bool is_numeric(uint32_t tag)
{
	for (size_t i = 0; i < COUNT(numeric); i++) {
		if (numeric[i] == tag)
			return true;
	}
	return false;
}

static void put_wish(
    const struct uk_emv_wish *w, const struct uk_emv_set *s, uk_buf *out)
{
	size_t gap;
	uk_bytes v;

	(void)uk_emv_get(s, w->tag, &v);
	gap = v.n < w->n ? w->n - v.n : 0;
	if (is_numeric(w->tag)) {
		uk_put_fill(out, 0, gap);
		uk_put(out, uk_bytes_last(v, w->n));
		return;
	}
	uk_put(out, uk_bytes_first(v, w->n));
	/* cn: only the PAN */
	uk_put_fill(out, w->tag == UK_EMV_PAN && v.n > 0 ? 0xff : 0, gap);
}

uk_err uk_emv_dol_fill(uk_bytes dol, const struct uk_emv_set *s, uk_buf *out)
{
	uk_reader r = uk_read(dol);
	struct uk_emv_wish w;
	size_t n = 0;

	while (uk_emv_dol_next(&r, &w)) {
		n += w.n;
		if (n > UK_EMV_DATA_MAX)
			return uk_fail(UK_ERR_FORMAT);
		put_wish(&w, s, out);
	}
	UK_TRY(uk_read_end(&r));
	return uk_buf_result(out);
}

bool uk_emv_afl_next(uk_reader *afl, struct uk_emv_file *out)
{
	uint8_t sfi;

	*out = (struct uk_emv_file){ 0, 0, 0, 0 };
	if (afl->bad || afl->left == 0)
		return false;
	sfi = uk_get_u8(afl);
	*out = (struct uk_emv_file){ .sfi = sfi >> 3,
		.first = uk_get_u8(afl),
		.last = uk_get_u8(afl),
		.offline = uk_get_u8(afl) };
	if ((sfi & 0x07) != 0 || out->sfi == 0 || out->sfi > 30 ||
	    out->first == 0 || out->last < out->first ||
	    out->offline > out->last - out->first + 1)
		afl->bad = true;
	return !afl->bad;
}
