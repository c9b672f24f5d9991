/* Control codes. */
#include "controls.h"

#include "secret.h"

enum {
	FEATURE_VERIFY_PIN_DIRECT = 0x06,
	FEATURE_MODIFY_PIN_DIRECT = 0x07,
	FEATURE_IFD_PIN_PROPERTIES = 0x0a,
	FEATURE_GET_TLV_PROPERTIES = 0x12,
	ESCAPE_DISPLAY = 0x02,
	ESCAPE_STATEMENT = 0x03,
	ESCAPE_KEY = 0x04,
	BY_KEY = 2, /* bEntryValidationCondition */
	SECURE_MAX = 512,
	ESCAPE_MAX = 8192
};

/* --- what there is ------------------------------------------------------- */

/* Part 10, 2.2: the one place with numbers most significant byte first. */
static void put_feature(uk_buf *out, uint8_t tag, uint32_t code)
{
	uk_put_u8(out, tag);
	uk_put_u8(out, 4);
	uk_put_u32(out, code);
}

static uk_err on_features(
    struct trm_reader *r, unsigned slot, uk_bytes in, uk_buf *out)
{
	(void)slot, (void)in;
	if (trm_reader_facts(r).keypad) {
		put_feature(out, FEATURE_VERIFY_PIN_DIRECT, TRM_CTL_VERIFY);
		put_feature(out, FEATURE_MODIFY_PIN_DIRECT, TRM_CTL_MODIFY);
		put_feature(
		    out, FEATURE_IFD_PIN_PROPERTIES, TRM_CTL_PIN_PROPERTIES);
	}
	put_feature(out, FEATURE_GET_TLV_PROPERTIES, TRM_CTL_TLV_PROPERTIES);
	return uk_buf_result(out);
}

/* 2.5.5: wLcdLayout (lines, columns), bEntryValidationCondition, bTimeOut2. */
static uk_err on_pin_properties(
    struct trm_reader *r, unsigned slot, uk_bytes in, uk_buf *out)
{
	struct trm_reader_facts f = trm_reader_facts(r);

	(void)slot, (void)in;
	uk_put_u8(out, f.columns);
	uk_put_u8(out, f.lines);
	uk_put_u8(out, BY_KEY);
	uk_put_u8(out, 0);
	return uk_buf_result(out);
}

static void put_le(uk_buf *out, uint8_t tag, uint8_t n, uint32_t v)
{
	uk_put_u8(out, tag);
	uk_put_u8(out, n);
	for (uint8_t i = 0; i < n; i++)
		uk_put_u8(out, (uint8_t)(v >> (8 * i)));
}

/* 2.6.14 */
static uk_err on_tlv_properties(
    struct trm_reader *r, unsigned slot, uk_bytes in, uk_buf *out)
{
	struct trm_reader_facts f = trm_reader_facts(r);

	(void)slot, (void)in;
	put_le(out, 0x01, 2, f.columns | (uint32_t)f.lines << 8);
	put_le(out, 0x02, 1, BY_KEY);
	put_le(out, 0x03, 1, 0);       /* bTimeOut2 */
	put_le(out, 0x06, 1, 4);       /* bMinPINSize */
	put_le(out, 0x07, 1, 16);      /* bMaxPINSize */
	put_le(out, 0x09, 1, 0);       /* bPPDUSupport */
	put_le(out, 0x0a, 4, 0x10000); /* dwMaxAPDUDataSize: extended */
	return uk_buf_result(out);
}

/* --- PINs ---------------------------------------------------------------- */

static void copy(uk_reader *from, uk_buf *to, size_t n)
{
	uk_put(to, uk_get(from, n));
}

uk_err trm_put_secure(bool modify, uk_bytes structure, uk_buf *out)
{
	uk_reader r = uk_read(structure);
	uint32_t length;

	uk_put_u8(out, modify ? 1 : 0); /* bPINOperation */
	copy(&r, out, 1);               /* bTimerOut */
	(void)uk_get_u8(&r);            /* bTimerOut2 */
	/* up to and with bMsgIndex, or the three of them */
	copy(&r, out, modify ? 15 : 10);
	copy(&r, out, 3); /* bTeoPrologue */
	length = uk_get_u8(&r);
	length |= (uint32_t)uk_get_u8(&r) << 8;
	length |= (uint32_t)uk_get_u8(&r) << 16;
	length |= (uint32_t)uk_get_u8(&r) << 24;
	copy(&r, out, length);
	UK_TRY(uk_read_end(&r));
	return out->bad ? uk_fail(UK_ERR_FORMAT) : uk_ok();
}

/* 2.5.2 */
static uk_err pin_result(uk_err err, uk_buf *out)
{
	if (uk_is(err, UK_ERR_TIMEOUT))
		uk_put_u16(out, 0x6400);
	else if (uk_is(err, UK_ERR_CANCELLED))
		uk_put_u16(out, 0x6401);
	else
		return err;
	return uk_buf_result(out);
}

static uk_err enter_pin(
    struct trm_reader *r, unsigned slot, bool modify, uk_bytes in, uk_buf *out)
{
	uint8_t storage[SECURE_MAX], error;
	uk_buf data = UK_BUF(storage);

	UK_TRY(trm_put_secure(modify, in, &data));
	return pin_result(trm_reader_request(r, slot, UK_CCID_SECURE,
			      uk_buf_view(&data), out, &error),
	    out);
}

static uk_err on_verify(
    struct trm_reader *r, unsigned slot, uk_bytes in, uk_buf *out)
{
	return enter_pin(r, slot, false, in, out);
}

static uk_err on_modify(
    struct trm_reader *r, unsigned slot, uk_bytes in, uk_buf *out)
{
	return enter_pin(r, slot, true, in, out);
}

/* --- our own ------------------------------------------------------------- */

/* An escape, and its answer without the byte that names it. */
static uk_err escape(
    struct trm_reader *r, unsigned slot, uint8_t what, uk_bytes in, uk_buf *out)
{
	uint8_t ask[ESCAPE_MAX], told[ESCAPE_MAX], error;
	uk_buf data = UK_BUF(ask), answer = UK_BUF(told);
	uk_bytes body;

	uk_put_u8(&data, what);
	uk_put(&data, in);
	if (data.bad)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(trm_reader_request(
	    r, slot, UK_CCID_ESCAPE, uk_buf_view(&data), &answer, &error));
	body = uk_buf_view(&answer);
	if (body.n == 0 || body.p[0] != what)
		return uk_fail(UK_ERR_IO);
	uk_put(out, uk_bytes_from(body, 1));
	return uk_buf_result(out);
}

/* Part 10's words for what a person does, so that every program knows them:
 * 9000 approved, 6400 nobody answered, 6401 rejected; 6A80: not a text that can
 * be shown. */
static uk_err on_display(
    struct trm_reader *r, unsigned slot, uk_bytes in, uk_buf *out)
{
	uk_err err = escape(r, slot, ESCAPE_DISPLAY, in, out);

	if (uk_is_ok(err))
		uk_put_u16(out, 0x9000);
	else if (uk_is(err, UK_ERR_IO) || uk_is(err, UK_ERR_FORMAT))
		uk_put_u16(out, 0x6a80);
	else
		return pin_result(err, out);
	return uk_buf_result(out);
}

static uk_err on_statement(
    struct trm_reader *r, unsigned slot, uk_bytes in, uk_buf *out)
{
	return escape(r, slot, ESCAPE_STATEMENT, in, out);
}

/* It tells that there is a display, too. */
static uk_err on_key(
    struct trm_reader *r, unsigned slot, uk_bytes in, uk_buf *out)
{
	if (!trm_reader_facts(r).display)
		return uk_fail(UK_ERR_UNSUPPORTED);
	return escape(r, slot, ESCAPE_KEY, in, out);
}

static uk_err on_pair(
    struct trm_reader *r, unsigned slot, uk_bytes in, uk_buf *out)
{
	uk_err err = trm_reader_pair(r, in);

	(void)slot;
	if (uk_is_ok(err))
		uk_put_u16(out, 0x9000);
	else if (uk_is(err, UK_ERR_CONDITIONS)) /* it shows no code */
		uk_put_u16(out, 0x6985);
	else if (uk_is(err, UK_ERR_SIGNATURE)) /* another code */
		uk_put_u16(out, 0x6982);
	else if (uk_is(err, UK_ERR_ARGUMENT)) /* not eight digits */
		uk_put_u16(out, 0x6a80);
	else
		return err;
	return uk_buf_result(out);
}

uk_err trm_control(struct trm_reader *r, unsigned slot, uint32_t code,
    uk_bytes in, uk_buf *out)
{
	static const struct {
		uint32_t code;
		uk_err (*run)(struct trm_reader *r, unsigned slot, uk_bytes in,
		    uk_buf *out);
	} codes[] = {
		{ TRM_CTL_FEATURES, on_features },
		{ TRM_CTL_VERIFY, on_verify },
		{ TRM_CTL_MODIFY, on_modify },
		{ TRM_CTL_PIN_PROPERTIES, on_pin_properties },
		{ TRM_CTL_TLV_PROPERTIES, on_tlv_properties },
		{ TRM_CTL_PAIR, on_pair },
		{ UK_CTL_DISPLAY, on_display },
		{ UK_CTL_STATEMENT, on_statement },
		{ UK_CTL_DISPLAY_KEY, on_key },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code == code)
			return codes[i].run(r, slot, in, out);
	}
	return uk_fail(UK_ERR_UNSUPPORTED);
}
