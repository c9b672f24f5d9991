/*
 * PKCS#15 cards. The directory files are those that pkcs15-init of OpenSC 0.23
 * wrote on an IsoApplet card (read with opensc-tool, the padding behind them
 * cut); commands are by hand, from ISO/IEC 7816-4 and 7816-8.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "ukey_script.h"

#include "cert_samples.h"
#include "p15/p15_driver.h"

#include <stdio.h>
#include <string.h>

#define FCI_OF(fid, size) "6F08 8102" size "8302" fid "9000"
#define SELECT_FID(fid)   "00A40000 02" fid "00"

#define GET_VERSION       "00CA0101 00"
#define INFO                                                                   \
	"303B 020100 04020A0B 0C07756E6B6E6F776E"                              \
	"8012 4A6176614361726420 69736F4170706C6574"                           \
	"03020410 A511180F32303236313132303232323534305A"
#define ODF                                                                    \
	"A80A 3008 0406 3F0050154401 A00A 3008 0406 3F0050154402"              \
	"A10A 3008 0406 3F0050154403 A40A 3008 0406 3F0050154404"
#define PRKDF_RSA                                                              \
	"304D 3014 0C0B4365727469666963617465 030206C0 040101"                 \
	"     300E 040111 03020520 030203B8 020100"                            \
	"     A015 3013 3011310F300D06035504030C0669736F203131"                \
	"     A10E 300C 300604043F005015 02020800"
#define PRKDF_EC                                                               \
	"A02D 300B 0C026563 030206C0 040101"                                   \
	"     300E 040122 03020520 030203B8 020101"                            \
	"     A10E 300C 300604043F005015 02020100"
#define PUKDF_RSA                                                              \
	"302C 3009 0C03727361 03020640 300D 040111 03020102 010100 020100"     \
	"     A110 300E 300804063F0050153300 02020800"
#define PUKDF_EC                                                               \
	"A027 3008 0C026563 03020640 300D 040122 03020102 010100 020100"       \
	"     A10C 300A 300804063F0050153301"
#define CDF_ONE                                                                \
	"3026 3011 0C0B4365727469666963617465 03020640 3003 040111"            \
	"     A10C 300A 300804063F0050153400"
#define ZEROS8  "0000000000000000"

#define READ(n) "00B00000" n

/* IsoApplet's lengths are read from the file information. */
#define FILE_STEPS(fid, size, le, content)                                     \
	{ SELECT_FID(fid), FCI_OF(fid, size), UK_OK },                         \
	{                                                                      \
		READ(le), content "9000", UK_OK                                \
	}

#define OPEN_1                                                                 \
	FILE_STEPS("5032", "003D", "3D", INFO),                                \
	{                                                                      \
		GET_VERSION, "0100 2F 9000", UK_OK                             \
	}
enum { OPEN_1_COMMANDS = 3 };

/* IsoApplet's directory files are where they always are, and the one for data
 * objects is not there. */
#define LIST_1                                                                 \
	FILE_STEPS("4402", "0086", "86", PRKDF_RSA PRKDF_EC ZEROS8),           \
	    FILE_STEPS("4404", "0030", "30", CDF_ONE ZEROS8),                  \
	    FILE_STEPS("4403", "005F", "5F", PUKDF_RSA PUKDF_EC ZEROS8),       \
	{                                                                      \
		SELECT_FID("4405"), "6A82", UK_OK                              \
	}
enum { LIST_1_COMMANDS = 7 };
#define NO_FILE(fid)                                                           \
	{                                                                      \
		SELECT_FID(fid), "6A82", UK_OK                                 \
	}
#define NOTHING_THERE                                                          \
	NO_FILE("4402"), NO_FILE("4404"), NO_FILE("4403"), NO_FILE("4405")

/* Opens as if the application had just been selected. */
static uk_err open_aid(
    struct desk *d, uk_bytes aid, const char *fci, uk_link *link)
{
	struct uk_selected s = { aid, hex(fci) };
	uk_err err;

	*d = (struct desk){ NULL, NULL };
	script_reset();
	err = uk_channel_open(&link, &d->ch);
	if (uk_is_ok(err))
		err = uk_p15_ops.open(d->ch, &s, &d->card);
	if (!uk_is_ok(err)) {
		assert_null(d->card);
		desk_close(d);
	}
	return err;
}

static struct desk open_iso(const struct script_step *steps, size_t n)
{
	struct desk d;

	expect_ok(open_aid(
	    &d, UK_ARRAY(uk_isoapplet_aid), "", script_link(steps, n)));
	return d;
}
#define ISO(steps) open_iso(steps, sizeof(steps) / sizeof((steps)[0]))

static struct desk open_any(const struct script_step *steps, size_t n)
{
	struct desk d;

	expect_ok(
	    open_aid(&d, UK_ARRAY(uk_p15_aid), "6F00", script_link(steps, n)));
	return d;
}
#define ANY(steps) open_any(steps, sizeof(steps) / sizeof((steps)[0]))

/* --- opening ---------------------------------------------------------------
 */

static void version_1(void **state)
{
	const struct script_step steps[] = { OPEN_1 };
	struct desk d = ISO(steps);

	(void)state;
	assert_string_equal(d.card->info.model, "IsoApplet 1");
	assert_string_equal(d.card->info.label, "JavaCard isoApplet");
	assert_string_equal(d.card->info.manufacturer, "unknown");
	expect_bytes(
	    uk_view(d.card->info.serial, d.card->info.serial_len), hex("0A0B"));
	/* extended length, and no chaining */
	assert_true(uk_channel_limits(d.ch).max_command > 255);
	assert_false(uk_channel_limits(d.ch).chaining);
	desk_close_after(&d, OPEN_1_COMMANDS);
}

/* Before 1.0 the version is what SELECT answers. */
static void version_0(void **state)
{
	const struct script_step steps[] = { { SELECT_FID("5032"), "6A82",
	    UK_OK } };
	struct desk d;

	(void)state;
	expect_ok(
	    open_aid(&d, UK_ARRAY(uk_isoapplet_aid), "000606", SCRIPT(steps)));
	assert_string_equal(d.card->info.model, "IsoApplet 0");
	assert_true(uk_channel_limits(d.ch).chaining);
	desk_close_after(&d, 1);
}

static void no_version(void **state)
{
	static const char *const answers[] = { "6D00", "9000", "0100 9000",
		"01002F00 9000" };
	struct desk d;

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct script_step steps[] = {
			{ SELECT_FID("5032"), "6A82", UK_OK },
			{ GET_VERSION, answers[i], UK_OK },
		};

		expect_code(
		    open_aid(&d, UK_ARRAY(uk_isoapplet_aid), "", SCRIPT(steps)),
		    UK_ERR_CARD_UNKNOWN);
	}
}

/* Historical bytes 80, 31 A0: applications are selected by name, and there is
 * an EF.DIR (7816-4, 12.1.1.7). */
#define DIRECTORY_ATR "3B83018031A093"

/* A card with files of its own is asked for the standard's application, not for
 * IsoApplet: three commands in any case. */
static void a_card_with_a_directory(void **state)
{
	const struct script_step found[] = { { SELECT_UKEY, "6A82", UK_OK },
		{ "00A40400 0C A000000063504B43532D3135 00", "9000", UK_OK },
		{ "00A40200 02 5032 00", "6A82", UK_OK },
		{ "00A40000 02 5032 00", "6A82", UK_OK } };
	const struct script_step not_found[] = { { SELECT_UKEY, "6A82", UK_OK },
		{ "00A40400 0C A000000063504B43532D3135 00", "6A82", UK_OK },
		{ "00A40400 09 A00000030800001000 00", "6A82", UK_OK } };
	struct desk d;

	(void)state;
	desk_atr = DIRECTORY_ATR;
	d = DESK(found);
	assert_string_equal(d.card->info.model, "PKCS#15");
	desk_close_after(&d, 4);
	desk_atr = DIRECTORY_ATR;
	expect_code(
	    desk_open_broken(&d, not_found, 3, 0, UK_OK), UK_ERR_CARD_UNKNOWN);
	assert_int_equal(script_log.commands, 3);
}

/* --- listing ---------------------------------------------------------------
 */

static void listing(void **state)
{
	const struct script_step steps[] = { OPEN_1, LIST_1 };
	struct desk d = ISO(steps);
	const uk_object *o;

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	assert_int_equal(d.card->object_count, 3);
	o = &d.card->objects[0];
	assert_int_equal(o->kind, UK_OBJ_PRIVATE_KEY);
	assert_string_equal(o->label, "Certificate");
	expect_bytes(uk_view(o->id, o->id_len), hex("11"));
	assert_int_equal(o->key_type, UK_KEY_RSA);
	assert_int_equal(o->key_bits, 2048);
	assert_int_equal(o->usage, UK_USE_SIGN);
	assert_true(o->is_private && o->on_card && !o->always_auth);
	o = &d.card->objects[1];
	assert_int_equal(o->key_type, UK_KEY_P256);
	assert_int_equal(o->ref & 0xff, 1);
	o = &d.card->objects[2];
	assert_int_equal(o->kind, UK_OBJ_CERTIFICATE);
	desk_close_after(&d, OPEN_1_COMMANDS + LIST_1_COMMANDS);
}

/* A card that nobody has made a PKCS#15 card of. */
static void empty_card(void **state)
{
	const struct script_step steps[] = { NO_FILE("5032"),
		{ GET_VERSION, "0100 2F 9000", UK_OK }, NOTHING_THERE,
		NO_FILE("5031") };
	struct desk d = ISO(steps);

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	assert_int_equal(d.card->object_count, 0);
	assert_int_equal(d.card->info.serial_len, 0);
	desk_close_after(&d, 7);
}

/* ... or it has been laid out by somebody else: ODF is asked then. */
static void another_layout(void **state)
{
	const struct script_step steps[] = { OPEN_1, NOTHING_THERE,
		FILE_STEPS("5031", "000C", "0C", "A40A 3008 0406 3F0050154414"),
		FILE_STEPS("4414", "0030", "30", CDF_ONE ZEROS8) };
	struct desk d = ISO(steps);

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	assert_int_equal(d.card->object_count, 1);
	desk_close(&d);
}

#define RSA_FILE "3082010A 02820101 00 " N256 "0203010001"
#define N16      "C1C2C3C4C5C6C7C8C9CACBCCCDCECFC0"
#define N64      N16 N16 N16 N16
#define N256     N64 N64 N64 N64

static void public_keys(void **state)
{
	const struct script_step steps[] = { OPEN_1, LIST_1,
		FILE_STEPS("4403", "005F", "5F", PUKDF_RSA PUKDF_EC ZEROS8),
		{ SELECT_FID("3300"), FCI_OF("3300", "0110"), UK_OK },
		{ "00B00000 000110", RSA_FILE "0000 9000", UK_OK },
		FILE_STEPS("4403", "005F", "5F", PUKDF_RSA PUKDF_EC ZEROS8),
		FILE_STEPS("3301", "0043", "43", "0441 04" N64),
		FILE_STEPS("4403", "005F", "5F", PUKDF_RSA PUKDF_EC ZEROS8),
		FILE_STEPS("3301", "0043", "43", "0441 05" N64) };
	struct desk d = ISO(steps);
	uk_public_key k;

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	expect_ok(uk_card_read_public(d.card, &d.card->objects[0], &k));
	expect_bytes(uk_view(k.modulus, k.modulus_len), hex(N256));
	expect_ok(uk_card_read_public(d.card, &d.card->objects[1], &k));
	expect_bytes(uk_view(k.point, k.point_len), hex("04" N64));
	expect_code(uk_card_read_public(d.card, &d.card->objects[1], &k),
	    UK_ERR_FORMAT);
	desk_close(&d);
}

static const char *hex_of(uk_bytes v)
{
	static char text[8192];

	for (size_t i = 0; i < v.n; i++)
		snprintf(&text[2 * i], 3, "%02X", v.p[i]);
	return text;
}

/* A file is longer than its certificate. */
static void certificates(void **state)
{
	static char answer[8192];
	struct script_step steps[] = { OPEN_1, LIST_1,
		{ SELECT_FID("3400"), FCI_OF("3400", "0400"), UK_OK },
		{ "00B00000 000400", answer, UK_OK },
		{ SELECT_FID("3400"), "6A82", UK_OK } };
	struct desk d;
	uk_blob der = { NULL, 0 };

	(void)state;
	strcpy(answer, hex_of(hex(CERT_RSA)));
	for (size_t n = hex(CERT_RSA).n; n < 0x400; n++)
		strcat(answer, "00");
	strcat(answer, "9000");
	d = ISO(steps);
	expect_ok(uk_card_load_objects(d.card));
	expect_ok(uk_card_read_object(d.card, &d.card->objects[2], &der));
	expect_bytes(uk_blob_view(&der), hex(CERT_RSA));
	uk_blob_free(&der);
	expect_code(uk_card_read_object(d.card, &d.card->objects[2], &der),
	    UK_ERR_NOT_FOUND);
	expect_code(uk_card_read_object(d.card, &d.card->objects[0], &der),
	    UK_ERR_ARGUMENT);
	desk_close(&d);
}

/* --- any card --------------------------------------------------------------
 */

#define AODF_TWO                                                               \
	/* the SO's, then two users': the second one for the second key */     \
	"302F 3006 0C04534F2020 3003 040109"                                   \
	"     A120 301E 030200DD 0A0101 020104 020108 020108 800103 0401FF"    \
	"     30060404 3F005015"                                               \
	"302F 3006 0C0450494E31 3003 040101"                                   \
	"     A120 301E 0302024C 0A0101 020104 020108 020108 800181 0401FF"    \
	"     30060404 3F005015"                                               \
	"302F 3006 0C0450494E32 3003 040102"                                   \
	"     A120 301E 0302024C 0A0101 020106 020108 020108 800182 0401FF"    \
	"     30060404 3F005015"
#define PRKDF_SECOND                                                           \
	"A02D 300B 0C026563 030206C0 040102"                                   \
	"     300E 040122 03020520 030203B8 020101"                            \
	"     A10E 300C 300604043F005015 02020100"

/* Files are named by their path from the MF, read as long as they go on, and
 * the words for their end are many. */
static void any_card(void **state)
{
	const struct script_step steps[] = {
		/* TokenInfo below the application: 02, then by identifier */
		{ "00A40200 02 5032 00", "6A86", UK_OK },
		{ "00A40000 02 5032 00", "9000", UK_OK },
		{ "00B00000 00", INFO "6282", UK_OK },
		{ "00A40200 02 5031 00", "6F04 80020038 9000", UK_OK },
		{ "00B00000 38", ODF "6B00", UK_OK },
		{ "00A40800 04 50154401 00", "6208 80020093 8302 4401 9000",
		    UK_OK },
		{ "00B00000 93", AODF_TWO "9000", UK_OK },
		{ "00A40800 04 50154402 00", "6A82", UK_OK },
		{ "00A40200 02 4402 00", "9000", UK_OK },
		{ "00B00000 00", PRKDF_RSA PRKDF_SECOND "9000", UK_OK },
		{ "00A40800 04 50154404 00", "9000", UK_OK },
		{ "00B00000 00", "6982", UK_OK },
		{ "00A40800 04 50154403 00", "6A82", UK_OK },
		{ "00A40200 02 4403 00", "6A82", UK_OK },
		{ "00A40000 02 4403 00", "6A82", UK_OK },
		/* PIN 1 logs in, PIN 2 consents; padded with FF to eight */
		{ "00200081 08 31323334FFFFFFFF", "9000", UK_OK },
		{ "00200082 08 313233343536FFFF", "63C1", UK_OK },
	};
	struct desk d = ANY(steps);
	struct uk_sign_request r = { NULL, UK_SIG_PKCS1, UK_HASH_NONE,
		UK_NONE };
	uk_pin pin = pin_of("1234"), other = pin_of("123456");

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	assert_int_equal(d.card->object_count, 2);
	assert_false(d.card->objects[0].always_auth);
	assert_true(d.card->objects[1].always_auth);
	/* its keys are nobody's business yet */
	r.key = &d.card->objects[0];
	assert_false(uk_card_can_sign(d.card, &r));
	expect_ok(uk_card_verify(d.card, UK_PIN_USER, &pin));
	expect_code(
	    uk_card_verify(d.card, UK_PIN_CONSENT, &other), UK_ERR_PIN_WRONG);
	desk_close(&d);
}

/* CVE-2021-42780, -42782 and kin: counts and lengths in AODF and TokenInfo that
 * do not fit. */
static void cve_2021_42782_pin_entries(void **state)
{
	static const char *const files[] = {
		/* stored length 255: longer than any PIN of ours */
		"3025 3006 0C0450494E31 3003 040101"
		"     A116 3014 0302024C 0A0101 020104 020200FF 800181 0401FF",
		/* minimum longer than maximum */
		"3024 3006 0C0450494E31 3003 040101"
		"     A115 3013 0302024C 0A0101 020120 020104 800181 0401FF",
		/* padding character of two bytes */
		"3025 3006 0C0450494E31 3003 040101"
		"     A116 3014 0302024C 0A0101 020104 020108 800181 0402FFFF",
		/* cut off */
		"3025 3006 0C0450494E31 3003 040101 A116 3014 0302",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char answer[256];
		const struct script_step steps[] = {
			{ "00A40200 02 5032 00", "9000", UK_OK },
			{ "00B00000 00", "30 9000", UK_OK },
			{ "00A40200 02 5031 00", "9000", UK_OK },
			{ "00B00000 00", "A80A 3008 0406 3F0050154401 9000",
			    UK_OK },
			{ "00A40800 04 50154401 00", "9000", UK_OK },
			{ "00B00000 00", answer, UK_OK },
			{ NULL, "63C1", UK_OK },
		};
		struct desk d;
		uk_pin pin = pin_of("12345678");
		uk_err err;

		snprintf(answer, sizeof(answer), "%s9000", files[i]);
		d = ANY(steps);
		err = uk_card_verify(d.card, UK_PIN_USER, &pin);
		assert_true(uk_is(err, UK_ERR_PIN_LENGTH) ||
			    uk_is(err, UK_ERR_PIN_WRONG));
		desk_close(&d);
	}
}

/* CVE-2019-6502, CVE-2021-42778 and kin: TokenInfo that is none. */
static void cve_2021_42778_token_info(void **state)
{
	static const char *const files[] = { "9000", "30 9000", "3000 9000",
		"307F 020100 9000", "3004 02010004 9000",
		"3006 020100 04217F 9000", "3081FF 020100 9000" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const struct script_step steps[] = {
			{ "00A40200 02 5032 00", "9000", UK_OK },
			{ "00B00000 00", files[i], UK_OK },
		};
		struct desk d = ANY(steps);

		assert_int_equal(d.card->info.serial_len, 0);
		desk_close_after(&d, 2);
	}
}

/* CVE-2020-26570 and kin: a card whose files never end, or are longer than they
 * say. */
static void cve_2020_26570_file_lengths(void **state)
{
	static struct script_step steps[200];
	static char full[2 * 256 + 5];
	struct desk d;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 256; i++)
		strcat(full, "30");
	strcat(full, "9000");
	steps[n++] = (struct script_step){ "00A40200 02 5032 00", "9000",
		UK_OK };
	while (n < 200)
		steps[n++] = (struct script_step){ NULL, full, UK_OK };
	d = open_any(steps, n);
	/* 32768 bytes in pieces of 256 */
	desk_close_after(&d, 1 + 128);
}

/* More objects than there is room for: the first ones. */
static void too_many_objects(void **state)
{
	static char answer[70 * 0x80];
	const struct script_step steps[] = { { "00A40200 02 5032 00", "6A82",
						 UK_OK },
		{ "00A40000 02 5032 00", "6A82", UK_OK },
		{ "00A40200 02 5031 00", "6F04 8002 000C 9000", UK_OK },
		{ "00B00000 0C", "A40A 3008 0406 3F0050154404 9000", UK_OK },
		{ "00A40800 04 50154404 00", "6F04 8002 0AF0 9000", UK_OK },
		{ NULL, answer, UK_OK } };
	struct desk d;

	(void)state;
	for (int i = 0; i < 70; i++)
		strcat(answer, "3026 3011 0C0B4365727469666963617465 03020640"
			       "3003 040111 A10C 300A 300804063F0050153400");
	strcat(answer, "9000");
	d = ANY(steps);
	uk_channel_limit(d.ch, (struct uk_limits){ 255, 4096, false });
	expect_ok(uk_card_load_objects(d.card));
	assert_int_equal(d.card->object_count, UK_OBJECTS_MAX);
	desk_close(&d);
}

/* --- PINs of IsoApplet ------------------------------------------------------
 */

#define PAD10  "00000000000000000000"
#define PIN16  "343832393135" PAD10
#define NEW16  "31323334000000000000000000000000"
#define VERIFY "00200001 10 "
#define PUK16  "37333531393430323733353139343032"

static void pins(void **state)
{
	const struct script_step steps[] = { OPEN_1,
		{ VERIFY PIN16, "63C2", UK_OK },
		{ VERIFY PIN16, "63C0", UK_OK },
		{ "002C0001 20" PUK16 NEW16, "63C4", UK_OK },
		{ "002C0001 20" PUK16 NEW16, "9000", UK_OK },
		{ VERIFY NEW16, "9000", UK_OK },
		/* after CHANGE the new PIN is verified at once */
		{ "00240001 20" NEW16 PIN16, "9000", UK_OK },
		{ VERIFY PIN16, "9000", UK_OK },
		/* logging out is selecting again */
		{ "00A40400 0C F276A288BCFBA69D34F31001 00", "9000", UK_OK },
		{ "00240001 20" PIN16 NEW16, "9000", UK_OK },
		{ "00200001", "63C3", UK_OK }, { "00200001", "63C0", UK_OK } };
	struct desk d = ISO(steps);
	uk_pin pin = pin_of("482915"), new = pin_of("1234");
	uk_pin puk = pin_of("7351940273519402"), bad = pin_of("12345678");
	uk_pin none = { 0, { 0 } };
	uk_pin_state s;

	(void)state;
	/* CVE-2023-40660: nothing that cannot be a PIN is sent */
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, &none), UK_ERR_PIN_LENGTH);
	expect_code(
	    uk_card_verify(d.card, UK_PIN_SO, &puk), UK_ERR_UNSUPPORTED);
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, &pin), UK_ERR_PIN_WRONG);
	assert_int_equal(d.card->pins[0].tries_left, 2);
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, &pin), UK_ERR_PIN_BLOCKED);
	assert_int_equal(d.card->pins[0].tries_left, 0);
	expect_code(uk_card_unblock(d.card, &bad, &new), UK_ERR_PIN_LENGTH);
	expect_code(uk_card_unblock(d.card, &puk, &new), UK_ERR_PIN_WRONG);
	expect_ok(uk_card_unblock(d.card, &puk, &new));
	expect_ok(uk_card_verify(d.card, UK_PIN_USER, &new));
	expect_ok(uk_card_change_pin(d.card, UK_PIN_USER, &new, &pin));
	expect_ok(uk_card_logout(d.card));
	/* nobody is logged in: it stays so */
	expect_ok(uk_card_change_pin(d.card, UK_PIN_USER, &pin, &new));
	expect_ok(uk_card_pin_state(d.card, UK_PIN_USER, &s));
	assert_int_equal(s.tries_left, 3);
	expect_ok(uk_card_pin_state(d.card, UK_PIN_USER, &s));
	assert_int_equal(s.tries_left, 0);
	desk_close(&d);
}

/* --- signatures -------------------------------------------------------------
 */

static const uk_object rsa_0 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_RSA,
	.key_bits = 2048,
	.ref = 0x501500 };
static const uk_object ec_1 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_P256,
	.key_bits = 256,
	.ref = 0x501501 };

#define MSE(alg, ref) "002241B6 06 8001" alg "8401" ref
#define INFO256       "3031300D060960864801650304020105000420"

/* The environment stays: the second signature is one command. */
static void signatures(void **state)
{
	const struct script_step steps[] = { OPEN_1,
		{ MSE("11", "00"), "9000", UK_OK },
		{ "002A9E9A 33 " INFO256 HASH32 "00", SIG256 "9000", UK_OK },
		{ "002A9E9A 33 " INFO256 HASH32 "00", SIG256 "9000", UK_OK },
		{ MSE("21", "01"), "9000", UK_OK },
		{ "002A9E9A 20 " HASH32 "00", "3006 020101 020102 9000",
		    UK_OK },
		{ MSE("12", "00"), "9000", UK_OK },
		{ "002A9E9A 20 " HASH32 "00", "6982", UK_OK },
		/* it failed: what the card has been told is not certain */
		{ MSE("12", "00"), "9000", UK_OK },
		{ "002A9E9A 20 " HASH32 "00", "5A 9000", UK_OK } };
	struct desk d = ISO(steps);
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	struct uk_sign_request r = { &rsa_0, UK_SIG_PKCS1, UK_HASH_SHA256,
		hex(INFO256 HASH32) };

	(void)state;
	for (int i = 0; i < 2; i++) {
		sig.len = 0;
		expect_ok(uk_card_sign(d.card, &r, &sig));
		expect_bytes(uk_buf_view(&sig), hex(SIG256));
	}
	r = (struct uk_sign_request){ &ec_1, UK_SIG_ECDSA, UK_HASH_SHA256,
		hex(HASH32) };
	sig.len = 0;
	expect_ok(uk_card_sign(d.card, &r, &sig));
	assert_int_equal(sig.len, 64);
	assert_int_equal(room[31], 1);
	assert_int_equal(room[63], 2);
	r.key = &rsa_0;
	r.scheme = UK_SIG_PSS;
	sig.len = 0;
	expect_code(uk_card_sign(d.card, &r, &sig), UK_ERR_NOT_LOGGED_IN);
	expect_code(uk_card_sign(d.card, &r, &sig), UK_ERR_CARD_MUTE);
	assert_int_equal(sig.len, 0);
	desk_close(&d);
}

/* Version 0 would hash what it is given once more. */
static void hash_on_the_card(void **state)
{
	const struct script_step steps[] = { { SELECT_FID("5032"), "6A82",
	    UK_OK } };
	struct uk_sign_request r = { &ec_1, UK_SIG_ECDSA, UK_HASH_SHA256,
		hex(HASH32) };
	struct desk d;

	(void)state;
	expect_ok(
	    open_aid(&d, UK_ARRAY(uk_isoapplet_aid), "000606", SCRIPT(steps)));
	assert_false(uk_card_can_sign(d.card, &r));
	r = (struct uk_sign_request){ &rsa_0, UK_SIG_PKCS1, UK_HASH_SHA256,
		hex(INFO256 HASH32) };
	assert_true(uk_card_can_sign(d.card, &r));
	r.scheme = UK_SIG_PSS;
	r.input = hex(HASH32);
	assert_false(uk_card_can_sign(d.card, &r)); /* no such feature */
	desk_close(&d);
}

/* --- failures ---------------------------------------------------------------
 */

static const struct script_step everything[] = { OPEN_1, LIST_1,
	FILE_STEPS("4403", "005F", "5F", PUKDF_RSA PUKDF_EC ZEROS8),
	FILE_STEPS("3301", "0043", "43", "0441 04" N64),
	{ VERIFY PIN16, "9000", UK_OK }, { MSE("21", "01"), "9000", UK_OK },
	{ "002A9E9A 20 " HASH32 "00", "3006 020101 020102 9000", UK_OK } };
enum { EVERYTHING = sizeof(everything) / sizeof(everything[0]) };

static uk_err do_everything(void *arg, unsigned nth)
{
	uk_link *script = script_link(everything, EVERYTHING);
	uk_link *link = broken_link(&script, nth, *(enum uk_code *)arg);
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	struct uk_sign_request r = { &ec_1, UK_SIG_ECDSA, UK_HASH_SHA256,
		hex(HASH32) };
	uk_pin pin = pin_of("482915");
	uk_public_key k;
	struct desk d;
	uk_err err = open_aid(&d, UK_ARRAY(uk_isoapplet_aid), "", link);

	if (!uk_is_ok(err))
		return err;
	err = uk_card_load_objects(d.card);
	if (uk_is_ok(err))
		err = uk_card_read_public(d.card, &d.card->objects[1], &k);
	if (uk_is_ok(err))
		err = uk_card_verify(d.card, UK_PIN_USER, &pin);
	if (uk_is_ok(err))
		err = uk_card_sign(d.card, &r, &sig);
	desk_close(&d);
	return err;
}

static uk_err do_everything_untouched(void *arg)
{
	return do_everything(arg, 0);
}

static void survives_the_loss_of_the_card(void **state)
{
	enum uk_code code = UK_ERR_CARD_REMOVED;

	(void)state;
	assert_int_equal(
	    fail_every_exchange(do_everything, &code, UK_ERR_CARD_REMOVED),
	    EVERYTHING);
}

static void survives_the_loss_of_memory(void **state)
{
	enum uk_code code = UK_OK;

	(void)state;
	assert_true(fail_every_allocation(do_everything_untouched, &code) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1),
		cmocka_unit_test(version_0),
		cmocka_unit_test(no_version),
		cmocka_unit_test(a_card_with_a_directory),
		cmocka_unit_test(listing),
		cmocka_unit_test(empty_card),
		cmocka_unit_test(another_layout),
		cmocka_unit_test(public_keys),
		cmocka_unit_test(certificates),
		cmocka_unit_test(any_card),
		cmocka_unit_test(cve_2021_42782_pin_entries),
		cmocka_unit_test(cve_2021_42778_token_info),
		cmocka_unit_test(cve_2020_26570_file_lengths),
		cmocka_unit_test(too_many_objects),
		cmocka_unit_test(pins),
		cmocka_unit_test(signatures),
		cmocka_unit_test(hash_on_the_card),
		cmocka_unit_test(survives_the_loss_of_the_card),
		cmocka_unit_test(survives_the_loss_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
