/*
 * A reader that says anything to the card's contacts, in good blocks and bad
 * ones: what the card says is bounded, and a command it executes is no longer
 * than there are any.
 */
#include "fuzz_check.h"
#include "vc_line.h"

static uk_bytes card_atr(void *arg)
{
	static const uint8_t atr[] = { 0x3b, 0x03, 1, 2, 3 };

	(void)arg;
	return UK_ARRAY(atr);
}

static void card_reset(void *arg)
{
	(void)arg;
}

/* As long as the command's second byte says. */
static uk_bytes card_transmit(void *arg, uk_bytes command)
{
	static const uint8_t answer[255];

	(void)arg;
	CHECK(command.n <= UK_APDU_MAX); /* an I-block may be empty */
	return uk_view(answer, command.n > 1 ? command.p[1] : 2);
}

static void hear_all(struct vc_line *l)
{
	size_t said = 0;
	uint8_t c;

	while (vc_line_say(l, &c))
		CHECK(++said <= VC_LINE_OUT);
	CHECK(l->in_n <= sizeof(l->in) && l->command_n <= UK_APDU_MAX);
	CHECK(l->answered <= l->answer_n);
}

static void say(struct vc_line *l, uk_bytes characters, bool good)
{
	for (size_t i = 0; i < characters.n; i++)
		(void)vc_line_hear(l, characters.p[i], good || i > 0);
	hear_all(l);
}

/* ISO/IEC 7816-3, 11.3: NAD 00, PCB, LEN, INF, LRC. */
static void say_block(struct vc_line *l, uint8_t pcb, uk_bytes inf)
{
	uint8_t storage[3 + 255 + 1], lrc = 0;
	uk_buf b = UK_BUF(storage);

	uk_put_u8(&b, 0);
	uk_put_u8(&b, pcb);
	uk_put_u8(&b, (uint8_t)inf.n);
	uk_put(&b, inf);
	for (size_t i = 0; i < b.len; i++)
		lrc ^= storage[i];
	uk_put_u8(&b, lrc);
	say(l, uk_buf_view(&b), true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vc_line l;
	static const struct vc_line_card card = { card_atr, card_reset,
		card_transmit, NULL };
	uk_reader input = uk_read(uk_view(data, size));
	uint8_t how = uk_get_u8(&input);
	struct vc_line_wish wish = { .protocol = how & 1,
		.ifsc = (how & 2) != 0 ? 16 : 0,
		.fi_di = (how & 4) != 0 ? 0x95 : 0,
		.waits = how >> 3 & 1,
		.one_by_one = (how & 16) != 0,
		.new_ifsc = (how & 32) != 0 ? 32 : 0,
		.aborts = (how & 64) != 0 };

	vc_line_init(&l, &card, &wish);
	vc_line_reset(&l);
	hear_all(&l);
	while (!input.bad && input.left > 0) {
		uint8_t op = uk_get_u8(&input), pcb;

		if (op < 8) {
			vc_line_reset(&l);
			hear_all(&l);
		} else if (op < 16) {
			vc_line_quiet(&l);
			hear_all(&l);
		} else if (op < 24) {
			vc_line_again(&l);
			hear_all(&l);
		} else if (op < 128) {
			say(&l, uk_get(&input, op & 31), op < 120);
		} else {
			pcb = uk_get_u8(&input);
			say_block(&l, pcb, uk_get(&input, op & 31));
		}
	}
	return 0;
}
