/*
 * A host that says anything to a plain reader, in good frames and bad ones, and
 * so a reader that says anything to the simulated card: each command gets its
 * echo and one answer, and the card never has more to say than it has room for.
 */
#include "fuzz_check.h"
#include "simcontacts.h"
#include "twin.h"

static struct trm_simcontacts sim;
static struct trm_contact contact;
static struct trm_twin twin;
static size_t messages, frames;

static uk_bytes card_atr(void *arg)
{
	static const uint8_t atr[] = { 0x3b, 0x02, 0x14, 0x50 };

	(void)arg;
	return UK_ARRAY(atr);
}

static void card_reset(void *arg)
{
	(void)arg;
}

/* The command back, and a status word. */
static uk_bytes card_transmit(void *arg, uk_bytes command)
{
	static uint8_t answer[UK_RESPONSE_MAX];
	uk_buf b = UK_BUF(answer);

	(void)arg;
	uk_put(&b, uk_bytes_first(command, UK_RESPONSE_MAX - 2));
	uk_put_u16(&b, 0x9000);
	return command.n > 0 && command.p[0] == 0xee ? UK_NONE
						     : uk_buf_view(&b);
}

static void send(void *arg, uk_bytes frame)
{
	struct uk_ccid m;

	(void)arg;
	/* A change of the slot is told without a frame, as a Twin does. */
	if (frame.n == 2) {
		CHECK(frame.p[0] == UK_CCID_SLOT_CHANGE);
		return;
	}
	CHECK(frame.n == 3 || frame.n >= 2 + UK_CCID_HEAD + 1);
	if (frame.n == 3)
		return;
	CHECK(uk_is_ok(uk_ccid_parse(
	    uk_bytes_first(uk_bytes_from(frame, 2), frame.n - 3), &m)));
	CHECK(++frames <= 2 * messages);
}

/* A frame with a message of this type whose check byte is right. */
static void say(uint8_t type, uk_reader *in)
{
	uint8_t message[300], frame[320];
	uk_buf b = UK_BUF(message), f = UK_BUF(frame);
	uint8_t n = uk_get_u8(in);
	struct uk_ccid m = { .type = type,
		.slot = type == 0xff,
		.p = { n & 1 },
		.data = uk_get(in, n) };
	uint8_t block[260], lrc = 0;
	uk_buf blocks = UK_BUF(block);

	if (type == UK_CCID_XFR_BLOCK && n % 4 != 0) { /* a block of T=1 */
		uk_put_u8(&blocks, 0);
		uk_put(&blocks, uk_bytes_first(m.data, 1));
		uk_put_u8(&blocks, (uint8_t)uk_bytes_from(m.data, 1).n);
		uk_put(&blocks, uk_bytes_from(m.data, 1));
		for (size_t i = 0; i < blocks.len; i++)
			lrc ^= block[i];
		uk_put_u8(&blocks, lrc);
		m.data = uk_buf_view(&blocks);
	}
	uk_ccid_put(&b, &m);
	trm_twin_put(&f, uk_buf_view(&b));
	messages++;
	if (!f.bad)
		trm_twin_feed(&twin, uk_buf_view(&f));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t types[] = { UK_CCID_POWER_ON, UK_CCID_XFR_BLOCK,
		UK_CCID_XFR_BLOCK, UK_CCID_SET_PARAMETERS,
		UK_CCID_GET_PARAMETERS, UK_CCID_ESCAPE, UK_CCID_POWER_OFF,
		0xff };
	const struct vc_line_card card = { card_atr, card_reset, card_transmit,
		NULL };
	uk_reader in = uk_read(uk_view(data, size));
	uint8_t how = uk_get_u8(&in);
	struct vc_line_wish wish = { .protocol = how & 1,
		.ifsc = how & 2 ? 9 : 0,
		.waits = how >> 2 & 1,
		.one_by_one = (how & 8) != 0,
		.new_ifsc = how & 16 ? 5 : 0,
		.aborts = (how & 32) != 0 };

	messages = frames = 0;
	trm_simcontacts_init(&sim, &card, &wish);
	sim.noise.per_mille = how & 64 ? 20 : 0;
	trm_contact_init(&contact, &trm_simcontacts, &sim);
	trm_twin_init(&twin, &contact, send, NULL);
	while (in.left > 0 && !in.bad) {
		uint8_t op = uk_get_u8(&in);

		if (op < 0xf0) {
			say(types[op % sizeof(types)], &in);
			continue;
		}
		messages++; /* raw bytes could be one, too */
		trm_twin_feed(&twin, uk_get(&in, op & 0x0f));
		sim.present = op != 0xff;
		trm_twin_card(&twin, sim.present);
	}
	return 0;
}
