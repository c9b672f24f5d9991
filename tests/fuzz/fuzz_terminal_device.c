/*
 * A host that says anything to a terminal, cards that come and go, persons who
 * answer at the wrong moment. Whatever happens: each command of the host's gets
 * at most one answer that ends it, PINs go to the card only after somebody has
 * typed them, and no more signatures are let through than were approved.
 */
#include "device.h"
#include "fuzz_check.h"

static struct trm_device device;
static size_t approved, signatures, typed, with_pin, commands, answers;

static void send(void *arg, uk_bytes m)
{
	(void)arg;
	CHECK(m.n >= 2);
	if (m.p[0] == UK_CCID_SLOT_CHANGE)
		return;
	CHECK(m.n >= UK_CCID_HEAD);
	answers += (m.p[7] & UK_CCID_COMMAND_BITS) != UK_CCID_MORE_TIME;
	CHECK(answers <= commands);
}

static void ignore(void *arg, unsigned slot)
{
	(void)arg;
	CHECK(slot < TRM_SLOTS);
}

static void transmit(void *arg, unsigned slot, uk_bytes apdu, bool secret)
{
	(void)arg;
	CHECK(slot < TRM_SLOTS && apdu.n >= 4);
	if (secret)
		CHECK(++with_pin <= typed);
	else if (apdu.p[0] == 0 && apdu.p[1] == 0x2a && apdu.p[2] == 0x9e &&
		 apdu.p[3] == 0x9a)
		CHECK(++signatures <= approved);
}

static void ask_pin(void *arg, unsigned slot, const struct trm_pin_wish *w)
{
	(void)arg, (void)slot, (void)w;
}

static void show(void *arg, unsigned slot, const uk_tx_item *items, size_t n)
{
	(void)arg, (void)slot, (void)items;
	CHECK(n <= UK_TX_ITEMS);
}

/* Any function will do: here, the first bytes. */
static uk_err hash(
    void *arg, enum trm_hash which, uk_bytes message, uk_buf *out)
{
	(void)arg;
	uk_put_padded(out, uk_bytes_first(message, 16), 32 + 16u * which);
	return uk_buf_result(out);
}

static uk_err sign(void *arg, uk_bytes message, uk_buf *signature)
{
	(void)arg, (void)message;
	uk_put_fill(signature, 1, 64);
	return uk_buf_result(signature);
}

static uk_err count(void *arg, uint64_t *number, uint64_t *time)
{
	(void)arg;
	*number = *time = 1;
	return uk_ok();
}

static const struct trm_device_ops ops = { send, ignore, ignore, transmit,
	ask_pin, show, ignore, hash, sign, count };

static void message(uk_reader *in, int64_t now)
{
	uk_bytes m = uk_get(in, uk_get_u8(in));
	struct uk_ccid parsed;

	commands += uk_is_ok(uk_ccid_parse(m, &parsed));
	/* Giving up another command ends two. */
	commands += m.n > 0 && m.p[0] == UK_CCID_ABORT;
	trm_device_message(&device, m, now);
}

static void person(uk_reader *in, unsigned slot)
{
	static const uk_pin pin = { 4, "1234" };
	enum trm_answer a = (enum trm_answer)(uk_get_u8(in) % 4);
	const struct trm_slot *s = &device.slots[slot];

	typed += a == TRM_YES;
	approved += a == TRM_YES && s->asking && s->busy == UK_CCID_ESCAPE;
	if (s->busy == UK_CCID_SECURE)
		trm_device_pin(&device, slot, a, &pin, &pin);
	else
		trm_device_shown(&device, slot, a);
}

static void step(uk_reader *in, int64_t *now)
{
	uint8_t op = uk_get_u8(in);
	unsigned slot = op >> 7;

	switch (op % 7) {
	case 0:
	case 1:
		message(in, *now);
		return;
	case 2:
		trm_device_card(&device, slot, (op & 64) != 0);
		return;
	case 3:
		trm_device_powered(&device, slot, uk_ok(), uk_get(in, 2));
		return;
	case 4:
		trm_device_transmitted(
		    &device, slot, uk_ok(), uk_get(in, uk_get_u8(in)));
		return;
	case 5:
		person(in, slot);
		return;
	default:
		*now += uk_get_u8(in) * 1000;
		trm_device_tick(&device, *now);
		return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct trm_device_settings settings = { .name = "t",
		.columns = 20,
		.lines = 4,
		.keypad = true,
		.strict = true };
	uk_reader in = uk_read(uk_view(data, size));
	int64_t now = 0;

	approved = signatures = typed = with_pin = commands = answers = 0;
	trm_device_init(&device, &settings, &ops, NULL);
	while (in.left > 0 && !in.bad)
		step(&in, &now);
	return 0;
}
