/*
 * A reader that says anything to the card's end of the field: the card answers
 * with one frame that the reader can take, or not at all, and executes nothing
 * but what came in a frame.
 */
#include "crc16.h"
#include "fuzz_check.h"
#include "vc_prox.h"

static unsigned executed;

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
	CHECK(command.n > 0 && command.n <= UK_APDU_MAX);
	executed++;
	return uk_view(answer, command.n > 1 ? command.p[1] : 2);
}

static void hear(struct vc_prox *l, uk_bytes block, bool spoilt)
{
	uint8_t storage[VC_PROX_FRAME + 2];
	uk_buf frame = UK_BUF(storage);
	uint16_t crc = uk_crc16(l->wish.type_b ? UK_CRC_B : UK_CRC_A, block);
	unsigned before = executed;
	uk_bytes answer;

	uk_put(&frame, block);
	uk_put_u8(&frame, (uint8_t)(crc ^ spoilt));
	uk_put_u8(&frame, (uint8_t)(crc >> 8));
	answer = vc_prox_hear(l, uk_buf_view(&frame));
	CHECK(answer.n == 0 || answer.n > 2);
	CHECK(l->state < VC_PROX_BLOCKS || answer.n <= l->fsd);
	CHECK(!spoilt || answer.n == 0);
	CHECK(executed - before <= 1);
	CHECK(l->answered + l->piece <= l->answer_n || l->answer_n == 0);
}

static void activate(struct vc_prox *l, uint8_t parameter)
{
	const uint8_t rats[] = { 0xe0, parameter };
	const uint8_t attrib[] = { 0x1d, 0x08, 0x75, 0x6b, 0x79, 0,
		parameter >> 4, 1, parameter & 15 };
	uint8_t storage[32];
	uk_buf found = UK_BUF(storage);

	vc_prox_field(l, true);
	if (vc_prox_wake(l, true, &found))
		hear(l, l->wish.type_b ? UK_ARRAY(attrib) : UK_ARRAY(rats),
		    false);
	CHECK(!found.bad);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vc_prox l;
	static const struct vc_line_card card = { card_atr, card_reset,
		card_transmit, NULL };
	uk_reader input = uk_read(uk_view(data, size));
	uint8_t how = uk_get_u8(&input);
	struct vc_prox_wish wish = { .type_b = (how & 1) != 0,
		.fsci = how >> 1 & 7,
		.cid = (how & 16) != 0,
		.waits = how >> 5 & 1,
		.wtxm = 1,
		.wrong_number = how >> 6 };

	vc_prox_init(&l, &card, &wish);
	while (!input.bad && input.left > 0) {
		uint8_t op = uk_get_u8(&input);

		if (op < 8) {
			vc_prox_field(&l, false);
			activate(&l, uk_get_u8(&input));
		} else {
			hear(&l, uk_get(&input, op & 31), op >= 224);
		}
		if (l.state == VC_PROX_OFF)
			activate(&l, 0x80);
	}
	return 0;
}
