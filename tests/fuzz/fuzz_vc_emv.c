/*
 * Sequences of commands against a payment card with its directories.
 *
 * Input: a byte of mode, then commands, each with one byte of length; length 00
 * is a reset. Mode bit 0: the PIN is random, and nobody guesses it; otherwise
 * it is 1234. Bits 1 and 2: the scheme. The issuer's key is random always:
 * nobody answers for the bank. Bit 3: hardly any transaction is left.
 */
#include "fuzz_check.h"
#include "vc_apps.h"
#include "vc_emv_perso.h"

#include <openssl/rand.h>

enum {
	MODE_SECRET = 0x01,
	MODE_SCHEME = 0x06,
	MODE_OLD = 0x08,
	OFFLINE_MOST = 3,
	INS_VERIFY = 0x20,
	INS_EXTERNAL = 0x82,
	INS_BEGIN = 0xa8,
	INS_GENERATE = 0xae,
	TC = 0x40
};

static const uint8_t aid[] = { 0xa0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01, 0x01 };

struct model {
	struct vc_card *card;
	bool secret;
	unsigned begun;    /* transactions since the card was made */
	unsigned approved; /* of those */
};

static uk_bytes say(struct vc_card *card, uk_bytes command, unsigned *sw)
{
	uk_bytes answer = vc_card_transmit(card, command);
	uk_reader r = uk_read(uk_bytes_last(answer, 2));

	CHECK(answer.n >= 2 && answer.n <= 65535);
	*sw = uk_get_u16(&r);
	return uk_bytes_first(answer, answer.n - 2);
}

static void check(struct model *m, uk_bytes c)
{
	bool plain = c.n >= 5 && (c.p[0] == 0x00 || c.p[0] == 0x80);
	uint8_t ins = plain ? c.p[1] : 0;
	unsigned sw;
	uk_bytes answer = say(m->card, c, &sw);

	/* Or without Le, or with a smaller one. */
	if (sw != 0x9000 && (sw & 0xff00) != 0x6100)
		return;
	if (ins == INS_VERIFY)
		CHECK(!m->secret);
	CHECK(ins != INS_EXTERNAL); /* nobody has the bank's key */
	if (ins == INS_BEGIN)
		m->begun++;
	if (ins == INS_GENERATE && answer.n > 2 && answer.p[2] == TC)
		m->approved++;
	/* One cryptogram of approval for a transaction, and without the bank
	 * only so many. */
	CHECK(m->approved <= m->begun && m->approved <= OFFLINE_MOST);
}

static void run(struct model *m, uk_bytes input)
{
	uk_reader r = uk_read(input);

	while (r.left > 0) {
		size_t n = uk_get_u8(&r);
		uk_bytes command = uk_get(&r, n < r.left ? n : r.left);

		if (n == 0)
			vc_card_reset(m->card);
		else
			check(m, command);
	}
}

static void personalise(struct vc_card *card, uint8_t mode)
{
	uk_pin pin = { 12, "1234" };
	struct vc_emv_perso perso = {
		.scheme = (enum vc_emv_scheme)(
		    1 + (mode & MODE_SCHEME) / 2 % 3),
		.pan = "6222021234567890",
		.effective = "240101",
		.expiry = "301231",
		.pin = &pin,
		.offline_most = OFFLINE_MOST,
		.log_entries = 2,
		.atc_last = (mode & MODE_OLD) != 0 ? 2 : 0,
	};

	CHECK(RAND_bytes(perso.issuer_key, sizeof(perso.issuer_key)) == 1);
	if ((mode & MODE_SECRET) != 0) {
		CHECK(RAND_bytes(pin.p, 12) == 1);
		for (size_t i = 0; i < 12; i++)
			pin.p[i] = (uint8_t)('0' + pin.p[i] % 10);
	} else {
		pin.n = 4;
	}
	CHECK(uk_is_ok(vc_card_install(card, "emv", UK_NONE, UK_NONE)));
	CHECK(uk_is_ok(vc_card_install(card, "pse", UK_NONE, UK_NONE)));
	CHECK(uk_is_ok(vc_card_install(card, "ppse", UK_NONE, UK_NONE)));
	CHECK(uk_is_ok(vc_emv_personalise(card, UK_ARRAY(aid), &perso)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t ukey[] = { 0xf0, 'u', 'k', 'e', 'y', '.', '0',
		'1' };
	uint8_t mode = size > 0 ? data[0] : 0;
	struct model m = { .secret = (mode & MODE_SECRET) != 0 };

	CHECK(uk_is_ok(vc_apps_open(NULL, VC_STORE_CREATE, &m.card)));
	CHECK(uk_is_ok(vc_card_remove(m.card, UK_ARRAY(ukey))));
	personalise(m.card, mode);
	run(&m, uk_bytes_from(uk_view(data, size), 1));
	vc_card_close(&m.card);
	return 0;
}
