/* U-key: finding the card, its facts, its directory, its files and public keys.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "ukey_script.h"

#include <stdio.h>
#include <string.h>

/* --- SELECT -------------------------------------------------------------- */

static void select_tells_who_it_is(void **state)
{
	const struct script_step steps[] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	struct desk d = DESK(steps);
	const uk_card_info *info = &d.card->info;
	struct uk_limits limits = uk_channel_limits(d.ch);

	(void)state;
	assert_string_equal(info->kind, "ukey");
	assert_string_equal(info->model, "U-key 1.0");
	assert_string_equal(info->label, "Test");
	expect_bytes(uk_view(info->serial, info->serial_len), hex(SERIAL));
	assert_int_equal(info->content_version, 7);
	assert_true(info->bank_proof);
	assert_int_equal(info->pin_min, 4);
	assert_int_equal(info->pin_max, 16);
	assert_int_equal(info->so_pin_min, 8);
	assert_int_equal(d.card->pins[0].tries_left, 3);
	assert_int_equal(d.card->pins[0].tries_max, 3);
	assert_true(d.card->pins[0].is_set);
	assert_int_equal(d.card->pins[1].tries_left, 5);
	assert_int_equal(limits.max_command, 65535);
	assert_int_equal(limits.max_response, 65536);
	assert_true(limits.chaining);
	desk_close_after(&d, 1);
}

static void select_tells_what_is_not_set(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY,
		    "6F2E 8408F0756B65792E3031 8A0101 A51F 80020107"
		    "8108" SERIAL "820400000001 8306 810000 830500 9F7F00 9000",
		    UK_OK },
	};
	struct desk d = DESK(steps);

	(void)state;
	assert_string_equal(d.card->info.model, "U-key 1.7");
	assert_string_equal(d.card->info.label, "U-key");
	assert_false(d.card->pins[0].is_set);
	assert_true(d.card->pins[1].is_set);
	assert_int_equal(d.card->pins[1].tries_left, 0);
	assert_int_equal(uk_channel_limits(d.ch).max_command, 255);
	desk_close(&d);
}

/* A card that is not ours, or only pretends, costs one command and no crash. */
static void everything_else_is_a_card_unknown(void **state)
{
	static const char *const answers[] = {
		"6A82",
		"6D00",
		"6E00",
		"6999",
		"6283",
		"6982",
		"63C0",
		"9000",
		"6F00 9000",
		"0102 9000",
		/* another application's FCI */
		"6F0A 8408A000000151000000 9000",
		/* right name, no template */
		"6F0A 8408F0756B65792E3031 9000",
		/* major 02 */
		"6F22 8408F0756B65792E3031 A516 80020200 8108" SERIAL
		"820400000001 8300 9000",
		/* seven bytes of serial number */
		"6F21 8408F0756B65792E3031 A515 80020100 8107 01020304050607"
		"820400000001 8300 9000",
		/* no serial number */
		"6F18 8408F0756B65792E3031 A50C 80020100 820400000001 8300"
		"9000",
		/* more tries left than there are */
		"6F25 8408F0756B65792E3031 A519 80020100 8108" SERIAL
		"820400000001 8303 810304 9000",
		/* half a counter */
		"6F24 8408F0756B65792E3031 A518 80020100 8108" SERIAL
		"820400000001 8302 8103 9000",
		/* label with an escape, then one that is not UTF-8 */
		"6F25 8408F0756B65792E3031 A519 80020100 8108" SERIAL
		"820400000001 8300 50011B 9000",
		"6F25 8408F0756B65792E3031 A519 80020100 8108" SERIAL
		"820400000001 8300 5001C0 9000",
		/* template longer than its parent; length bytes cut off */
		"6F22 8408F0756B65792E3031 A57F 80020100 8108" SERIAL
		"820400000001 8300 9000",
		"6F82 9000",
		/* garbage behind the last object */
		"6F23 8408F0756B65792E3031 A517 80020100 8108" SERIAL
		"820400000001 8300 81 9000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct script_step steps[] = { { SELECT_UKEY, answers[i],
						   UK_OK },
			{ NULL, "6A82", UK_OK }, { NULL, "6A82", UK_OK } };
		struct desk d;
		uk_err err = desk_open_broken(&d, steps, 3, 0, UK_OK);

		if (!uk_is(err, UK_ERR_CARD_UNKNOWN))
			print_error("answer %zu\n", i);
		expect_code(err, UK_ERR_CARD_UNKNOWN);
		/* and the other applications were asked for */
		assert_in_range(script_log.commands, 2, 3);
	}
}

static void a_broken_way_is_not_an_unknown_card(void **state)
{
	const struct script_step steps[] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	static const enum uk_code codes[] = { UK_ERR_CARD_REMOVED,
		UK_ERR_CARD_RESET, UK_ERR_CARD_MUTE, UK_ERR_NO_SERVICE };
	struct desk d;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		expect_code(
		    desk_open_broken(&d, steps, 1, 1, codes[i]), codes[i]);
}

/* --- reselect ------------------------------------------------------------ */

static void reselect_knows_the_card_again(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ SELECT_UKEY, FCI(STATUS("02")), UK_OK },
		/* content version 8 */
		{ SELECT_UKEY,
		    "6F22 8408F0756B65792E3031 A516 80020100 8108" SERIAL
		    "820400000008 8300 9000",
		    UK_OK },
		/* another serial number */
		{ SELECT_UKEY,
		    "6F22 8408F0756B65792E3031 A516 80020100"
		    "8108 FF02030405060708 820400000008 8300 9000",
		    UK_OK },
		{ SELECT_UKEY, "6A82", UK_OK },
	};
	struct desk d = DESK(steps);

	(void)state;
	d.card->loaded = true;
	expect_ok(uk_card_reselect(d.card));
	assert_int_equal(d.card->pins[0].tries_left, 2);
	assert_true(d.card->loaded);
	expect_ok(uk_card_reselect(d.card));
	assert_false(d.card->loaded);
	expect_code(uk_card_reselect(d.card), UK_ERR_CARD_REMOVED);
	expect_bytes(uk_view(d.card->info.serial, 8), hex(SERIAL));
	expect_code(uk_card_reselect(d.card), UK_ERR_CARD_REMOVED);
	desk_close_after(&d, 5);
}

/* --- the directory ------------------------------------------------------- */

/* Profile, section 8: SELECT, four directories, one READ BINARY per
 * certificate. */
static void listing_everything_takes_seven_commands(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ READ_PUKDF, "9000", UK_OK },
		{ READ_CDF, CDF, UK_OK },
		{ READ_DODF, "9000", UK_OK },
		{ READ_CERT_1, "3003020101 9000", UK_OK },
		{ READ_CERT_2, "3003020102 9000", UK_OK },
	};
	struct desk d = DESK(steps);
	const uk_object *o;
	uk_blob cert = { NULL, 0 };

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	expect_ok(uk_card_load_objects(d.card)); /* nothing is sent */
	assert_int_equal(d.card->object_count, 4);
	o = d.card->objects;
	assert_int_equal(o[0].kind, UK_OBJ_PRIVATE_KEY);
	assert_string_equal(o[0].label, "login");
	expect_bytes(uk_view(o[0].id, o[0].id_len), hex("B1B2B3B4"));
	assert_int_equal(o[0].key_type, UK_KEY_RSA);
	assert_int_equal(o[0].key_bits, 2048);
	assert_int_equal(o[0].usage, UK_USE_SIGN);
	assert_int_equal(o[0].ref, 1);
	assert_false(o[0].always_auth);
	assert_true(o[0].is_private);
	assert_true(o[0].on_card);
	assert_string_equal(o[1].label, "transfer");
	assert_int_equal(o[1].key_type, UK_KEY_P256);
	assert_int_equal(o[1].key_bits, 256);
	assert_int_equal(o[1].usage, UK_USE_NON_REPUDIATION);
	assert_int_equal(o[1].ref, 2);
	assert_true(o[1].always_auth);
	assert_int_equal(o[2].kind, UK_OBJ_CERTIFICATE);
	expect_bytes(uk_view(o[2].id, o[2].id_len), hex("B1B2B3B4"));
	assert_int_equal(o[2].ref, 0x4331);
	assert_false(o[2].is_private);
	assert_int_equal(o[3].ref, 0x4332);

	expect_ok(uk_card_read_object(d.card, &o[2], &cert));
	expect_bytes(uk_blob_view(&cert), hex("3003020101"));
	expect_ok(uk_card_read_object(d.card, &o[3], &cert));
	expect_bytes(uk_blob_view(&cert), hex("3003020102"));
	expect_code(
	    uk_card_read_object(d.card, &o[0], &cert), UK_ERR_UNSUPPORTED);
	uk_blob_free(&cert);
	desk_close_after(&d, 7);
}

static void an_empty_card_has_no_objects(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, "9000", UK_OK },
		{ READ_PUKDF, "9000", UK_OK },
		{ READ_CDF, "9000", UK_OK },
		{ READ_DODF, "9000", UK_OK },
	};
	struct desk d = DESK(steps);

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	assert_int_equal(d.card->object_count, 0);
	assert_true(d.card->loaded);
	desk_close_after(&d, 5);
}

/* An RSA key of 1000 bits, a key with reference 0102, a certificate outside the
 * profile's files, one with a path of one byte. */
static void entries_outside_the_profile_are_left_out(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF,
		    "3031 300E 0C056C6F67696E 03020780 040101"
		    "     3011 0404B1B2B3B4 03020520 030203B8 020101"
		    "     A10C 300A 300404024402 020203E8"
		    "A039 3014 0C087472616E73666572 03020780 040101 020101"
		    "     3013 0404A1A2A3A4 0303060040 030203B8 02020102"
		    "     A10C 300A 300404024402 02020100" PRKEY_2 "9000",
		    UK_OK },
		{ READ_PUKDF, "6A82", UK_OK },
		{ READ_CDF,
		    "301B 3007 0C056C6F67696E 3006 0404B1B2B3B4"
		    "     A108 3006 300404024340"
		    "301A 3007 0C056C6F67696E 3006 0404B1B2B3B4"
		    "     A107 3005 3003040143" CDF_CERT_2 "9000",
		    UK_OK },
		{ READ_DODF, "6A82", UK_OK },
	};
	struct desk d = DESK(steps);

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	assert_int_equal(d.card->object_count, 2);
	assert_int_equal(d.card->objects[0].ref, 2);
	assert_int_equal(d.card->objects[1].ref, 0x4332);
	desk_close(&d);
}

static void a_bad_directory_changes_nothing(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ READ_PUKDF, "9000", UK_OK },
		{ READ_CDF, CDF, UK_OK },
		{ READ_DODF, "9000", UK_OK },
		{ READ_PRKDF, PRKEY_1 "3031 300E 0C05 9000", UK_OK },
		{ READ_PRKDF, "6A82", UK_OK },
	};
	struct desk d = DESK(steps);

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	d.card->loaded = false;
	expect_code(uk_card_load_objects(d.card), UK_ERR_FORMAT);
	expect_code(uk_card_load_objects(d.card), UK_ERR_NOT_FOUND);
	assert_false(d.card->loaded);
	assert_int_equal(d.card->object_count, 4);
	assert_string_equal(d.card->objects[3].label, "transfer");
	desk_close(&d);
}

/* 65 certificates of a hostile card: no 65th object is written anywhere. */
static void more_objects_than_we_can_hold_are_refused(void **state)
{
	static char cdf[65 * 2 * 40 + 8];
	struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, "9000", UK_OK },
		{ READ_PUKDF, "9000", UK_OK },
		{ READ_CDF, cdf, UK_OK },
	};
	struct desk d = DESK(steps);

	(void)state;
	for (int i = 0; i < 65; i++)
		strcat(cdf, CDF_CERT_1);
	strcat(cdf, "9000");
	expect_code(uk_card_load_objects(d.card), UK_ERR_FORMAT);
	desk_close(&d);
}

/* --- files in pieces ----------------------------------------------------- */

static const char *piece(size_t n)
{
	static char text[4][2 * 256 + 8];
	static unsigned at;
	char *t = text[at++ % 4];

	memset(t, '5', 2 * n);
	strcpy(t + 2 * n, "9000");
	return t;
}

static uk_err read_first_certificate(struct desk *d, size_t *n)
{
	static const uk_object cert = { .kind = UK_OBJ_CERTIFICATE,
		.ref = 0x4331 };
	uk_blob blob = { NULL, 0 };
	uk_err err = uk_card_read_object(d->card, &cert, &blob);

	*n = blob.n;
	uk_blob_free(&blob);
	return err;
}

static void short_readers_read_in_pieces_of_256(void **state)
{
	struct script_step steps[] = {
		{ SELECT_UKEY, FCI_SHORT, UK_OK },
		{ "00B08B0000", piece(256), UK_OK },
		{ "00B0010000", piece(256), UK_OK },
		{ "00B0020000", piece(44), UK_OK },
	};
	struct desk d = DESK(steps);
	size_t n;

	(void)state;
	expect_ok(read_first_certificate(&d, &n));
	assert_int_equal(n, 556);
	desk_close_after(&d, 4);
}

static void the_end_of_a_file_has_three_faces(void **state)
{
	static const char *const ends[] = { "9000", "6282", "6B00" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct script_step steps[] = {
			{ SELECT_UKEY, FCI_SHORT, UK_OK },
			{ "00B08B0000", piece(256), UK_OK },
			{ "00B0010000", ends[i], UK_OK },
		};
		struct desk d = DESK(steps);
		size_t n;

		expect_ok(read_first_certificate(&d, &n));
		assert_int_equal(n, 256);
		desk_close_after(&d, 3);
	}
}

static void a_file_without_end_is_refused(void **state)
{
	static struct script_step steps[1 + 128];
	struct desk d;
	size_t n;

	(void)state;
	for (size_t i = 0; i < 129; i++)
		steps[i] = (struct script_step){ NULL,
			i == 0 ? FCI_SHORT : piece(256), UK_OK };
	d = DESK(steps);
	expect_code(read_first_certificate(&d, &n), UK_ERR_FORMAT);
	desk_close_after(&d, 129); /* 128 pieces: 32 KiB */
}

static void an_empty_certificate_file_is_not_found(void **state)
{
	struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_CERT_1, "9000", UK_OK },
	};
	struct desk d = DESK(steps);
	size_t n;

	(void)state;
	expect_code(read_first_certificate(&d, &n), UK_ERR_NOT_FOUND);
	assert_int_equal(n, 0);
	desk_close(&d);
}

/* --- public keys --------------------------------------------------------- */

#define READ_PUBLIC_1 "00468100 000005 AC03840101 0000"
#define READ_PUBLIC_2 "00468100 05 AC03840102 00"

static void reads_public_keys(void **state)
{
	struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PUBLIC_1,
		    "7F49 82010A 81820100 C3" SIG256 "8203010001 9000", UK_OK },
		{ READ_PUBLIC_2, "7F49 43 8641 04" SIG64 "9000", UK_OK },
	};
	static char rsa[2 * 300];
	struct desk d;
	uk_public_key k;

	(void)state;
	/* 256 bytes of modulus: one byte C3, then 255 */
	snprintf(rsa, sizeof(rsa),
	    "7F49 820109 81820100 C3%.510s"
	    "8203010001 9000",
	    SIG256);
	steps[1].answer = rsa;
	d = DESK(steps);
	expect_ok(uk_card_read_public(d.card, &key_1, &k));
	assert_int_equal(k.type, UK_KEY_RSA);
	assert_int_equal(k.modulus_len, 256);
	assert_int_equal(k.modulus[0], 0xc3);
	expect_bytes(uk_view(k.exponent, k.exponent_len), hex("010001"));
	expect_ok(uk_card_read_public(d.card, &key_2, &k));
	assert_int_equal(k.type, UK_KEY_P256);
	expect_bytes(uk_view(k.point, k.point_len), hex("04" SIG64));
	desk_close_after(&d, 3);
}

/* "Status word good, fewer bytes than expected": CVE-2024-45615 and its kin. */
static void half_a_public_key_is_refused(void **state)
{
	static const struct {
		const uk_object *key;
		const char *answer;
	} rows[] = {
		{ &key_1, "9000" },
		{ &key_1, "7F4900 9000" },
		{ &key_1, "7F49 05 8101C3 8201 9000" },
		{ &key_1, "7F49 08 8103C30101 820103 9000" },
		{ &key_1, "7F49 05 8203010001 9000" },
		{ &key_1, "7F49 43 8641 04" SIG64 "9000" },
		{ &key_2, "9000" },
		{ &key_2, "7F4900 9000" },
		{ &key_2, "7F49 02 8600 9000" },
		{ &key_2, "7F49 03 860104 9000" },
		{ &key_2, "7F49 43 8641 02" SIG64 "9000" },
		{ &key_2, "7F49 42 8640" SIG64 "9000" },
		{ &key_2, "7F49 45 8641 04" SIG64 "9000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script_step steps[] = {
			{ SELECT_UKEY, FCI_GOOD, UK_OK },
			{ NULL, rows[i].answer, UK_OK },
		};
		struct desk d = DESK(steps);
		uk_public_key k;

		expect_code(uk_card_read_public(d.card, rows[i].key, &k),
		    UK_ERR_FORMAT);
		desk_close(&d);
	}
}

/* --- when things fail ---------------------------------------------------- */

static const struct script_step whole_session[] = {
	{ SELECT_UKEY, FCI_GOOD, UK_OK },
	{ READ_PRKDF, PRKDF, UK_OK },
	{ READ_PUKDF, "9000", UK_OK },
	{ READ_CDF, CDF, UK_OK },
	{ READ_DODF, "9000", UK_OK },
	{ READ_CERT_1, "3003020101 9000", UK_OK },
	{ "00200081 10 31323334 FFFFFFFFFFFFFFFFFFFFFFFF", "9000", UK_OK },
	{ "00882301 20" HASH32 "00", SIG256 "9000", UK_OK },
	{ "002241B6 06 800130840102", "9000", UK_OK },
	{ "00200082 10 31323334 FFFFFFFFFFFFFFFFFFFFFFFF", "9000", UK_OK },
	{ NULL, "9000", UK_OK },
};

/* Open, list, one certificate, login, one signature: eight commands. */
static uk_err session_steps(struct desk *d)
{
	uk_pin pin = pin_of("1234");
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	uk_blob cert = { NULL, 0 };
	struct uk_sign_request r = { .scheme = UK_SIG_PSS,
		.hash = UK_HASH_SHA256,
		.input = hex(HASH32) };
	uk_err err = uk_card_load_objects(d->card);

	if (uk_is_ok(err))
		err = uk_card_read_object(d->card, &d->card->objects[2], &cert);
	uk_blob_free(&cert);
	if (uk_is_ok(err))
		err = uk_card_verify(d->card, UK_PIN_USER, &pin);
	if (uk_is_ok(err)) {
		r.key = &d->card->objects[0];
		err = uk_card_sign(d->card, &r, &sig);
		assert_int_equal(sig.len, uk_is_ok(err) ? 256 : 0);
	}
	return err;
}

static uk_err session(void *failure, unsigned nth)
{
	struct desk d;
	uk_err err = desk_open_broken(&d, whole_session,
	    sizeof(whole_session) / sizeof(whole_session[0]), nth,
	    failure == NULL ? UK_OK : *(enum uk_code *)failure);

	if (uk_is_ok(err))
		err = session_steps(&d);
	desk_close(&d);
	return err;
}

static uk_err session_untouched(void *arg)
{
	return session(arg, 0);
}

static void survives_without_memory(void **state)
{
	(void)state;
	/* channel, card, object list, certificate; and the run that passes */
	assert_int_equal(fail_every_allocation(session_untouched, NULL), 5);
}

static void survives_the_loss_of_the_card_at_every_command(void **state)
{
	enum uk_code codes[] = { UK_ERR_CARD_REMOVED, UK_ERR_CARD_RESET,
		UK_ERR_CARD_MUTE, UK_ERR_NO_SERVICE };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    fail_every_exchange(session, &codes[i], codes[i]), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(select_tells_who_it_is),
		cmocka_unit_test(select_tells_what_is_not_set),
		cmocka_unit_test(everything_else_is_a_card_unknown),
		cmocka_unit_test(a_broken_way_is_not_an_unknown_card),
		cmocka_unit_test(reselect_knows_the_card_again),
		cmocka_unit_test(listing_everything_takes_seven_commands),
		cmocka_unit_test(an_empty_card_has_no_objects),
		cmocka_unit_test(entries_outside_the_profile_are_left_out),
		cmocka_unit_test(a_bad_directory_changes_nothing),
		cmocka_unit_test(more_objects_than_we_can_hold_are_refused),
		cmocka_unit_test(short_readers_read_in_pieces_of_256),
		cmocka_unit_test(the_end_of_a_file_has_three_faces),
		cmocka_unit_test(a_file_without_end_is_refused),
		cmocka_unit_test(an_empty_certificate_file_is_not_found),
		cmocka_unit_test(reads_public_keys),
		cmocka_unit_test(half_a_public_key_is_refused),
		cmocka_unit_test(survives_without_memory),
		cmocka_unit_test(
		    survives_the_loss_of_the_card_at_every_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
