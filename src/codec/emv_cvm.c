/* How the cardholder is to be checked (EMV 4.3 Book 3, 10.5 and annex C3). */
#include "emv.h"

enum {
	RULE = 2,
	RULES_FROM = 8, /* behind the amounts X and Y */
	LIST_MAX = 252,
	METHOD = 0x3f,
	ELSE_NEXT = 0x40,
	/* methods */
	ONLINE_PIN = 0x02,
	SIGNATURE = 0x1e,
	NO_CVM = 0x1f,
	NOT_PERFORMED = 0x3f,
	/* conditions */
	ALWAYS = 0x00,
	NOT_CASH = 0x02,
	IF_SUPPORTED = 0x03,
	UNDER_X = 0x06,
	OVER_X = 0x07,
	UNDER_Y = 0x08,
	OVER_Y = 0x09,
	/* results */
	UNKNOWN = 0x00,
	FAILED = 0x01,
	SUCCESSFUL = 0x02
};

static const struct method {
	uint8_t code;
	enum uk_cvm method;
	uint8_t result;
} methods[] = {
	{ ONLINE_PIN, UK_CVM_ONLINE_PIN, UNKNOWN },
	{ SIGNATURE, UK_CVM_SIGNATURE, UNKNOWN },
	{ NO_CVM, UK_CVM_NONE, SUCCESSFUL },
};

static const struct method *find(uint8_t code)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (methods[i].code == (code & METHOD))
			return &methods[i];
	}
	return NULL;
}

struct purchase {
	uint64_t amount, x, y;
	bool own_currency;
};

static bool applies(uint8_t condition, const struct purchase *p, bool supported)
{
	switch (condition) {
	case ALWAYS:
	case NOT_CASH: /* these are all purchases */
		return true;
	case IF_SUPPORTED:
		return supported;
	case UNDER_X:
		return p->own_currency && p->amount < p->x;
	case OVER_X:
		return p->own_currency && p->amount > p->x;
	case UNDER_Y:
		return p->own_currency && p->amount < p->y;
	case OVER_Y:
		return p->own_currency && p->amount > p->y;
	default:
		return false; /* cash, and conditions of the future */
	}
}

static void set(struct uk_cvm_choice *out, enum uk_cvm method, uint8_t code,
    uint8_t condition, uint8_t result)
{
	*out = (struct uk_cvm_choice){ method, { code, condition, result } };
}

/* True if this rule decides. */
static bool try_rule(uint8_t code, uint8_t condition, const struct purchase *p,
    struct uk_cvm_choice *out)
{
	const struct method *m = find(code);

	if (!applies(condition, p, m != NULL))
		return false;
	if (m != NULL) {
		set(out, m->method, code, condition, m->result);
		return true;
	}
	set(out, UK_CVM_FAILED, code, condition, FAILED);
	return (code & ELSE_NEXT) == 0;
}

uk_err uk_cvm_choose(uk_bytes list, uint64_t amount, bool own_currency,
    struct uk_cvm_choice *out)
{
	uk_reader r = uk_read(list);
	struct purchase p = { .amount = amount, .own_currency = own_currency };

	set(out, UK_CVM_NONE, NOT_PERFORMED, 0, UNKNOWN);
	if (list.n == 0)
		return uk_ok();
	if (list.n > LIST_MAX || list.n < RULES_FROM + RULE)
		return uk_fail(UK_ERR_FORMAT);
	p.x = uk_get_u32(&r);
	p.y = uk_get_u32(&r);
	set(out, UK_CVM_FAILED, NOT_PERFORMED, 0, FAILED);
	while (r.left >= RULE) {
		uint8_t code = uk_get_u8(&r), condition = uk_get_u8(&r);

		if (try_rule(code, condition, &p, out))
			return uk_ok();
	}
	return uk_read_end(&r);
}
