/*
 * PKCS#15: what is written on IsoApplet cards. Commands by hand from ISO/IEC
 * 7816-4, 7816-8 and 7816-9; file information, entries and identifiers are of
 * the form that pkcs15-init of OpenSC 0.23 writes.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "ukey_script.h"

#include "p15/p15_driver.h"

#define SELECT_FID(fid) "00A40000 02" fid "00"
#define FCI_OF(fid, size)                                                      \
	"6F15 8102" size "820101 8302" fid "8608FF90909090909000 9000"
#define OPEN                                                                   \
	{ SELECT_FID("5032"), "6A82", UK_OK },                                 \
	{                                                                      \
		"00CA0101 00", "0100 2F 9000", UK_OK                           \
	}
#define FILE_STEPS(fid, size, le, content)                                     \
	{ SELECT_FID(fid), FCI_OF(fid, size), UK_OK },                         \
	{                                                                      \
		"00B00000" le, content "9000", UK_OK                           \
	}
#define NO_FILE(fid)                                                           \
	{                                                                      \
		SELECT_FID(fid), "6A82", UK_OK                                 \
	}
#define TO_FOLDER                                                              \
	{                                                                      \
		SELECT_FID("5015"), "9000", UK_OK                              \
	}
#define CREATE(fid, size, acl)                                                 \
	"00E00000 17 6F15 8102" size "820101 8302" fid "8608" acl
#define CONTENT_ACL "FF90FFFFFFFF9000"
#define DIR_ACL     "FF90909090909000"

#define Z8          "0000000000000000"
#define Z32         Z8 Z8 Z8 Z8
/* "there", id 22, file 3401 */
#define OTHER_CERT                                                             \
	"3020 300B 0C057468657265 03020640 3003 040122"                        \
	"     A10C 300A 30080406 3F0050153401"
/* "c", id 11, file 3400 */
#define NEW_CERT                                                               \
	"301C 3007 0C0163 03020640 3003 040111 A10C 300A 30080406 "            \
	"3F0050153400"

#define LIST(cdf)                                                              \
	NO_FILE("4402"), FILE_STEPS("4404", "0060", "60", cdf),                \
	    NO_FILE("4403"), NO_FILE("4405")
#define CDF_BEFORE OTHER_CERT Z32 Z8 Z8 Z8 "000000000000"
#define CDF_AFTER  OTHER_CERT NEW_CERT Z32

static uk_err open_iso(struct desk *d, const char *fci, uk_link *link)
{
	struct uk_selected s = { UK_ARRAY(uk_isoapplet_aid), hex(fci) };
	uk_err err;

	*d = (struct desk){ NULL, NULL };
	script_reset();
	err = uk_channel_open(&link, &d->ch);
	if (uk_is_ok(err))
		err = uk_p15_ops.open(d->ch, &s, &d->card);
	if (!uk_is_ok(err))
		desk_close(d);
	return err;
}

static struct desk open_steps(const struct script_step *steps, size_t n)
{
	struct desk d;

	expect_ok(open_iso(&d, "", script_link(steps, n)));
	return d;
}
#define ISO(steps) open_steps(steps, sizeof(steps) / sizeof((steps)[0]))

static struct uk_new_object new_cert(void)
{
	return (struct uk_new_object){ .kind = UK_OBJ_CERTIFICATE,
		.label = "c",
		.id = hex("11"),
		.value = hex("3003020101") };
}

/* --- certificates -----------------------------------------------------------
 */

/* The file first, its name last. */
static const struct script_step storing[] = { OPEN, TO_FOLDER,
	{ CREATE("3400", "0005", CONTENT_ACL), "9000", UK_OK },
	{ SELECT_FID("3400"), "9000", UK_OK },
	{ "00D60000 05 3003020101", "9000", UK_OK },
	FILE_STEPS("4404", "0060", "60", CDF_BEFORE),
	{ "00D60022 1E " NEW_CERT, "9000", UK_OK }, LIST(CDF_AFTER) };
enum { STORING = sizeof(storing) / sizeof(storing[0]) };

static void store(void **state)
{
	struct desk d = ISO(storing);
	struct uk_new_object what = new_cert();
	size_t at = 99;

	(void)state;
	expect_ok(uk_card_store(d.card, &what, &at));
	assert_int_equal(at, 1);
	assert_string_equal(d.card->objects[at].label, "c");
	assert_true(d.card->objects[at].modifiable);
	desk_close_after(&d, STORING);
}

/* The identifier is taken, in either of two words; the directory is not there
 * and is made, and named in ODF. */
static void store_the_first(void **state)
{
	const struct script_step steps[] = { OPEN, TO_FOLDER,
		{ CREATE("3400", "0005", CONTENT_ACL), "6984", UK_OK },
		TO_FOLDER,
		{ CREATE("3401", "0005", CONTENT_ACL), "6A89", UK_OK },
		TO_FOLDER,
		{ CREATE("3402", "0005", CONTENT_ACL), "9000", UK_OK },
		{ SELECT_FID("3402"), "9000", UK_OK },
		{ "00D60000 05 3003020101", "9000", UK_OK }, NO_FILE("4404"),
		TO_FOLDER, { CREATE("4404", "0200", DIR_ACL), "9000", UK_OK },
		FILE_STEPS("5031", "0020", "20",
		    "A80A 30080406 3F0050154401" Z8 Z8 "00000000"),
		{ "00D6000C 0C A40A 30080406 3F0050154404", "9000", UK_OK },
		{ SELECT_FID("4404"), FCI_OF("4404", "0040"), UK_OK },
		{ "00B00000 40", Z32 Z32 "9000", UK_OK },
		{ "00D60000 1E 301C 3007 0C0163 03020640 3003 040111 A10C 300A"
		  "30080406 3F0050153402",
		    "9000", UK_OK },
		LIST(CDF_AFTER) };
	struct desk d = ISO(steps);
	struct uk_new_object what = new_cert();
	size_t at = 99;

	(void)state;
	expect_ok(uk_card_store(d.card, &what, &at));
	desk_close(&d);
}

/* A directory that is full, or is none: the file goes again. */
static void store_without_room(void **state)
{
	static const char *const cdfs[] = {
		OTHER_CERT Z8 Z8 Z8 "0000000000"
				    "9000", /* 29 bytes left */
		"30"
		"7F" Z32 Z8 Z8 Z8 "0000"
		"9000" /* an entry that is cut */
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct script_step steps[] = { OPEN, TO_FOLDER,
			{ CREATE("3400", "0005", CONTENT_ACL), "9000", UK_OK },
			{ SELECT_FID("3400"), "9000", UK_OK },
			{ "00D60000 05 3003020101", "9000", UK_OK },
			{ SELECT_FID("4404"), FCI_OF("4404", "003F"), UK_OK },
			{ "00B00000 3F", cdfs[i], UK_OK }, TO_FOLDER,
			{ "00E40000 02 3400", "9000", UK_OK } };
		struct desk d = ISO(steps);
		struct uk_new_object what = new_cert();
		uk_err err;
		size_t at;

		err = uk_card_store(d.card, &what, &at);
		assert_true(
		    uk_is(err, i == 0 ? UK_ERR_TOO_SMALL : UK_ERR_FORMAT));
		desk_close_after(&d, 10);
	}
}

static void destroy(void **state)
{
	const struct script_step steps[] = { OPEN, LIST(CDF_AFTER),
		FILE_STEPS("4404", "0060", "60", CDF_AFTER),
		/* what is behind the entry moves to its place */
		{ "00D60000 60 " NEW_CERT Z32 Z32 "0000", "9000", UK_OK },
		TO_FOLDER, { "00E40000 02 3401", "9000", UK_OK },
		LIST(NEW_CERT Z32 Z32 "0000") };
	struct desk d = ISO(steps);

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	expect_ok(uk_card_destroy(d.card, &d.card->objects[0]));
	assert_int_equal(d.card->object_count, 1);
	desk_close(&d);
}

/* --- keys --------------------------------------------------------------------
 */

#define P256_PARAMS                                                            \
	"8120 "                                                                \
	"FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF"     \
	"8220 "                                                                \
	"FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC"     \
	"8320 "                                                                \
	"5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B"     \
	"8441 "                                                                \
	"046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2"     \
	"964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"   \
	"8520 "                                                                \
	"FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"     \
	"87020001"
#define POINT "04" HASH32 HASH32

/* What the card says is no key of the kind that was asked for. */
static void broken_keys(void **state)
{
	static const char *const answers[] = { "9000", "7F4900 9000",
		"7F4943 8641 05" HASH32 HASH32 "9000", "7F4903 860104 9000",
		"7F4943 8141" POINT "9000", "6F00",
		"7F4944 8642" POINT "00"
		"9000" };

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct script_step steps[] = { NO_FILE("5032"),
			NO_FILE("4402"), NO_FILE("4404"), NO_FILE("4403"),
			NO_FILE("4405"), NO_FILE("5031"),
			{ "00224100 06 8001EC 840101", "9000", UK_OK },
			{ "00460000 CF" P256_PARAMS "00", answers[i], UK_OK } };
		struct desk d;
		struct uk_new_object what = { .kind = UK_OBJ_PRIVATE_KEY,
			.label = "k",
			.id = hex("33"),
			.usage = UK_USE_SIGN,
			.key_type = UK_KEY_P256 };
		size_t at;

		expect_ok(open_iso(&d, "000606", script_link(steps, 8)));
		if (uk_is_ok(uk_card_generate(d.card, &what, &at)))
			fail_msg("answer %zu", i);
		desk_close_after(&d, 8);
	}
}

static void keys_that_cannot_be(void **state)
{
	const struct script_step steps[] = { OPEN, NO_FILE("4402"),
		NO_FILE("4404"), NO_FILE("4403"), NO_FILE("4405"),
		NO_FILE("5031") };
	struct desk d = ISO(steps);
	struct uk_new_object what = { .kind = UK_OBJ_PRIVATE_KEY,
		.label = "k",
		.key_type = UK_KEY_RSA,
		.key_bits = 2048 };
	size_t at;

	(void)state;
	expect_code(uk_card_generate(d.card, &what, &at), UK_ERR_ARGUMENT);
	what.id = hex("33");
	what.key_bits = 3072; /* it makes 2048 and 4096 */
	expect_code(uk_card_generate(d.card, &what, &at), UK_ERR_UNSUPPORTED);
	desk_close(&d);
}

/* --- keys that somebody brings
 * ------------------------------------------------
 */

#define SCALAR "00" HASH31
#define HASH31                                                                 \
	"0102030405060708090A0B0C0D0E0F"                                       \
	"101112131415161718191A1B1C1D1E1F"
/* PUT DATA as OpenSC's driver of IsoApplet sends it: E0, curve and scalar; 6900
 * of an applet that was not built for it. */
#define PUT_EC "00DB3FFF F4 E081F1" P256_PARAMS "8820" SCALAR

static uk_err bring(struct desk *d, const char *answer)
{
	static uint8_t d_bytes[32];
	const struct script_step steps[] = { NO_FILE("5032"), NO_FILE("4402"),
		NO_FILE("4404"), NO_FILE("4403"), NO_FILE("4405"),
		NO_FILE("5031"), { "00224100 06 8001EC 840101", "9000", UK_OK },
		{ PUT_EC, answer, UK_OK } };
	const uk_public_key pub = { .type = UK_KEY_P256 };
	uk_buf scalar = UK_BUF(d_bytes);
	struct uk_private_key key = { .public = &pub };
	const struct uk_new_object what = { .kind = UK_OBJ_PRIVATE_KEY,
		.label = "k",
		.id = { (const uint8_t *)"3", 1 },
		.usage = UK_USE_SIGN,
		.key_type = UK_KEY_P256 };
	size_t at;
	uk_err err;

	uk_put(&scalar, hex(SCALAR));
	key.d = uk_buf_view(&scalar);
	expect_ok(open_iso(d, "000606", script_link(steps, 8)));
	err = uk_card_import(d->card, &what, &key, &at);
	assert_int_equal(script_log.secrets, 1);
	desk_close_after(d, 8);
	return err;
}

static void brought_keys_refused(void **state)
{
	static const struct {
		const char *answer;
		enum uk_code code;
		uint16_t sw;
	} rows[] = { { "6900", UK_ERR_UNSUPPORTED, 0x6d00 },
		{ "6982", UK_ERR_NOT_LOGGED_IN, 0x6982 },
		{ "6A81", UK_ERR_UNSUPPORTED, 0x6a81 },
		{ "6983", UK_ERR_CARD_STATUS, 0x6983 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct desk d;
		uk_err err = bring(&d, rows[i].answer);

		expect_code(err, rows[i].code);
		assert_int_equal(err.sw, rows[i].sw);
	}
}

/* The applet refuses RSA-4096 whatever it is sent. */
static void brought_keys_that_cannot_be(void **state)
{
	static const uint8_t half[256] = { 0x80 };
	const struct script_step steps[] = { OPEN };
	struct desk d = ISO(steps);
	const uk_public_key pub = { .type = UK_KEY_RSA };
	const struct uk_private_key key = { .p = UK_ARRAY(half),
		.q = UK_ARRAY(half),
		.dp = UK_ARRAY(half),
		.dq = UK_ARRAY(half),
		.qinv = UK_ARRAY(half),
		.public = &pub };
	const struct uk_new_object what = { .kind = UK_OBJ_PRIVATE_KEY,
		.label = "k",
		.id = hex("33"),
		.key_type = UK_KEY_RSA,
		.key_bits = 4096 };
	size_t at;

	(void)state;
	expect_code(
	    uk_card_import(d.card, &what, &key, &at), UK_ERR_UNSUPPORTED);
	desk_close_after(&d, 2);
}

/* --- failures ---------------------------------------------------------------
 */

static uk_err do_store(void *arg, unsigned nth)
{
	uk_link *script = script_link(storing, STORING);
	uk_link *link = broken_link(&script, nth, *(enum uk_code *)arg);
	struct uk_new_object what = new_cert();
	struct desk d;
	size_t at;
	uk_err err = open_iso(&d, "", link);

	if (!uk_is_ok(err))
		return err;
	err = uk_card_store(d.card, &what, &at);
	desk_close(&d);
	return err;
}

static void survives_the_loss_of_the_card(void **state)
{
	enum uk_code code = UK_ERR_CARD_REMOVED;

	(void)state;
	assert_int_equal(
	    fail_every_exchange(do_store, &code, UK_ERR_CARD_REMOVED), STORING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store),
		cmocka_unit_test(store_the_first),
		cmocka_unit_test(store_without_room),
		cmocka_unit_test(destroy),
		cmocka_unit_test(broken_keys),
		cmocka_unit_test(keys_that_cannot_be),
		cmocka_unit_test(brought_keys_refused),
		cmocka_unit_test(brought_keys_that_cannot_be),
		cmocka_unit_test(survives_the_loss_of_the_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
