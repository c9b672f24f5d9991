/*
 * A card in the field that says anything to a terminal, in good frames and bad
 * ones: every call ends, after a bounded number of frames, and an answer is
 * within its storage.
 */
#include "crc16.h"
#include "fuzz_check.h"
#include "prox.h"

enum { CALLS_MAX = 200000 };

static uk_reader input;
static uint8_t kind;
static size_t calls;

static bool present(void *arg)
{
	(void)arg;
	return kind != 7 || !input.bad;
}

static void field(void *arg, bool on)
{
	(void)arg, (void)on;
	CHECK(++calls < CALLS_MAX);
}

static void pause_us(void *arg, uint64_t us)
{
	(void)arg;
	CHECK(us < 5000000);
}

static uint64_t now_us(void *arg)
{
	(void)arg;
	return 0;
}

static enum trm_heard find(void *arg, struct trm_prox_found *found)
{
	static const uint8_t atqb[] = { 0x50, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0x81,
		0x80 };
	uk_buf b = UK_BUF(found->atqb);

	(void)arg;
	found->type_b = (kind & 1) != 0;
	found->sak = kind == 6 ? uk_get_u8(&input) : 0x20;
	uk_put(&b, kind == 5 ? uk_get(&input, uk_get_u8(&input) & 15)
			     : UK_ARRAY(atqb));
	found->atqb_n = b.len;
	return TRM_HEARD;
}

static void frame(uk_bytes bytes, uk_buf *answer)
{
	uint16_t crc = uk_crc16(kind & 1 ? UK_CRC_B : UK_CRC_A, bytes);

	uk_put(answer, bytes);
	uk_put_u8(answer, (uint8_t)crc);
	uk_put_u8(answer, (uint8_t)(crc >> 8));
}

/* A usual activation for most, so that there is more to come. */
static bool activates(uk_bytes sent, uk_buf *answer)
{
	static const uint8_t ats[] = { 5, 0x70, 0, 0x40, 2 }, mbli[] = { 0 };

	if (kind > 3 || (sent.p[0] != 0xe0 && sent.p[0] != 0x1d))
		return false;
	frame(sent.p[0] == 0xe0 ? UK_ARRAY(ats) : UK_ARRAY(mbli), answer);
	return true;
}

/* Silence, raw bytes, a frame; or a block whose number is the reader's. */
static enum trm_heard swap(
    void *arg, uk_bytes sent, uk_buf *answer, uint64_t wait_us)
{
	uint8_t op, block[32];
	uk_buf b = UK_BUF(block);

	(void)arg;
	CHECK(++calls < CALLS_MAX && wait_us > 0 && wait_us < 5000000);
	CHECK(sent.n > 2 && sent.n <= TRM_PROX_FRAME);
	if (activates(sent, answer))
		return TRM_HEARD;
	op = uk_get_u8(&input);
	if (input.bad || op < 16)
		return kind == 7 && input.bad ? TRM_PULLED : TRM_SILENCE;
	if (op < 48) {
		uk_put(answer, uk_get(&input, op & 15));
		return op & 16 ? TRM_HEARD : TRM_GARBLED;
	}
	uk_put_u8(&b,
	    op < 192 ? uk_get_u8(&input)
		     : (uint8_t)((op & 0x30) == 0x30
				     ? 0xf2
				     : (2 | (op & 0x10) | (sent.p[0] & 1))));
	uk_put(&b, uk_get(&input, op & 15));
	frame(uk_buf_view(&b), answer);
	return TRM_HEARD;
}

static void waiting(void *arg)
{
	(void)arg;
	CHECK(++calls < CALLS_MAX);
}

static const struct trm_coil hw = { present, field, pause_us, now_us, find,
	swap, waiting };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t command[] = { 0, 0xa4, 4, 0, 12, 1, 2, 3, 4, 5, 6,
		7, 8, 9, 10, 11, 12, 0 };
	static struct trm_prox prox;
	static uint8_t storage[400];
	uk_buf answer = UK_BUF(storage);
	uk_err err;

	input = uk_read(uk_view(data, size));
	kind = uk_get_u8(&input) & 7;
	calls = 0;
	trm_prox_init(&prox, &hw, NULL);
	err = trm_prox_power(&prox, &answer);
	CHECK(uk_is_ok(err) == prox.active);
	CHECK(answer.len <= TRM_PROX_ATR);
	for (int i = 0; i < 8; i++) {
		answer = UK_BUF(storage);
		err = trm_prox_transmit(
		    &prox, uk_view(command, (size_t)4 + 2 * i), &answer);
		CHECK(uk_is_ok(err) || answer.len == 0);
		CHECK(prox.active || !uk_is_ok(err));
	}
	trm_prox_off(&prox);
	return 0;
}
