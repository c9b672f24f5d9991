/* Accounts of payment cards: directory entries, track 2, numbers. */
#include "emv.h"

enum {
	SEPARATOR = 0x0d,
	FILL = 0x0f,
	PAN_MIN = 12,
	SHOWN_FIRST = 6,
	SHOWN_LAST = 4,
	HIDDEN_MIN = 6,
	BCD_MAX = 9
};

uk_err uk_emv_app_read(uk_bytes entry, struct uk_emv_app *out)
{
	uk_bytes v;

	*out = (struct uk_emv_app){ 0 };
	if (!uk_tlv_find(entry, UK_EMV_AID, &v) || v.n < 5 ||
	    v.n > UK_EMV_AID_MAX)
		return uk_fail(UK_ERR_FORMAT);
	out->aid_len = v.n;
	UK_TRY(uk_copy_exact(out->aid, v.n, v));
	if (uk_tlv_find(entry, UK_EMV_PRIORITY, &v) && v.n == 1)
		out->priority = v.p[0] & 0x0f;
	if (!uk_tlv_find(entry, UK_EMV_LABEL, &v) || v.n > UK_EMV_LABEL_MAX)
		return uk_ok();
	/* It goes to a screen: letters and digits as they are, nothing else. */
	for (size_t i = 0; i < v.n; i++)
		out->label[i] = v.p[i] >= 0x20 && v.p[i] < 0x7f ? (char)v.p[i]
								: '?';
	return uk_ok();
}

/* --- digits --------------------------------------------------------------
 */

struct nibbles {
	uk_bytes of;
	size_t at;
};

static int next(struct nibbles *n)
{
	uint8_t v;

	if (n->at >= 2 * n->of.n)
		return -1;
	v = n->of.p[n->at / 2];
	return n->at++ % 2 == 0 ? v >> 4 : v & 0x0f;
}

/* Digits up to something that is none, which is returned. UK_ERR_FORMAT is -2.
 */
static int get_digits(struct nibbles *n, char *out, size_t cap)
{
	size_t len = 0;
	int v;

	while ((v = next(n)) >= 0 && v <= 9) {
		if (len + 1 >= cap)
			return -2;
		out[len++] = (char)('0' + v);
	}
	out[len] = '\0';
	return v;
}

static bool get_exactly(struct nibbles *n, char *out, size_t digits)
{
	for (size_t i = 0; i < digits; i++) {
		int v = next(n);

		if (v < 0 || v > 9)
			return false;
		out[i] = (char)('0' + v);
	}
	out[digits] = '\0';
	return true;
}

static bool is_pan(const char *pan)
{
	return uk_view_str(pan).n >= PAN_MIN;
}

/* Only F up to the end: one in track 2, as many as there are in a PAN. */
static bool ends(struct nibbles *n, int v)
{
	while (v == FILL)
		v = next(n);
	return v == -1;
}

uk_err uk_emv_track2(uk_bytes value, struct uk_track2 *out)
{
	struct nibbles n = { value, 0 };
	char rest[40];
	int v;

	*out = (struct uk_track2){ .pan = "" };
	if (value.n > 19 ||
	    get_digits(&n, out->pan, sizeof(out->pan)) != SEPARATOR ||
	    !is_pan(out->pan) || !get_exactly(&n, out->expiry, 4) ||
	    !get_exactly(&n, out->service, 3))
		return uk_fail(UK_ERR_FORMAT);
	v = get_digits(&n, rest, sizeof(rest));
	return ends(&n, v) ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

uk_err uk_emv_pan(uk_bytes value, char pan[UK_EMV_PAN_MAX + 1])
{
	struct nibbles n = { value, 0 };
	int v = get_digits(&n, pan, UK_EMV_PAN_MAX + 1);

	if (value.n > 10 || v == -2 || !is_pan(pan) || !ends(&n, v)) {
		pan[0] = '\0';
		return uk_fail(UK_ERR_FORMAT);
	}
	return uk_ok();
}

void uk_mask_pan(const char *pan, char masked[UK_EMV_PAN_MAX + 1])
{
	size_t n = uk_view_str(pan).n, first = SHOWN_FIRST, last = SHOWN_LAST;

	if (n > UK_EMV_PAN_MAX)
		n = UK_EMV_PAN_MAX;
	if (n < first + last + HIDDEN_MIN)
		first = n < last + HIDDEN_MIN ? 0 : n - last - HIDDEN_MIN;
	if (n < last + HIDDEN_MIN)
		last = 0;
	for (size_t i = 0; i < n; i++)
		masked[i] = i < first || i + last >= n ? pan[i] : '*';
	masked[n] = '\0';
}

void uk_put_bcd(uk_buf *out, uint64_t v, size_t bytes)
{
	uint8_t digits[BCD_MAX];

	if (bytes > sizeof(digits)) {
		out->bad = true;
		return;
	}
	for (size_t i = bytes; i-- > 0; v /= 100)
		digits[i] = (uint8_t)(v / 10 % 10 << 4 | v % 10);
	if (v > 0)
		out->bad = true; /* does not fit */
	uk_put(out, uk_view(digits, bytes));
}

uk_err uk_read_bcd(uk_bytes bcd, uint64_t *v)
{
	struct nibbles n = { bcd, 0 };
	int d;

	*v = 0;
	if (bcd.n > BCD_MAX)
		return uk_fail(UK_ERR_FORMAT);
	while ((d = next(&n)) >= 0) {
		if (d > 9)
			return uk_fail(UK_ERR_FORMAT);
		*v = *v * 10 + (uint64_t)d;
	}
	return uk_ok();
}
