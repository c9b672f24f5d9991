/*
 * Sequences of commands against a card with IsoApplet.
 *
 * Input: a byte of mode, then commands, each with one byte of length; length 00
 * is a reset. Mode bit 0: PIN and PUK are random, so that nothing they guard
 * may ever succeed; otherwise they are 1234 and 0123456789abcdef. Bit 1:
 * version 0.6. Bit 2: private keys may be put.
 *
 * Place 0 has a key on P-256. EF 4402 of the MF wants the PIN for everything
 * but reading, and says "guarded".
 */
#include "fuzz_check.h"
#include "vc_apps.h"

#include <openssl/rand.h>

enum {
	MODE_SECRET = 0x01,
	MODE_OLD = 0x02,
	MODE_IMPORT = 0x04,
	P1_RSA = 0x42,
	INS_VERIFY = 0x20,
	INS_MSE = 0x22,
	INS_CHANGE = 0x24,
	INS_PSO = 0x2a,
	INS_UNBLOCK = 0x2c,
	INS_GENERATE = 0x46,
	INS_SELECT = 0xa4,
	INS_IMPORT = 0xdb
};

#define TEXT(bytes) uk_view(bytes, sizeof(bytes) - 1)

static const uint8_t select_iso[] = { 0x00, 0xa4, 0x04, 0x00, 0x0c, 0xf2, 0x76,
	0xa2, 0x88, 0xbc, 0xfb, 0xa6, 0x9d, 0x34, 0xf3, 0x10, 0x01 };
static const uint8_t ukey_aid[] = { 0xf0, 'u', 'k', 'e', 'y', '.', '0', '1' };

/* GENERATE with the numbers of P-256 (SEC 2, 2.4.2). */
static const char make_p256[] =
    "\x00\x46\x00\x00\x00\x00\xcf"
    "\x81\x20\xff\xff\xff\xff\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
    "\x82\x20\xff\xff\xff\xff\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfc"
    "\x83\x20\x5a\xc6\x35\xd8\xaa\x3a\x93\xe7\xb3\xeb\xbd\x55\x76\x98\x86\xbc"
    "\x65\x1d\x06\xb0\xcc\x53\xb0\xf6\x3b\xce\x3c\x3e\x27\xd2\x60\x4b"
    "\x84\x41\x04\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40"
    "\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96"
    "\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce"
    "\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5"
    "\x85\x20\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"
    "\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51"
    "\x87\x02\x00\x01\x00\x00";

struct model {
	struct vc_card *card;
	bool secret;
	bool login; /* keys may be used */
};

static unsigned say(struct vc_card *card, uk_bytes command)
{
	uk_bytes answer = vc_card_transmit(card, command);
	uk_reader r = uk_read(uk_bytes_last(answer, 2));

	CHECK(answer.n >= 2 && answer.n <= 65535);
	return uk_get_u16(&r);
}

static void set_value(struct vc_card *card, uint8_t ref, uk_bytes value)
{
	uint8_t storage[5 + 16];
	uk_buf b = UK_BUF(storage);

	uk_put(&b, TEXT("\x00\x24\x01"));
	uk_put_u8(&b, ref);
	uk_put_u8(&b, (uint8_t)value.n);
	uk_put(&b, value);
	CHECK(say(card, uk_buf_view(&b)) == 0x9000);
}

static void log_in(struct vc_card *card, uk_bytes pin)
{
	uint8_t storage[5 + 16];
	uk_buf b = UK_BUF(storage);

	uk_put(&b, TEXT("\x00\x20\x00\x01"));
	uk_put_u8(&b, (uint8_t)pin.n);
	uk_put(&b, pin);
	CHECK(say(card, uk_buf_view(&b)) == 0x9000);
}

static void personalise(struct vc_card *card, bool secret)
{
	uint8_t pin[16] = "1234", puk[16] = { '0', '1', '2', '3', '4', '5', '6',
		'7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f' };

	if (secret)
		CHECK(RAND_bytes(pin, 16) == 1 && RAND_bytes(puk, 16) == 1);
	CHECK(say(card, UK_ARRAY(select_iso)) == 0x9000);
	CHECK(say(card, TEXT("\x00\xe0\x00\x00\x17\x6f\x15\x81\x02\x00\x10\x82"
			     "\x01\x01\x83\x02\x44\x02\x86\x08\xff\x90\x90\x90"
			     "\x90\x90\x90\x00")) == 0x9000);
	CHECK(say(card, TEXT("\x00\xd6\x00\x00\x07guarded")) == 0x9000);
	set_value(card, 2, UK_ARRAY(puk));
	set_value(card, 1, uk_view(pin, secret ? 16 : 4));
	log_in(card, uk_view(pin, secret ? 16 : 4));
	CHECK(say(card, TEXT("\x00\x22\x41\x00\x06\x80\x01\xec\x84\x01\x00")) ==
	      0x9000);
	CHECK(say(card, TEXT(make_p256)) == 0x9000);
	vc_card_reset(card);
	CHECK(say(card, UK_ARRAY(select_iso)) == 0x9000);
}

/* RSA keys take seconds to make: not what is looked for here. */
static bool is_slow(uk_bytes c)
{
	return c.n > 2 && c.p[1] == INS_GENERATE && c.p[2] == P1_RSA;
}

static bool wants_login(uint8_t ins)
{
	return ins == INS_MSE || ins == INS_PSO || ins == INS_GENERATE ||
	       ins == INS_IMPORT;
}

/* An empty VERIFY, in the short or the extended form, changes nothing. */
static bool has_data(uk_bytes c)
{
	return c.n > 7 || (c.n > 5 && c.p[4] != 0);
}

static void check(struct model *m, uk_bytes c, unsigned sw)
{
	bool good = sw == 0x9000 || (sw & 0xff00) == 0x6100;

	/* Parts of a chain are taken before the PIN is looked at. */
	if (c.n < 4 || c.p[0] != 0x00)
		return;
	if (c.p[1] == INS_VERIFY && c.p[2] == 0 && c.p[3] == 1 && has_data(c)) {
		if (good || (sw & 0xfff0) == 0x63c0)
			m->login = good;
		CHECK(!good || !m->secret);
	}
	if (wants_login(c.p[1]))
		CHECK(!good || m->login);
	if (c.p[1] == INS_CHANGE || c.p[1] == INS_UNBLOCK) {
		CHECK(!good || !m->secret);
		m->login = m->login && !good;
	}
	if (c.p[1] == INS_SELECT && good && c.p[2] == 0x04)
		m->login = m->login && c.n != sizeof(select_iso);
}

static void run(struct model *m, uk_bytes input)
{
	uk_reader r = uk_read(input);

	while (r.left > 0) {
		size_t n = uk_get_u8(&r);
		uk_bytes command = uk_get(&r, n < r.left ? n : r.left);

		if (n == 0) {
			vc_card_reset(m->card);
			m->login = false;
		} else if (!is_slow(command)) {
			check(m, command, say(m->card, command));
		}
	}
}

/* Nobody who does not know the PIN has changed it. */
static void check_guarded(struct vc_card *card)
{
	vc_card_reset(card);
	CHECK(say(card, UK_ARRAY(select_iso)) == 0x9000);
	CHECK(say(card, TEXT("\x00\xa4\x00\x0c\x02\x44\x02")) == 0x9000);
	CHECK(uk_bytes_eq(vc_card_transmit(card, TEXT("\x00\xb0\x00\x00\x07")),
	    TEXT("guarded\x90\x00")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t yes[] = { 1 };
	uint8_t mode = size > 0 ? data[0] : 0;
	struct model m = { .secret = (mode & MODE_SECRET) != 0 };

	CHECK(uk_is_ok(vc_apps_open(NULL, VC_STORE_CREATE, &m.card)));
	CHECK(uk_is_ok(vc_card_remove(m.card, UK_ARRAY(ukey_aid))));
	CHECK(uk_is_ok(vc_card_install(m.card,
	    (mode & MODE_OLD) != 0 ? "isoapplet0" : "isoapplet", UK_NONE,
	    (mode & MODE_IMPORT) != 0 ? UK_ARRAY(yes) : UK_NONE)));
	personalise(m.card, m.secret);
	run(&m, uk_bytes_from(uk_view(data, size), 1));
	if (m.secret)
		check_guarded(m.card);
	vc_card_close(&m.card);
	return 0;
}
