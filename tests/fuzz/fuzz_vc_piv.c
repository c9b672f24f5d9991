/*
 * Sequences of commands against a card with PIV.
 *
 * Input: a byte of mode, then commands, each with one byte of length; length 00
 * is a reset, length FF stands for the administrator, who proves that he knows
 * the management key. Mode bit 0: PIN, PUK and management key are random and
 * there is no administrator, so that nothing they guard may ever succeed;
 * otherwise they are as delivered. Bit 1: with Yubico's additions. With the low
 * four bits 0C or 0E the card lives in a file, which must open again.
 *
 * Slots 9A, 9C, 9D, 9E and 82 have keys on P-256. That of 9A is known here, and
 * never comes out.
 */
#include "fuzz_check.h"
#include "vc_apps.h"
#include "vc_piv_perso.h"
#include "vc_sym.h"

#include <openssl/rand.h>
#include <unistd.h>

enum {
	MODE_SECRET = 0x01,
	MODE_YUBICO = 0x02,
	MODE_FILE = 0x0c,
	MODE_FILE_MASK = 0x0d,
	RESET = 0x00,
	ADMINISTRATOR = 0xff,
	INS_VERIFY = 0x20,
	INS_CHANGE = 0x24,
	INS_UNBLOCK = 0x2c,
	INS_GENERATE = 0x47,
	INS_GENERAL_AUTH = 0x87,
	INS_SELECT = 0xa4,
	INS_GET_RESPONSE = 0xc0,
	INS_GET_DATA = 0xcb,
	INS_PUT_DATA = 0xdb,
	INS_SET_TRIES = 0xfa,
	INS_RESET = 0xfb,
	INS_IMPORT = 0xfe,
	INS_SET_KEY = 0xff,
	SCALAR = 32
};

#define TEXT(bytes) uk_view(bytes, sizeof(bytes) - 1)

static const uint8_t select_piv[] = { 0x00, 0xa4, 0x04, 0x00, 0x09, 0xa0, 0x00,
	0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x00 };
static const uint8_t piv_aid[] = { 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00,
	0x10, 0x00, 0x01, 0x00 };
static const uint8_t first_key[] = { 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6,
	7, 8, 1, 2, 3, 4, 5, 6, 7, 8 };

/* What the card may know at most: never less than it does know. */
struct model {
	struct vc_card *card;
	bool secret, yubico;
	bool login, fresh, admin;
	bool replaced[256]; /* this slot's policy is somebody else's choice */
	bool chained;       /* parts of a command are waiting */
	uint8_t scalar[SCALAR];
};

static bool contains(uk_bytes v, uk_bytes part)
{
	for (; v.n >= part.n; v = uk_bytes_from(v, 1)) {
		if (uk_bytes_eq(uk_bytes_first(v, part.n), part))
			return true;
	}
	return false;
}

static uk_bytes transmit(struct model *m, uk_bytes command)
{
	uk_bytes answer = vc_card_transmit(m->card, command);

	CHECK(answer.n >= 2 && answer.n <= 65535);
	CHECK(!contains(answer, UK_ARRAY(m->scalar)));
	return answer;
}

static unsigned sw_of(uk_bytes answer)
{
	uk_reader r = uk_read(uk_bytes_last(answer, 2));

	return uk_get_u16(&r);
}

/* --- the card --------------------------------------------------------------
 */

static uk_pin random_pin(void)
{
	uk_pin pin = { .n = 8 };

	CHECK(RAND_bytes(pin.p, 8) == 1);
	for (size_t i = 0; i < pin.n; i++)
		pin.p[i] = (uint8_t)('0' + pin.p[i] % 10);
	return pin;
}

static void set_secrets(struct vc_app *app)
{
	uint8_t key[24];
	uk_pin pin = random_pin(), puk = random_pin();

	CHECK(RAND_bytes(key, sizeof(key)) == 1);
	CHECK(uk_is_ok(vc_piv_set_pin(app, VC_PIV_REF_PIN, 0, &pin)));
	CHECK(uk_is_ok(vc_piv_set_pin(app, VC_PIV_REF_PUK, 0, &puk)));
	CHECK(uk_is_ok(
	    vc_piv_set_management_key(app, VC_PIV_3DES, UK_ARRAY(key))));
}

static void personalise(struct model *m)
{
	static const uint8_t slots[] = { 0x9c, 0x9d, 0x9e, 0x82 };
	struct vc_app *app = vc_card_app(m->card, UK_ARRAY(piv_aid));
	struct vc_key_parts parts = { .d = UK_ARRAY(m->scalar) };
	uint8_t storage[128];

	CHECK(app != NULL && RAND_bytes(m->scalar, SCALAR) == 1);
	m->scalar[0] &= 0x7f; /* surely less than the order */
	CHECK(uk_is_ok(vc_piv_import_key(app, 0x9a, VC_PIV_P256, 0, &parts)));
	for (size_t i = 0; i < sizeof(slots); i++) {
		uk_buf public = UK_BUF(storage);

		CHECK(uk_is_ok(
		    vc_piv_make_key(app, slots[i], VC_PIV_P256, 0, &public)));
	}
	CHECK(uk_is_ok(vc_piv_set_object(app, 0x5fc103, TEXT("finger"))));
	CHECK(uk_is_ok(vc_piv_set_object(app, 0x5fc109, TEXT("printed"))));
	CHECK(uk_is_ok(vc_piv_set_cert(app, 0x9a, TEXT("certificate"), false)));
	if (m->secret)
		set_secrets(app);
	CHECK(uk_is_ok(vc_piv_save(app)));
	CHECK(sw_of(transmit(m, UK_ARRAY(select_piv))) == 0x9000);
}

/* With the key as delivered, if it still is. */
static void administrate(struct model *m)
{
	uint8_t command[] = { 0x00, 0x87, 0x03, 0x9b, 0x0c, 0x7c, 0x0a, 0x82,
		0x08, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct vc_sym key = { VC_SYM_DES, UK_ARRAY(first_key) };
	struct vc_crypto *c;
	uk_bytes answer;

	if (m->secret)
		return;
	answer = transmit(m, TEXT("\x00\x87\x03\x9b\x04\x7c\x02\x81\x00\x00"));
	if (answer.n != 14)
		return;
	CHECK(uk_is_ok(vc_crypto_open(&c)));
	CHECK(uk_is_ok(vc_sym_ecb(c, &key, VC_SYM_ENCIPHER,
	    uk_bytes_first(uk_bytes_from(answer, 4), 8), command + 9)));
	vc_crypto_close(&c);
	m->admin = sw_of(transmit(m, UK_ARRAY(command))) == 0x9000;
	m->fresh = false;
}

/* --- what may be -----------------------------------------------------------
 */

static void forget(struct model *m)
{
	m->login = m->fresh = m->admin = false;
}

static void check_key(const struct model *m, uint8_t slot)
{
	if (m->replaced[slot] || slot == 0x9e || slot == VC_PIV_REF_ADMIN)
		return;
	CHECK(m->login);
	CHECK(slot != 0x9c || m->fresh);
}

/* 5C 03 5F C1 03, 08, 09, 21 or 23 */
static void check_object(const struct model *m, uk_bytes c)
{
	static const uint8_t guarded[] = { 0x03, 0x08, 0x09, 0x21, 0x23 };

	if (m->chained || c.n < 10 || c.p[4] != 5 || c.p[7] != 0x5f ||
	    c.p[8] != 0xc1)
		return;
	for (size_t i = 0; i < sizeof(guarded); i++)
		CHECK(guarded[i] != c.p[9] || m->login);
}

/* A complete command on the basic channel did something. */
static void check_good(struct model *m, uk_bytes c)
{
	bool has_data = c.n > 5 || m->chained;

	switch (c.p[1]) {
	case INS_VERIFY:
		CHECK(!m->secret || !has_data);
		m->login = c.p[2] == 0 && (has_data || m->login);
		m->fresh = has_data;
		return;
	case INS_CHANGE:
		CHECK(!m->secret);
		m->login = m->login || c.p[3] == VC_PIV_REF_PIN;
		break;
	case INS_UNBLOCK:
		CHECK(!m->secret);
		break;
	case INS_GENERATE:
	case INS_IMPORT:
		m->replaced[c.p[3]] = true;
		CHECK(m->admin);
		break;
	case INS_PUT_DATA:
	case INS_SET_KEY:
		CHECK(m->admin);
		break;
	case INS_SET_TRIES:
		CHECK(m->admin && m->login);
		break;
	case INS_RESET: /* now everything is as delivered */
		m->secret = false;
		forget(m);
		break;
	case INS_GENERAL_AUTH:
		check_key(m, c.p[3]);
		break;
	case INS_GET_DATA:
		check_object(m, c);
		break;
	case INS_SELECT: /* A0: perhaps PIV again, which may end nothing */
		if (m->yubico || c.n < 6 || c.p[5] != 0xa0)
			forget(m);
		break;
	default:
		break;
	}
	m->fresh = false;
}

/* Is the PIV application the selected one? The others have rules of their own.
 */
static bool is_selected(const struct model *m)
{
	struct vc_app *app = vc_card_app(m->card, UK_ARRAY(piv_aid));

	return (app->channels & 1) != 0;
}

static void run_command(struct model *m, uk_bytes c)
{
	bool selected = is_selected(m);
	unsigned sw = sw_of(transmit(m, c));
	bool good = sw == 0x9000 || (sw & 0xff00) == 0x6100;
	uint8_t cla = c.n < 4 ? 0xff : c.p[0];

	if (!is_selected(m))
		forget(m);
	if (cla == 0x00 && good && selected && c.p[1] != INS_GET_RESPONSE)
		check_good(m, c);
	if (cla == 0x00 || cla == 0x10)
		m->chained = cla == 0x10 && good;
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
		if (v.p[0] == 0x80 && v.p[1] == 0x01 && v.p[2] != VC_PIV_P256 &&
		    v.p[2] != VC_PIV_P384)
			return true;
	}
	return false;
}

static void run(struct model *m, uk_bytes input)
{
	uk_reader r = uk_read(input);

	while (r.left > 0) {
		size_t n = uk_get_u8(&r);
		uk_bytes command;

		if (n == RESET) {
			vc_card_reset(m->card);
			forget(m);
			m->chained = false;
			continue;
		}
		if (n == ADMINISTRATOR) {
			administrate(m);
			m->chained = false;
			continue;
		}
		command = uk_get(&r, n < r.left ? n : r.left);
		if (!is_slow(command))
			run_command(m, command);
	}
}

/* In memory where there is such a folder: the card flushes every change. */
static const char *file_name(char *path, size_t cap)
{
	const char *memory = "/dev/shm";

	(void)snprintf(path, cap, "%s/fuzz_vc_piv_%d",
	    access(memory, W_OK) == 0 ? memory : "/tmp", (int)getpid());
	(void)unlink(path);
	return path;
}

static void open_again(struct model *m, const char *path)
{
	char lock[80];

	CHECK(uk_is_ok(vc_apps_open(path, VC_STORE_WRITE, &m->card)));
	CHECK(sw_of(transmit(m, UK_ARRAY(select_piv))) == 0x9000);
	CHECK(sw_of(transmit(
		  m, TEXT("\x00\xcb\x3f\xff\x03\x5c\x01\x7e\x00"))) == 0x9000);
	vc_card_close(&m->card);
	(void)snprintf(lock, sizeof(lock), "%s.lock", path);
	(void)unlink(path);
	(void)unlink(lock);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t mode = size > 0 ? data[0] : 0;
	struct model m = { .secret = (mode & MODE_SECRET) != 0,
		.yubico = (mode & MODE_YUBICO) != 0 };
	char path[64];
	const char *file = (mode & MODE_FILE_MASK) == MODE_FILE
			       ? file_name(path, sizeof(path))
			       : NULL;

	CHECK(uk_is_ok(vc_apps_open(file, VC_STORE_CREATE, &m.card)));
	CHECK(uk_is_ok(vc_card_install(
	    m.card, m.yubico ? "piv-yubico" : "piv", UK_NONE, UK_NONE)));
	personalise(&m);
	run(&m, uk_bytes_from(uk_view(data, size), 1));
	vc_card_close(&m.card);
	if (file != NULL)
		open_again(&m, path);
	return 0;
}
