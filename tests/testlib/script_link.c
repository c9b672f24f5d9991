/* Links without a card. */
#include "script_link.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"

#include <stdlib.h>

struct script {
	uk_link base;
	const struct script_step *steps;
	size_t count, at;
};

struct broken {
	uk_link base;
	uk_link *inner;
	unsigned nth, seen;
	enum uk_code failure;
};

struct script_log script_log;
static enum uk_code begin_failure;
static const char *atr;   /* or NULL */
static unsigned failures; /* made by broken links */

void script_reset(void)
{
	atr = NULL;
	script_log = (struct script_log){ 0 };
	begin_failure = UK_OK;
}

void script_begin_fails(enum uk_code failure)
{
	begin_failure = failure;
}

/* --- the script ---------------------------------------------------------- */

static uk_err play(struct script *s, uk_bytes cmd, uk_buf *resp)
{
	const struct script_step *step = &s->steps[s->at];

	if (s->at == s->count) {
		print_error("one command too many (after %zu)\n", s->count);
		expect_bytes(cmd, UK_NONE);
	}
	s->at++;
	if (step->command != NULL && !uk_bytes_eq(cmd, hex(step->command))) {
		print_error("command %zu of the script:\n", s->at);
		expect_bytes(cmd, hex(step->command));
	}
	if (step->answer == NULL)
		return uk_fail(step->failure);
	uk_put(resp, hex(step->answer));
	return uk_buf_result(resp);
}

static uk_err script_transmit(
    uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret)
{
	script_log.commands++;
	script_log.secrets += secret;
	return play((struct script *)l, cmd, resp);
}

static uk_err script_control(
    uk_link *l, uint32_t code, uk_bytes in, uk_buf *out)
{
	uint8_t storage[512];
	uk_buf cmd = UK_BUF(storage);

	script_log.controls++;
	uk_put_u32(&cmd, code);
	uk_put(&cmd, in);
	expect_ok(uk_buf_result(&cmd));
	return play((struct script *)l, uk_buf_view(&cmd), out);
}

static uk_err script_begin(uk_link *l)
{
	enum uk_code failure = begin_failure;

	(void)l;
	begin_failure = UK_OK;
	script_log.begun += failure == UK_OK;
	return uk_fail(failure);
}

static void script_end(uk_link *l, enum uk_card_fate fate)
{
	(void)l;
	script_log.ended++;
	script_log.fate = fate;
}

static void script_close(uk_link *l, enum uk_card_fate fate)
{
	script_log.closed++;
	script_log.fate = fate;
	free(l);
}

static uk_err script_tells_atr(uk_link *l, uk_buf *out)
{
	(void)l;
	if (atr == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	uk_put(out, hex(atr));
	return uk_buf_result(out);
}

void script_atr(const char *text)
{
	atr = text;
}

static const struct uk_link_ops script_ops = {
	.transmit = script_transmit,
	.begin = script_begin,
	.end = script_end,
	.atr = script_tells_atr,
	.close = script_close,
};

static const struct uk_link_ops reader_ops = {
	.transmit = script_transmit,
	.begin = script_begin,
	.end = script_end,
	.control = script_control,
	.close = script_close,
};

static uk_link *script(const struct uk_link_ops *ops,
    const struct script_step *steps, size_t count)
{
	struct script *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->base.ops = ops;
	s->steps = steps;
	s->count = count;
	return &s->base;
}

uk_link *script_link(const struct script_step *steps, size_t count)
{
	return script(&script_ops, steps, count);
}

uk_link *script_reader(const struct script_step *steps, size_t count)
{
	return script(&reader_ops, steps, count);
}

/* --- breaking ------------------------------------------------------------ */

static uk_err broken_transmit(
    uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret)
{
	struct broken *b = (struct broken *)l;

	if (++b->seen >= b->nth && b->nth > 0) {
		failures++;
		return uk_fail(b->failure);
	}
	return uk_link_transmit(b->inner, cmd, resp, secret);
}

static uk_err broken_control(
    uk_link *l, uint32_t code, uk_bytes in, uk_buf *out)
{
	struct broken *b = (struct broken *)l;

	if (++b->seen >= b->nth && b->nth > 0) {
		failures++;
		return uk_fail(b->failure);
	}
	return uk_link_control(b->inner, code, in, out);
}

static uk_err broken_begin(uk_link *l)
{
	return uk_link_begin(((struct broken *)l)->inner);
}

static void broken_end(uk_link *l, enum uk_card_fate fate)
{
	uk_link_end(((struct broken *)l)->inner, fate);
}

static void broken_close(uk_link *l, enum uk_card_fate fate)
{
	struct broken *b = (struct broken *)l;

	uk_link_close(&b->inner, fate);
	free(b);
}

static uk_err broken_atr(uk_link *l, uk_buf *out)
{
	return uk_link_atr(((struct broken *)l)->inner, out);
}

static const struct uk_link_ops broken_ops = {
	.atr = broken_atr,
	.transmit = broken_transmit,
	.begin = broken_begin,
	.control = broken_control,
	.end = broken_end,
	.close = broken_close,
};

uk_link *broken_link(uk_link **inner, unsigned nth, enum uk_code failure)
{
	struct broken *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->base.ops = &broken_ops;
	b->inner = *inner;
	b->nth = nth;
	b->failure = failure;
	*inner = NULL;
	return &b->base;
}

unsigned fail_every_exchange(
    uk_err (*step)(void *arg, unsigned nth), void *arg, enum uk_code failure)
{
	long live = uk_mem_live();

	for (unsigned nth = 1; nth < 1000; nth++) {
		uk_err err;

		failures = 0;
		err = step(arg, nth);
		assert_int_equal(uk_mem_live(), live);
		if (failures == 0) {
			expect_ok(err);
			return nth - 1;
		}
		expect_code(err, failure);
	}
	fail_msg("never ran without an exchange failing");
	return 0;
}
