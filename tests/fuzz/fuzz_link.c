#include "fuzz_link.h"

static uk_reader *input;
static size_t commands;

static uk_err fuzz_transmit(uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret)
{
	uk_bytes answer = uk_get(input, uk_get_u16(input));

	(void)l;
	(void)secret;
	MUST(cmd.n >= 4);
	commands++;
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

static const struct uk_link_ops fuzz_ops = {
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
