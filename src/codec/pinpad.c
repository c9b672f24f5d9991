/* PC/SC part 10: feature list, properties, and the two structures. */
#include "pinpad.h"

#include "sw.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

enum {
	BLOCK = 16,
	BLOCK_PIN_MAX = 15, /* bmPINBlockString: four bits */
	PAD = 0xff,
	/* bmFormatString: units are bytes, PIN at offset 0, left, ASCII */
	FORMAT_ASCII_LEFT = 0x82,
	VALIDATION_KEY = 0x02,
	CONFIRM_NEW = 0x01, /* bConfirmPIN */
	ASK_OLD = 0x02,
	LANGUAGE_EN_US = 0x0409
};

static void put_le16(uk_buf *out, unsigned v)
{
	uk_put_u8(out, (uint8_t)v);
	uk_put_u8(out, (uint8_t)(v >> 8));
}

static void put_le32(uk_buf *out, uint32_t v)
{
	put_le16(out, v & 0xffff);
	put_le16(out, v >> 16);
}

/* --- what the reader tells ----------------------------------------------- */

/* Tags of 2.3, table "Feature codes". */
static uint32_t *feature_of(uint8_t tag, struct uk_pinpad_features *f)
{
	switch (tag) {
	case 0x06:
		return &f->verify;
	case 0x07:
		return &f->modify;
	case 0x0a:
		return &f->properties;
	case 0x12:
		return &f->tlv_properties;
	default:
		return NULL;
	}
}

uk_err uk_pinpad_parse_features(uk_bytes answer, struct uk_pinpad_features *out)
{
	struct uk_pinpad_features f = { 0 };
	uk_reader r = uk_read(answer);

	*out = f;
	while (r.left > 0 && !r.bad) {
		uint8_t tag = uk_get_u8(&r), len = uk_get_u8(&r);
		uint32_t code = uk_get_u32(&r);
		uint32_t *place = feature_of(tag, &f);

		if (len != sizeof(code))
			return uk_fail(UK_ERR_FORMAT);
		if (place != NULL)
			*place = code;
	}
	UK_TRY(uk_read_end(&r));
	*out = f;
	return uk_ok();
}

uk_err uk_pinpad_parse_properties(uk_bytes answer, struct uk_pinpad_limits *out)
{
	uk_reader r = uk_read(answer);
	uint8_t validation;

	(void)uk_get_u16(&r); /* wLcdLayout: what it shows is its own */
	validation = uk_get_u8(&r);
	(void)uk_get_u8(&r); /* bTimeOut2 */
	UK_TRY(uk_read_end(&r));
	out->validation = validation;
	return uk_ok();
}

/* 2.6.14: properties that matter here are single bytes. */
static uint8_t *property_of(uint8_t tag, struct uk_pinpad_limits *l)
{
	switch (tag) {
	case 0x02:
		return &l->validation;
	case 0x06:
		return &l->pin_min;
	case 0x07:
		return &l->pin_max;
	default:
		return NULL;
	}
}

uk_err uk_pinpad_parse_tlv(uk_bytes answer, struct uk_pinpad_limits *out)
{
	struct uk_pinpad_limits l = *out;
	uk_reader r = uk_read(answer);

	while (r.left > 0 && !r.bad) {
		uint8_t tag = uk_get_u8(&r);
		uk_bytes value = uk_get(&r, uk_get_u8(&r));
		uint8_t *place = property_of(tag, &l);

		if (place == NULL || r.bad)
			continue;
		if (value.n != 1)
			return uk_fail(UK_ERR_FORMAT);
		*place = value.p[0];
	}
	UK_TRY(uk_read_end(&r));
	*out = l;
	return uk_ok();
}

/* --- what is asked of it ------------------------------------------------- */

static uint8_t block_of(const struct uk_pinpad_entry *e)
{
	return e->block == 0 || e->block > BLOCK ? BLOCK : e->block;
}

static uint8_t block_pin_max(const struct uk_pinpad_entry *e)
{
	return block_of(e) > BLOCK_PIN_MAX ? BLOCK_PIN_MAX : block_of(e);
}

/* 0xXXYY: XX digits at least, YY at most; 0 = they agree on nothing. */
static unsigned digits(
    const struct uk_pinpad_entry *e, const struct uk_pinpad_limits *pad)
{
	unsigned min = e->pin_min, max = e->pin_max;

	if (max > block_pin_max(e))
		max = block_pin_max(e);
	if (pad->pin_max != 0 && pad->pin_max < max)
		max = pad->pin_max;
	if (pad->pin_min > min)
		min = pad->pin_min;
	return min == 0 || min > max ? 0 : min << 8 | max;
}

static void put_format(const struct uk_pinpad_entry *e, uk_buf *out)
{
	uk_put_u8(out, e->timeout_s);      /* bTimerOut */
	uk_put_u8(out, e->timeout_s);      /* bTimerOut2: after a key */
	uk_put_u8(out, FORMAT_ASCII_LEFT); /* bmFormatString */
	uk_put_u8(out, block_pin_max(e));  /* bmPINBlockString */
	uk_put_u8(out, 0);                 /* bmPINLengthFormat: no length */
}

static void put_command(const struct uk_pinpad_entry *e, uk_buf *out)
{
	unsigned lc = block_of(e) * (unsigned)(e->asks_old + e->asks_new);

	uk_put_fill(out, 0, 3); /* bTeoPrologue: the driver's business */
	put_le32(out, 5 + lc);  /* ulDataLength */
	uk_put_u8(out, e->cla);
	uk_put_u8(out, e->ins);
	uk_put_u8(out, e->p1);
	uk_put_u8(out, e->p2);
	uk_put_u8(out, (uint8_t)lc);
	uk_put_fill(out, PAD, lc);
}

/* 2.5.2 */
static void put_verify(
    const struct uk_pinpad_entry *e, unsigned range, uk_buf *out)
{
	put_format(e, out);
	put_le16(out, range);           /* wPINMaxExtraDigit */
	uk_put_u8(out, VALIDATION_KEY); /* bEntryValidationCondition */
	uk_put_u8(out, 1);              /* bNumberMessage */
	put_le16(out, LANGUAGE_EN_US);  /* wLangId */
	uk_put_u8(out, 0);              /* bMsgIndex */
	put_command(e, out);
}

/* 2.5.3. All three messages are always there: some readers want them even
 * when they show fewer. */
static void put_modify(
    const struct uk_pinpad_entry *e, unsigned range, uk_buf *out)
{
	put_format(e, out);
	uk_put_u8(out, 0);                             /* bInsertionOffsetOld */
	uk_put_u8(out, e->asks_old ? block_of(e) : 0); /* bInsertionOffsetNew */
	put_le16(out, range);                          /* wPINMaxExtraDigit */
	uk_put_u8(out, CONFIRM_NEW | (e->asks_old ? ASK_OLD : 0));
	uk_put_u8(out, VALIDATION_KEY);      /* bEntryValidationCondition */
	uk_put_u8(out, e->asks_old ? 3 : 2); /* bNumberMessage */
	put_le16(out, LANGUAGE_EN_US);       /* wLangId */
	/* 0 enter the PIN, 1 enter a new one, 2 enter it again */
	for (unsigned i = 0; i < 3; i++)
		uk_put_u8(out, (uint8_t)(e->asks_old ? i : i % 2 + 1));
	put_command(e, out);
}

uk_err uk_pinpad_put_entry(const struct uk_pinpad_entry *e,
    const struct uk_pinpad_limits *pad, uk_buf *out)
{
	unsigned range = digits(e, pad);

	if (!e->asks_old && !e->asks_new)
		return uk_fail(UK_ERR_ARGUMENT);
	if (range == 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (e->asks_new)
		put_modify(e, range, out);
	else
		put_verify(e, range, out);
	return uk_buf_result(out);
}

/* --- what came of it ----------------------------------------------------- */

static const struct answer_row {
	uint16_t sw;
	uint16_t code;
} answers[] = {
	{ 0x6400, UK_ERR_TIMEOUT },
	{ 0x6401, UK_ERR_CANCELLED },
	{ 0x6402, UK_ERR_CANCELLED },
	{ 0x6403, UK_ERR_PIN_LENGTH },
};

uk_err uk_pinpad_result(uk_bytes answer)
{
	uk_reader r = uk_read(answer);
	uint16_t sw = uk_get_u16(&r);

	if (!uk_is_ok(uk_read_end(&r)) || (sw >> 12 != 6 && sw >> 12 != 9))
		return uk_fail(UK_ERR_CARD_MUTE);
	for (size_t i = 0; i < ROWS(answers); i++) {
		if (answers[i].sw == sw)
			return uk_fail_sw(answers[i].code, sw);
	}
	return uk_sw_err(sw);
}
