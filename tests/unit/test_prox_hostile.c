/*
 * Cards in the field that mean no good: whatever they say, in blocks that are
 * right one by one, a command ends after a bounded number of frames and a
 * bounded time, with an error, and the answer is empty.
 */
#include "prox.h"

#include "apdu.h"
#include "crc16.h"

#include "cmocka_all.h"
#include "fixtures.h"

/* What the card says to this frame; UK_NONE: nothing. */
typedef uk_bytes reply_fn(uk_bytes frame);

static const char *ats;
static reply_fn *reply;
static unsigned long frames;
static uint64_t waited_us;

/* --- the chip ------------------------------------------------------------- */

static bool present(void *arg)
{
	(void)arg;
	return true;
}

static void field(void *arg, bool on)
{
	(void)arg, (void)on;
}

static void pause_us(void *arg, uint64_t us)
{
	(void)arg, (void)us;
}

static uint64_t now_us(void *arg)
{
	(void)arg;
	return waited_us;
}

static enum trm_heard find(void *arg, struct trm_prox_found *found)
{
	(void)arg;
	found->sak = 0x20;
	return TRM_HEARD;
}

static enum trm_heard swap(
    void *arg, uk_bytes frame, uk_buf *answer, uint64_t wait_us)
{
	uk_bytes said = frame.p[0] == 0xe0 ? hex(ats) : reply(frame);
	uint16_t crc = uk_crc16(UK_CRC_A, said);

	(void)arg;
	frames++;
	waited_us += wait_us; /* the card uses all of it */
	if (said.n == 0)
		return TRM_SILENCE;
	uk_put(answer, said);
	uk_put_u8(answer, (uint8_t)crc);
	uk_put_u8(answer, (uint8_t)(crc >> 8));
	return TRM_HEARD;
}

static const struct trm_coil hw = { present, field, pause_us, now_us, find,
	swap, NULL };

/* --- the cards ------------------------------------------------------------ */

static uint8_t said[400];

static uk_bytes say(uint8_t pcb, size_t n)
{
	said[0] = pcb;
	return uk_view(said, 1 + n);
}

static uk_bytes say_wtx(uint8_t wtxm)
{
	said[1] = wtxm;
	return say(0xf2, 1);
}

static uk_bytes asks_for_time(uk_bytes frame)
{
	(void)frame;
	return say_wtx(59);
}

static uk_bytes asks_for_little_time(uk_bytes frame)
{
	(void)frame;
	return say_wtx(1);
}

/* Each request once well, and twice not at all. */
static uk_bytes asks_and_is_silent(uk_bytes frame)
{
	(void)frame;
	return frames % 3 == 0 ? say_wtx(10) : UK_NONE;
}

/* The number that is wanted: in an I-block and R(NAK) it is the reader's own,
 * in R(ACK) as well. */
static uk_bytes chains_for_ever(uk_bytes frame)
{
	return say(0x12 | (frame.p[0] & 1), 253);
}

static uk_bytes chains_byte_by_byte(uk_bytes frame)
{
	return say(0x12 | (frame.p[0] & 1), 1);
}

static uk_bytes chains_nothing(uk_bytes frame)
{
	return say(0x12 | (frame.p[0] & 1), 0);
}

static uk_bytes says_too_much(uk_bytes frame)
{
	return say(0x02 | (frame.p[0] & 1), 300);
}

static uk_bytes wants_more(uk_bytes frame)
{
	return say(0xa2 | (frame.p[0] & 1), 0);
}

static uk_bytes wants_it_again(uk_bytes frame)
{
	return say(0xa2 | (~frame.p[0] & 1), 0);
}

static uk_bytes has_another_number(uk_bytes frame)
{
	return say(0x02 | (~frame.p[0] & 1), 2);
}

static uk_bytes deselects_itself(uk_bytes frame)
{
	(void)frame;
	return say(0xc2, 0);
}

static uk_bytes is_silent(uk_bytes frame)
{
	(void)frame;
	return UK_NONE;
}

/* WTXM 59 and FWI 14, which is as long as can be; FWI 0; and frames of 16. */
#define SLOW  "057800E002"
#define QUICK "0578000002"
#define SMALL "0570004002"

static void every_command_ends(void **state)
{
	static const struct {
		const char *ats;
		reply_fn *reply;
		unsigned long frames;
		unsigned seconds;
	} cases[] = {
		{ SLOW, asks_for_time, 70, 310 },
		{ QUICK, asks_for_time, 1400, 301 },
		{ QUICK, asks_for_little_time, 30010, 301 },
		{ QUICK, asks_and_is_silent, 8000, 301 },
		{ SLOW, chains_byte_by_byte, 70, 310 },
		{ SMALL, chains_byte_by_byte, 36000, 301 },
		{ SMALL, chains_for_ever, 300, 10 },
		{ SMALL, chains_nothing, 10, 1 },
		{ SMALL, says_too_much, 10, 1 },
		{ SMALL, wants_more, 10, 1 },
		{ SMALL, wants_it_again, 10, 1 },
		{ SMALL, has_another_number, 10, 1 },
		{ SMALL, deselects_itself, 10, 1 },
		{ SMALL, is_silent, 10, 1 },
	};
	static const uint8_t command[40];
	static uint8_t storage[UK_RESPONSE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uk_buf answer = UK_BUF(storage), atr = UK_BUF(storage);
		struct trm_prox prox;

		ats = cases[i].ats;
		reply = cases[i].reply;
		trm_prox_init(&prox, &hw, NULL);
		expect_ok(trm_prox_power(&prox, &atr));
		frames = 0;
		waited_us = 0;
		expect_code(
		    trm_prox_transmit(&prox, uk_view(command, 5), &answer),
		    UK_ERR_CARD_MUTE);
		print_message("row %zu: %lu frames, %lu s\n", i, frames,
		    (unsigned long)(waited_us / 1000000));
		assert_int_equal(answer.len, 0);
		assert_false(prox.active);
		assert_true(frames <= cases[i].frames);
		assert_true(waited_us / 1000000 <= cases[i].seconds);
		/* And the same with a command that we chain. */
		expect_ok(trm_prox_power(&prox, &atr));
		frames = 0;
		expect_code(
		    trm_prox_transmit(&prox, UK_ARRAY(command), &answer),
		    UK_ERR_CARD_MUTE);
		assert_true(frames <= cases[i].frames);
	}
}

/* A card that says an answer is longer than the room for it. */
static void answers_have_bounds(void **state)
{
	static const uint8_t command[5];
	uint8_t storage[300];
	uk_buf answer = UK_BUF(storage);
	struct trm_prox prox;

	(void)state;
	ats = SMALL;
	reply = chains_for_ever;
	trm_prox_init(&prox, &hw, NULL);
	expect_ok(trm_prox_power(&prox, &answer));
	answer = UK_BUF(storage);
	expect_code(trm_prox_transmit(&prox, UK_ARRAY(command), &answer),
	    UK_ERR_CARD_MUTE);
	assert_int_equal(answer.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_ends),
		cmocka_unit_test(answers_have_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
