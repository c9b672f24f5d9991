#include "fuzz_link.h"

static uk_reader *input;
static size_t commands, seen;
static uk_bytes reset_answer, watched;

static bool holds(uk_bytes whole, uk_bytes part)
{
	for (size_t i = 0; part.n > 0 && i + part.n <= whole.n; i++) {
		if (uk_bytes_eq(
			uk_bytes_first(uk_bytes_from(whole, i), part.n), part))
			return true;
	}
	return false;
}

static uk_err fuzz_transmit(uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret)
{
	uk_bytes answer = uk_get(input, uk_get_u16(input));

	(void)l;
	MUST(cmd.n >= 4);
	commands++;
	if (holds(cmd, watched)) {
		MUST(secret);
		seen++;
	}
	if (input->bad)
		return uk_fail(UK_ERR_CARD_REMOVED);
	uk_put(resp, answer);
	return uk_buf_result(resp);
}

static uk_err fuzz_begin(uk_link *l)
{
	(void)l;
	return uk_ok();
}

static void fuzz_end(uk_link *l, enum uk_card_fate fate)
{
	(void)l;
	(void)fate;
}

static uk_err fuzz_atr(uk_link *l, uk_buf *out)
{
	(void)l;
	uk_put(out, reset_answer);
	return reset_answer.n == 0 ? uk_fail(UK_ERR_UNSUPPORTED)
				   : uk_buf_result(out);
}

static const struct uk_link_ops fuzz_ops = {
	.atr = fuzz_atr,
	.transmit = fuzz_transmit,
	.begin = fuzz_begin,
	.end = fuzz_end,
	.close = fuzz_end,
};

uk_link *fuzz_link(uk_reader *answers)
{
	static uk_link link = { &fuzz_ops };

	input = answers;
	commands = 0;
	return &link;
}

size_t fuzz_link_commands(void)
{
	size_t n = commands;

	commands = 0;
	return n;
}

void fuzz_link_has_atr(uk_bytes atr)
{
	reset_answer = atr;
}

void fuzz_link_watch(uk_bytes secret)
{
	watched = secret;
	seen = 0;
}

size_t fuzz_link_seen(void)
{
	size_t n = seen;

	seen = 0;
	return n;
}
