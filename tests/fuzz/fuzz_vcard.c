/*
 * Sequences of commands against the whole card.
 *
 * Input: a byte of mode, then commands, each with one byte of length; length 00
 * is a reset. Mode bit 0: PIN and PUK are random, so that the input cannot know
 * them, and nothing that they guard may ever succeed. Otherwise they are 1234
 * and 12345678, keys sign and decipher only after a VERIFY 81 with data since
 * the application was selected, and key 02 once for each VERIFY 82.
 * With the low four bits all set but bit 0, the card lives in a file, which
 * must open again.
 *
 * Keys 01 and 02 are P-256; 03 (P-256) signs and derives, 04 (SM2) signs and
 * deciphers.
 */
#include "bytes.h"
#include "vc_apps.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	MODE_SECRET = 0x01,
	MODE_MASK = 0x0f,
	MODE_FILE = 0x0e,
	INS_VERIFY = 0x20,
	INS_PSO = 0x2a,
	INS_GENERATE = 0x46,
	INS_INTERNAL_AUTH = 0x88,
	INS_SELECT = 0xa4
};

struct model {
	bool selected; /* the application may be */
	bool login;    /* VERIFY 81 with data was good */
	bool consent;  /* likewise 82, for one signature */
	bool chained;  /* a chain of VERIFY is open: there is data */
	bool chain;    /* a chain of anything */
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

static unsigned say(struct vc_card *card, uk_bytes command)
{
	uk_bytes answer = vc_card_transmit(card, command);
	uk_reader r = uk_read(uk_bytes_last(answer, 2));

	must(answer.n >= 2 && answer.n <= 65535, "length of an answer");
	return uk_get_u16(&r);
}

static unsigned set_value(struct vc_card *card, uint8_t ref, uk_bytes value)
{
	uint8_t storage[32];
	uk_buf b = UK_BUF(storage);

	uk_put(&b, uk_view("\x00\x24\x01", 3));
	uk_put_u8(&b, ref);
	uk_put_u8(&b, 16);
	uk_put(&b, value);
	uk_put_fill(&b, 0xff, 21 - b.len);
	return say(card, uk_buf_view(&b));
}

#define SAY(card, bytes)                                                       \
	must(say(card, uk_view(bytes, sizeof(bytes) - 1)) == 0x9000, #bytes)

static void personalise(struct vc_card *card, bool secret)
{
	uint8_t pin[16] = "1234", puk[16] = "12345678";

	if (secret) {
		must(RAND_bytes(pin, 16) == 1 && RAND_bytes(puk, 16) == 1, "");
		for (size_t i = 0; i < 16; i++) { /* FF is padding */
			pin[i] &= 0x7f;
			puk[i] &= 0x7f;
		}
	}
	SAY(card, "\x00\xa4\x04\x0c\x08\xf0ukey.01");
	must(set_value(card, 0x81, uk_view(pin, secret ? 16 : 4)) == 0x9000,
	    "PIN");
	must(set_value(card, 0x83, uk_view(puk, secret ? 16 : 8)) == 0x9000,
	    "PUK");
	SAY(card, "\x00\x46\x00\x00\x00\x00\x08\xac\x06\x80\x01\x11\x84\x01\x01"
		  "\x00\x00");
	SAY(card, "\x00\x46\x00\x00\x00\x00\x08\xac\x06\x80\x01\x11\x84\x01\x02"
		  "\x00\x00");
	SAY(card, "\x00\x46\x00\x00\x00\x00\x0b\xac\x09\x80\x01\x11\x84\x01\x03"
		  "\x95\x01\x05\x00\x00");
	SAY(card, "\x00\x46\x00\x00\x00\x00\x0b\xac\x09\x80\x01\x21\x84\x01\x04"
		  "\x95\x01\x03\x00\x00");
	SAY(card, "\x00\x44\x00\x00");
	vc_card_reset(card);
}

/* RSA keys take seconds to make: not what is looked for here. (Imported ones do
 * not, and are.) */
static bool is_slow(uk_bytes c)
{
	if (c.n < 2 || c.p[1] != INS_GENERATE)
		return false;
	if (c.p[0] != 0x00) /* parts of it */
		return true;
	for (uk_bytes v = c; v.n >= 3; v = uk_bytes_from(v, 1)) {
		if (v.p[0] == 0x80 && v.p[1] == 0x01 && v.p[2] < 0x11)
			return true;
	}
	return false;
}

/* With random PIN and PUK, these never answer 9000 when they carry data. */
static bool is_guarded(uk_bytes c)
{
	static const uint8_t guarded[] = { 0x0e, 0x24, 0x2a, 0x2c, 0x44, 0x82,
		0x88, 0xd6, 0xd7, 0xdb, 0xe0, 0xe4 };

	for (size_t i = 0; i < sizeof(guarded); i++) {
		if (guarded[i] == c.p[1])
			return true;
	}
	return c.p[1] == INS_GENERATE && c.p[2] == 0x00;
}

/* By name: ours, since there is no other; keeps the login if it was selected.
 * By identifier: the MF, if it is that. By path from it: EF.DIR. */
static void check_select(struct model *m, uk_bytes c)
{
	uk_cmd cmd;

	m->consent = m->consent && c.p[2] != 0x04;
	if (m->chain || !uk_is_ok(uk_cmd_decode(c, &cmd)))
		return; /* whatever it was: what may be open stays */
	if (cmd.p1 == 0x04) {
		m->login = m->login && m->selected;
		m->selected = true;
	} else if (cmd.p1 == 0x08 ||
		   (cmd.p1 == 0x00 &&
		       (cmd.data.n == 0 ||
			   uk_bytes_eq(cmd.data, uk_view("\x3f\x00", 2))))) {
		m->login = m->consent = m->selected = false;
	}
}

static void check_verify(struct model *m, uk_bytes c, bool last, bool secret)
{
	bool *status = c.p[3] == 0x81 ? &m->login : &m->consent;

	if (last && (c.n > 5 || m->chained)) {
		must(!secret, "VERIFY with a PIN that nobody knows");
		*status = true;
	}
	must(!last || *status, "empty VERIFY says yes");
	m->chained = !last;
}

static void check(struct model *m, uk_bytes c, unsigned sw, bool secret)
{
	bool good = sw == 0x9000 || (sw & 0xff00) == 0x6100;
	bool last = c.n >= 4 && c.p[0] == 0x00;

	if (c.n < 4 || !good)
		return;
	if (last && c.p[1] == INS_SELECT)
		check_select(m, c);
	if (last && secret && is_guarded(c))
		must(false, "something guarded, without PIN");
	if (c.p[1] == INS_VERIFY && c.p[2] == 0x00 &&
	    (c.p[3] == 0x81 || c.p[3] == 0x82))
		check_verify(m, c, last, secret);
	if (last && c.p[1] == INS_INTERNAL_AUTH)
		must(m->login, "a key signs without VERIFY");
	if (last && c.p[1] == INS_PSO && c.p[2] == 0x80)
		must(m->login, "a key deciphers without VERIFY");
	if (last && c.p[1] == INS_PSO && c.p[2] == 0x9e) {
		must(m->consent, "the transaction key signs without consent");
		m->consent = false;
	}
}

static void run(struct vc_card *card, uk_bytes input, bool secret)
{
	struct model m = { 0 };
	uk_reader r = uk_read(input);

	while (r.left > 0) {
		size_t n = uk_get_u8(&r);
		uk_bytes command = uk_get(&r, n < r.left ? n : r.left);
		bool verify = command.n > 3 && command.p[1] == INS_VERIFY;

		if (n == 0) {
			vc_card_reset(card);
			m = (struct model){ 0 };
			continue;
		}
		if (is_slow(command))
			continue;
		check(&m, command, say(card, command), secret);
		m.chained = m.chained && verify;
		m.chain = command.n > 0 && (command.p[0] & 0x10) != 0;
	}
}

/* In memory where there is such a folder: the card flushes every change. */
static const char *file_name(char *path, size_t cap)
{
	const char *memory = "/dev/shm";

	(void)snprintf(path, cap, "%s/fuzz_vcard_%d",
	    access(memory, W_OK) == 0 ? memory : "/tmp", (int)getpid());
	(void)unlink(path);
	return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uk_bytes input = uk_view(data, size);
	uint8_t mode = size > 0 ? data[0] : 0;
	bool secret = (mode & MODE_SECRET) != 0;
	char path[64], lock[80];
	const char *file = (mode & MODE_MASK) == MODE_FILE
			       ? file_name(path, sizeof(path))
			       : NULL;
	struct vc_card *card = NULL;

	must(uk_is_ok(vc_apps_open(file, VC_STORE_CREATE, &card)), "open");
	personalise(card, secret);
	run(card, uk_bytes_from(input, 1), secret);
	vc_card_close(&card);
	if (file == NULL)
		return 0;
	must(uk_is_ok(vc_apps_open(file, VC_STORE_WRITE, &card)), "again");
	must(
	    say(card, uk_view("\x00\xa4\x04\x0c\x08\xf0ukey.01", 13)) == 0x9000,
	    "SELECT");
	vc_card_close(&card);
	(void)snprintf(lock, sizeof(lock), "%s.lock", path);
	(void)unlink(path);
	(void)unlink(lock);
	return 0;
}
