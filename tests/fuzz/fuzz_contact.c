/*
 * A card that says anything to a terminal, in good blocks and bad ones: every
 * call ends, after a bounded number of characters, and an answer is within its
 * storage.
 */
#include "contact.h"
#include "fuzz_check.h"

enum { CALLS_MAX = 4000000 };

static uk_reader input;
static uint8_t queue[300], kind;
static size_t queue_n, queue_at, calls;
static bool answers_ifs;

static void say(uk_bytes characters)
{
	uk_buf b = UK_BUF(queue);

	uk_put(&b, characters);
	queue_n = b.len;
	queue_at = 0;
}

/* What comes next: raw bytes, or a whole block whose check byte is right. */
static void say_more(void)
{
	uint8_t block[20], op = uk_get_u8(&input), lrc = 0;
	uk_buf b = UK_BUF(block);

	if (op < 96) {
		say(uk_get(&input, op & 7));
		return;
	}
	uk_put_u8(&b, 0);
	uk_put_u8(&b, uk_get_u8(&input));
	uk_put_u8(&b, op & 15);
	uk_put(&b, uk_get(&input, op & 15));
	for (size_t i = 0; i < b.len; i++)
		lrc ^= block[i];
	uk_put_u8(&b, lrc);
	say(uk_buf_view(&b));
}

/* A usual answer to reset, so that there is more to come; or any. */
static void reset(void *arg)
{
	static const uint8_t t0[] = { 0x3b, 0x00 };
	static const uint8_t t1[] = { 0x3b, 0x80, 0x81, 0x31, 4, 0x45, 0x71 };

	(void)arg;
	queue_n = queue_at = 0;
	if (kind < 6)
		say(kind < 2 ? UK_ARRAY(t0) : UK_ARRAY(t1));
	answers_ifs = kind >= 2 && kind < 6;
}

static bool present(void *arg)
{
	(void)arg;
	return kind != 7 || !input.bad;
}

static void nothing(void *arg)
{
	(void)arg;
	CHECK(++calls < CALLS_MAX);
}

static bool can(void *arg, uint8_t fi_di)
{
	(void)arg;
	return fi_di != 0x95;
}

static void use(void *arg, const struct trm_speed *s)
{
	(void)arg;
	CHECK(s->protocol <= 1);
}

static bool put(void *arg, uint8_t c)
{
	(void)arg;
	CHECK(++calls < CALLS_MAX);
	queue_at = queue_n;             /* the reader has the line */
	if (answers_ifs && c == 0x3e) { /* the end of S(IFS request) */
		static const uint8_t ifs[] = { 0, 0xe1, 1, 0xfe, 0x1e };

		answers_ifs = false;
		say(UK_ARRAY(ifs));
	}
	return c != kind;
}

/* Each third time that the card has nothing to say it is silent. */
static enum trm_heard get(void *arg, uint8_t *c, uint64_t wait_us)
{
	(void)arg;
	CHECK(++calls < CALLS_MAX && wait_us > 0);
	if (queue_at == queue_n) {
		if (input.left == 0 || input.bad)
			return kind == 7 ? TRM_PULLED : TRM_SILENCE;
		if (calls % 3 == 0)
			return TRM_SILENCE;
		say_more();
		if (queue_n == 0)
			return TRM_GARBLED;
	}
	*c = queue[queue_at++];
	return TRM_HEARD;
}

static const struct trm_contacts hw = { present, reset, nothing, can, use, put,
	get, nothing, nothing };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t command[] = { 0, 0xa4, 4, 0, 5, 1, 2, 3, 4, 5, 0 };
	static struct trm_contact contact;
	static uint8_t storage[400];
	uk_buf answer = UK_BUF(storage);
	uk_err err;

	input = uk_read(uk_view(data, size));
	kind = uk_get_u8(&input) & 7;
	queue_n = queue_at = calls = 0;
	trm_contact_init(&contact, &hw, NULL);
	err = trm_contact_power(&contact, &answer);
	CHECK(uk_is_ok(err) == contact.active);
	CHECK(answer.len <= TRM_ATR_CHARS);
	for (int i = 0; i < 8; i++) {
		answer = UK_BUF(storage);
		err = trm_contact_transmit(
		    &contact, uk_view(command, (size_t)4 + i % 8), &answer);
		if (uk_is_ok(err))
			CHECK(answer.len > 0 || contact.speed.protocol == 1);
		else
			CHECK(answer.len == 0);
	}
	return 0;
}
