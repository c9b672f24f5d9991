/*
 * Sequences of commands against the issuer security domain, by somebody who has
 * its keys or has not.
 *
 * Input: a byte of mode, then steps. Mode bit 0: the keys are random and not
 * known, and nothing that they guard may ever succeed. Otherwise steps can open
 * channels. With the low four bits 0E, the card lives in a file, which must
 * open again. A step is a byte of what, and what that needs: 0 reset 1 SELECT
 * of the domain 2 level version: open      3 n command: through the channel 4 n
 * command: as it is      5 SELECT of the U-key application 6 n at command:
 * through the channel, with a byte changed on the way A protected command that
 * was changed must end the channel. The keys, which are random in both modes,
 * must never appear in an answer.
 */
#include "apdu.h"
#include "gp_host.h"
#include "vc_apps.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	MODE_SECRET = 0x01,
	MODE_MASK = 0x0f,
	MODE_FILE = 0x0e,
	KEY = 16,
	INS_EXTERNAL_AUTH = 0x82
};

#define ISD    "\xa0\x00\x00\x01\x51\x00\x00\x00"
#define SELECT "\x00\xa4\x04\x00\x08"

static struct {
	struct vc_card *card;
	struct vc_crypto *crypto;
	struct gp_host host;
	bool secret;
	uint8_t key[KEY];
} f;

static void must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* --- what must hold --------------------------------------------------------
 */

static void look_for_keys(uk_bytes answer)
{
	for (; answer.n >= 8; answer = uk_bytes_from(answer, 1))
		must(memcmp(answer.p, f.key, 8) != 0, "a key in an answer");
}

static bool is_good(unsigned sw)
{
	return sw == 0x9000 || (sw & 0xff00) == 0x6100 ||
	       (sw & 0xff00) == 0x6200 || sw == 0x6310;
}

/* PUT KEY, STORE DATA, DELETE, INSTALL, LOAD, SET STATUS, GET STATUS, and to be
 * let in at all. */
static bool is_guarded(uint8_t ins)
{
	static const uint8_t guarded[] = { 0xd8, 0xe2, 0xe4, 0xe6, 0xe8, 0xf0,
		0xf2, INS_EXTERNAL_AUTH };

	return memchr(guarded, ins, sizeof(guarded)) != NULL;
}

static unsigned say(uk_bytes command)
{
	uk_bytes answer = vc_card_transmit(f.card, command);
	uk_reader r = uk_read(uk_bytes_last(answer, 2));
	unsigned sw = uk_get_u16(&r);

	must(answer.n >= 2 && answer.n <= 65535, "length of an answer");
	look_for_keys(answer);
	/* Of class 8x: no other application has such commands. */
	if (f.secret && command.n >= 4 && (command.p[0] & 0xe0) == 0x80 &&
	    (command.p[0] & 0x10) == 0 && is_guarded(command.p[1]))
		must(!is_good(sw), "let in without keys");
	return sw;
}

/* The session is over: nothing guarded passes any more. */
static void expect_closed(void)
{
	unsigned sw = say(uk_view("\x80\xf2\x80\x02\x02\x4f\x00\x00", 8));

	must(!is_good(sw), "the channel outlives a wrong command");
}

/* --- steps -----------------------------------------------------------------
 */

static void through(uk_bytes command)
{
	unsigned sw;
	uk_cmd cmd;

	if (!uk_is_ok(uk_cmd_decode(command, &cmd)) || cmd.data.n > 220)
		return;
	/* Makes a channel, is not carried by one; parts of a chain, and
	 * channels of the other kind, are not this host's. */
	if (cmd.ins == INS_EXTERNAL_AUTH || (cmd.cla & 0x7f) != 0)
		return;
	sw = gp_send(&f.host, command);
	must(sw != 0, "an answer without its protection");
	look_for_keys(uk_view(f.host.answer, f.host.answer_len));
}

static void changed(uk_bytes command, uint8_t at)
{
	uint8_t storage[300];
	uk_buf out = UK_BUF(storage);
	uk_cmd cmd;

	if (!uk_is_ok(uk_cmd_decode(command, &cmd)) || cmd.data.n > 220 ||
	    (f.host.level & 0x01) == 0 || (cmd.cla & 0xfb) != 0x80)
		return;
	cmd.le = 0;
	gp_wrap(&f.host, &cmd, &out);
	if (at % out.len == 0 || at % out.len == 1 || at % out.len == 4)
		return; /* class, instruction, length: another command */
	out.p[at % out.len] ^= 0x10;
	must(!is_good(say(uk_buf_view(&out))), "a changed command");
	if (is_guarded(cmd.ins) && cmd.ins != INS_EXTERNAL_AUTH)
		expect_closed();
}

static void step(uk_reader *r)
{
	uint8_t what = uk_get_u8(r), a, b;
	uk_bytes v;

	switch (what % 7) {
	case 0:
		vc_card_reset(f.card);
		break;
	case 1:
		(void)say(uk_view(SELECT ISD, 13));
		break;
	case 2:
		a = uk_get_u8(r);
		b = uk_get_u8(r);
		if (!f.secret)
			(void)gp_open(&f.host, b, a);
		break;
	case 3:
		v = uk_get(r, uk_get_u8(r));
		if (!f.secret)
			through(v);
		break;
	case 4:
		(void)say(uk_get(r, uk_get_u8(r)));
		break;
	case 5:
		(void)say(uk_view(SELECT "\xf0ukey.01", 13));
		break;
	default:
		a = uk_get_u8(r);
		b = uk_get_u8(r);
		v = uk_get(r, a);
		if (!f.secret)
			changed(v, b);
		break;
	}
}

/* --- a card ----------------------------------------------------------------
 */

/* Versions 01 (SCP03, i = 70) and 20 (SCP02, i = 55) of one key. */
static void give_keys(void)
{
	uint8_t storage[160];
	uk_buf b = UK_BUF(storage);

	must(RAND_bytes(f.key, KEY) == 1, "random");
	for (int i = 0; i < 2; i++) {
		uk_put(&b, i == 0 ? uk_view("\xa0\x3f\x80\x01\x01\x81\x01\x03"
					    "\x82\x01\x70",
					11)
				  : uk_view("\xa0\x3f\x80\x01\x20\x81\x01\x02"
					    "\x82\x01\x55",
					11));
		for (uint8_t tag = 0x83; tag <= 0x85; tag++) {
			uk_put_u8(&b, tag);
			uk_put_u8(&b, KEY);
			uk_put(&b, UK_ARRAY(f.key));
		}
	}
	must(uk_is_ok(vc_card_remove(f.card, uk_view(ISD, 8))), "remove");
	must(uk_is_ok(vc_card_install(f.card, "isd", UK_NONE, uk_buf_view(&b))),
	    "install");
	memcpy(f.host.enc, f.key, KEY);
	memcpy(f.host.mac, f.key, KEY);
	memcpy(f.host.dek, f.key, KEY);
}

static const char *file_name(char *path, size_t cap)
{
	(void)snprintf(path, cap, "/tmp/fuzz_isd_%d", (int)getpid());
	(void)unlink(path);
	return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_reader r = uk_read(uk_view(data, size));
	uint8_t mode = uk_get_u8(&r);
	char path[64], lock[80];
	const char *file = (mode & MODE_MASK) == MODE_FILE
			       ? file_name(path, sizeof(path))
			       : NULL;

	f.secret = (mode & MODE_SECRET) != 0;
	must(uk_is_ok(vc_crypto_open(&f.crypto)), "crypto");
	must(uk_is_ok(vc_apps_open(file, VC_STORE_CREATE, &f.card)), "open");
	gp_host_keys(&f.host, f.crypto, f.card);
	give_keys();
	while (r.left > 0 && !r.bad)
		step(&r);
	vc_card_close(&f.card);
	vc_crypto_close(&f.crypto);
	if (file == NULL)
		return 0;
	must(uk_is_ok(vc_apps_open(file, VC_STORE_WRITE, &f.card)), "again");
	vc_card_close(&f.card);
	(void)snprintf(lock, sizeof(lock), "%s.lock", path);
	(void)unlink(path);
	(void)unlink(lock);
	return 0;
}
