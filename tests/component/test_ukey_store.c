/* U-key: storing, renaming and destroying. Command bytes and entries by hand
 * from docs/card-profile.md, section 2, and ISO/IEC 7816-15, 8.2 to 8.8. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "ukey_script.h"

#include <stdio.h>
#include <string.h>

#define SELECT_4331   "00A40204 02 4331 00"
#define FCP(len, cap) "6208 8002" len "8102" cap "9000"
#define CERT          "3003020101"

/* The last five of every successful change. */
#define RELOAD(prkdf, pukdf, cdf, dodf)                                        \
	{ GET_STATUS, STATUS_8, UK_OK }, { READ_PRKDF, prkdf "9000", UK_OK },  \
	    { READ_PUKDF, pukdf "9000", UK_OK },                               \
	    { READ_CDF, cdf "9000", UK_OK },                                   \
	{                                                                      \
		READ_DODF, dodf "9000", UK_OK                                  \
	}

static const uint8_t id_login[] = { 0xb1, 0xb2, 0xb3, 0xb4 };
static const uint8_t id_other[] = { 0x77 };

static uk_err store(struct desk *d, enum uk_object_kind kind, const char *label,
    uk_bytes id, const char *value, size_t *at)
{
	const struct uk_new_object what = { .kind = kind,
		.label = label,
		.id = id,
		.application = kind == UK_OBJ_DATA ? "notes" : NULL,
		.value = hex(value) };

	return uk_card_store(d->card, &what, at);
}

#define STORE_LOGIN(d, at)                                                     \
	store(d, UK_OBJ_CERTIFICATE, "login", UK_ARRAY(id_login), CERT, at)

/* --- certificates -------------------------------------------------------- */

/* "login", modifiable. */
#define NEW_LOGIN(fid)                                                         \
	"301F 300B 0C056C6F67696E 03020640 3006 0404B1B2B3B4"                  \
	"     A108 3006 30040402" fid

static void the_first_certificate_of_key_01_is_4331(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ READ_CDF, "9000", UK_OK },
		{ SELECT_4331, "6A82", UK_OK },
		{ "00E00000 0D 620B 83024331 81020200 880158", "9000", UK_OK },
		{ SELECT_4331, FCP("0000", "0200"), UK_OK },
		{ "00D60000 05" CERT, "9000", UK_OK },
		{ "00D68400 21" NEW_LOGIN("4331"), "9000", UK_OK },
		RELOAD(PRKEY_1, "", NEW_LOGIN("4331"), ""),
	};
	struct desk d = DESK(steps);
	size_t at;

	(void)state;
	expect_ok(STORE_LOGIN(&d, &at));
	assert_int_equal(at, 1);
	assert_int_equal(d.card->objects[at].ref, 0x4331);
	assert_true(d.card->objects[at].modifiable);
	desk_close_after(&d, 13);
}

/* The name stays, so the directory does; what was behind the end is cut. */
static void a_certificate_is_replaced_where_it_is(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ READ_CDF, CDF, UK_OK },
		{ SELECT_4331, FCP("0010", "0010"), UK_OK },
		{ "00D60000 05" CERT, "9000", UK_OK },
		{ "000E0005", "9000", UK_OK },
		RELOAD(PRKEY_1 PRKEY_2, "", CDF_CERT_1 CDF_CERT_2, ""),
	};
	struct desk d = DESK(steps);
	size_t at;

	(void)state;
	expect_ok(STORE_LOGIN(&d, &at));
	assert_int_equal(at, 2);
	desk_close_after(&d, 11);
}

/* Its file is too small: the new one is written elsewhere and listed in its
 * place; then the old one goes. What stands behind it stays. */
static void a_longer_certificate_moves(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ READ_CDF, CDF, UK_OK },
		{ SELECT_4331, FCP("0004", "0004"), UK_OK },
		{ "00E00000 0D 620B 83024333 81020200 880168", "9000", UK_OK },
		{ "00A40204 02 4333 00", FCP("0000", "0200"), UK_OK },
		{ "00D60000 05" CERT, "9000", UK_OK },
		{ "00D68400 41" NEW_LOGIN("4333") CDF_CERT_2, "9000", UK_OK },
		{ "00E40200 02 4331", "9000", UK_OK },
		RELOAD(PRKEY_1, "", NEW_LOGIN("4333") CDF_CERT_2, ""),
	};
	struct desk d = DESK(steps);
	size_t at;

	(void)state;
	expect_ok(STORE_LOGIN(&d, &at));
	assert_int_equal(d.card->objects[at].ref, 0x4333);
	desk_close_after(&d, 14);
}

/* The card has no room: the file that was begun goes again. */
static void a_file_that_cannot_be_listed_goes(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ READ_CDF, CDF, UK_OK },
		{ "00E00000 0D 620B 83024333 81020200 880168", "9000", UK_OK },
		{ "00A40204 02 4333 00", FCP("0000", "0200"), UK_OK },
		{ "00D60000 05" CERT, "9000", UK_OK },
		{ NULL, "6A84", UK_OK },
		{ READ_CDF, CDF, UK_OK },
		{ "00E40200 02 4333", "9000", UK_OK },
		{ GET_STATUS, STATUS_8, UK_OK },
	};
	struct desk d = DESK(steps);
	size_t at;

	(void)state;
	expect_code(
	    store(&d, UK_OBJ_CERTIFICATE, "o", UK_ARRAY(id_other), CERT, &at),
	    UK_ERR_CARD_STATUS);
	desk_close_after(&d, 10);
}

/* 300 bytes through a card that takes 255: one chain, one command to it. */
static void long_contents_go_in_a_chain(void **state)
{
	static char value[2 * 300 + 1], first[2 * 260 + 1], last[2 * 60 + 1];
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_SHORT, UK_OK },
		{ "00B08200 00", "9000", UK_OK },
		{ "00B08400 00", "9000", UK_OK },
		{ "00E00000 0D 620B 83024333 81020200 880168", "9000", UK_OK },
		{ "00A40204 02 4333 00", FCP("0000", "0200"), UK_OK },
		{ first, "9000", UK_OK },
		{ last, "6581", UK_OK },
		{ "00B08400 00", "9000", UK_OK },
		{ "00E40200 02 4333", "9000", UK_OK },
		{ GET_STATUS, STATUS_8, UK_OK },
	};
	struct desk d;
	size_t at;

	(void)state;
	memset(value, 'A', 600);
	snprintf(first, sizeof(first), "10D60000FF%.510s", value);
	snprintf(last, sizeof(last), "00D600002D%.90s", value);
	d = DESK(steps);
	expect_code(
	    store(&d, UK_OBJ_CERTIFICATE, "o", UK_ARRAY(id_other), value, &at),
	    UK_ERR_CARD_STATUS);
	desk_close_after(&d, 10);
}

/* --- data ---------------------------------------------------------------- */

#define NOTE                                                                   \
	"301D 300A 0C046E6F7465 03020640 3007 0C056E6F746573"                  \
	"     A106 30040402 4501"
#define CREATE_4501 "00E00000 0A 6208 83024501 81020200"
#define SELECT_4501 "00A40204 02 4501 00"

/* A file that nobody lists is in the way of nobody. */
static void data_are_stored_and_read(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_DODF, "9000", UK_OK },
		{ CREATE_4501, "6A89", UK_OK },
		{ "00E40200 02 4501", "9000", UK_OK },
		{ CREATE_4501, "9000", UK_OK },
		{ SELECT_4501, FCP("0000", "0200"), UK_OK },
		{ "00D60000 03 010203", "9000", UK_OK },
		{ "00D68500 1F" NOTE, "9000", UK_OK },
		RELOAD("", "", "", NOTE),
		{ SELECT_4501, FCP("0003", "0200"), UK_OK },
		{ "00B00000 000000", "010203 9000", UK_OK },
	};
	struct desk d = DESK(steps);
	uk_blob value = { NULL, 0 };
	size_t at;

	(void)state;
	expect_ok(store(&d, UK_OBJ_DATA, "note", UK_NONE, "010203", &at));
	assert_string_equal(d.card->objects[at].application, "notes");
	assert_int_equal(d.card->objects[at].ref, 0x4501);
	expect_ok(uk_card_read_object(d.card, &d.card->objects[at], &value));
	expect_bytes(uk_blob_view(&value), hex("010203"));
	uk_blob_free(&value);
	desk_close_after(&d, 15);
}

#define FCI_1_1                                                                \
	"6F28 8408F0756B65792E3031 A51C 80020101 8108" SERIAL                  \
	"820400000007 8300 8404FFFFFFFF 9000"
/* private and modifiable, authId 01 */
#define SECRET                                                                 \
	"3020 300D 0C046E6F7465 030206C0 040101 3007 0C056E6F746573"           \
	"     A106 30040402 4601"
#define SELECT_4601 "00A40204 02 4601 00"

/* They have files of their own, which the card opens after login only. */
static void private_data_are_stored_and_read(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_1_1, UK_OK },
		{ READ_DODF, NOTE "9000", UK_OK },
		{ "00E00000 0A 6208 83024601 81020200", "9000", UK_OK },
		{ SELECT_4601, FCP("0000", "0200"), UK_OK },
		{ "00D60000 03 010203", "9000", UK_OK },
		{ "00D68500 41" NOTE SECRET, "9000", UK_OK },
		RELOAD("", "", "", NOTE SECRET),
		{ SELECT_4601, FCP("0003", "0200"), UK_OK },
		{ "00B00000 000000", "010203 9000", UK_OK },
		{ SELECT_4601, "6982", UK_OK },
	};
	struct desk d = DESK(steps);
	const struct uk_new_object what = { .kind = UK_OBJ_DATA,
		.label = "note",
		.application = "notes",
		.is_private = true,
		.value = hex("010203") };
	uk_blob value = { NULL, 0 };
	size_t at;

	(void)state;
	expect_ok(uk_card_store(d.card, &what, &at));
	assert_true(d.card->objects[at].is_private);
	assert_int_equal(d.card->objects[at].ref, 0x4601);
	assert_false(d.card->objects[at - 1].is_private);
	expect_ok(uk_card_read_object(d.card, &d.card->objects[at], &value));
	expect_bytes(uk_blob_view(&value), hex("010203"));
	expect_code(uk_card_read_object(d.card, &d.card->objects[at], &value),
	    UK_ERR_NOT_LOGGED_IN);
	uk_blob_free(&value);
	desk_close_after(&d, 14);
}

/* --- public keys --------------------------------------------------------- */

#define SPKI_CONTENT(curve)                                                    \
	"3013 06072A8648CE3D0201 0608" curve "034200 04" SIG64
#define P256_OID "2A8648CE3D030107"
#define SM2_OID  "2A811CCF5501822D"

static void a_public_key_stands_alone(void **state)
{
	/* Not native: the card does nothing with it. */
#define ALONE                                                                  \
	"A08182 300C 0C06667269656E64 03020640"                                \
	"       300D 040177 030100 010100 03020640"                            \
	"       A163 3061 A05B A159" SPKI_CONTENT(P256_OID) "02020100"
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ READ_PUKDF, "9000", UK_OK },
		{ "00D68300 85" ALONE, "9000", UK_OK },
		RELOAD(PRKEY_1, ALONE, "", ""),
		{ READ_PUKDF, ALONE "9000", UK_OK },
		/* the half of a pair is on the card already */
		{ READ_PRKDF, PRKDF, UK_OK },
	};
	struct desk d = DESK(steps);
	uk_public_key k;
	size_t at;

	(void)state;
	expect_ok(store(&d, UK_OBJ_PUBLIC_KEY, "friend", UK_ARRAY(id_other),
	    "3059" SPKI_CONTENT(P256_OID), &at));
	assert_int_equal(d.card->objects[at].kind, UK_OBJ_PUBLIC_KEY);
	assert_int_equal(d.card->objects[at].key_bits, 256);
	assert_false(d.card->objects[at].is_private);
	expect_ok(uk_card_read_public(d.card, &d.card->objects[at], &k));
	assert_int_equal(k.type, UK_KEY_P256);
	expect_bytes(uk_view(k.point, k.point_len), hex("04" SIG64));
	expect_code(store(&d, UK_OBJ_PUBLIC_KEY, "me", UK_ARRAY(id_login),
			"3059" SPKI_CONTENT(P256_OID), &at),
	    UK_ERR_EXISTS);
	desk_close_after(&d, 11);
}

/* Key 02, which the directory of private keys calls P-256, is on SM2; an entry
 * whose private key is not there (keyReference 05) is nobody's. */
static void sm2_is_told_by_the_public_key(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ READ_PUKDF,
		    "A07E 3006 0C0474657374"
		    "       3011 0404A1A2A3A4 03020106 03020640 020102"
		    "       A161 305F A05B A159" SPKI_CONTENT(
			SM2_OID) "0500"
				 "A07E 3006 0C0474657374"
				 "       3011 040401020304 03020106 03020640 "
				 "020105"
				 "       A161 305F A05B A159" SPKI_CONTENT(
				     SM2_OID) "0500"
					      "9000",
		    UK_OK },
		{ READ_CDF, "9000", UK_OK },
		{ READ_DODF, "9000", UK_OK },
	};
	struct desk d = DESK(steps);

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	assert_int_equal(d.card->object_count, 2);
	assert_int_equal(d.card->objects[0].key_type, UK_KEY_RSA);
	assert_int_equal(d.card->objects[1].key_type, UK_KEY_SM2);
	desk_close_after(&d, 5);
}

/* --- what is refused ----------------------------------------------------- */

static void what_cannot_be_is_not_sent(void **state)
{
	static const uint8_t der[] = { 0x30, 0x00 }, long_value[32768];
	static const struct {
		struct uk_new_object what;
		enum uk_code code;
	} rows[] = {
		{ { .kind = UK_OBJ_DATA, .value = { der, 2 }, .is_private = 1 },
		    UK_ERR_UNSUPPORTED },
		{ { .kind = UK_OBJ_CERTIFICATE,
		      .value = { der, 2 },
		      .is_private = 1 },
		    UK_ERR_UNSUPPORTED },
		{ { .kind = UK_OBJ_PRIVATE_KEY, .value = { der, 2 } },
		    UK_ERR_ARGUMENT },
		{ { .kind = UK_OBJ_CERTIFICATE }, UK_ERR_ARGUMENT },
		{ { .kind = UK_OBJ_CERTIFICATE,
		      .value = { long_value, 32768 } },
		    UK_ERR_ARGUMENT },
		{ { .kind = UK_OBJ_DATA, .value = { long_value, 32768 } },
		    UK_ERR_ARGUMENT },
		{ { .kind = UK_OBJ_DATA, .label = "\xff" }, UK_ERR_ARGUMENT },
		{ { .kind = UK_OBJ_DATA, .application = "\xff" },
		    UK_ERR_ARGUMENT },
		{ { .kind = UK_OBJ_CERTIFICATE,
		      .value = { der, 2 },
		      .id = { long_value, 33 } },
		    UK_ERR_ARGUMENT },
		{ { .kind = UK_OBJ_PUBLIC_KEY, .value = { der, 2 } },
		    UK_ERR_FORMAT },
		{ { .kind = UK_OBJ_PUBLIC_KEY }, UK_ERR_FORMAT },
	};
	const struct script_step steps[] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	struct desk d = DESK(steps);
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_code(
		    uk_card_store(d.card, &rows[i].what, &at), rows[i].code);
	expect_code(uk_card_destroy(d.card, &key_1), UK_ERR_UNSUPPORTED);
	expect_code(uk_card_destroy(d.card, &key_2), UK_ERR_UNSUPPORTED);
	expect_code(
	    uk_card_rename(d.card, &key_1, "\xff", UK_NONE), UK_ERR_ARGUMENT);
	desk_close_after(&d, 1);
}

/* Half an entry at the end, or a tag that DER objects here do not have. */
static void a_bad_directory_is_never_rewritten(void **state)
{
	static const char *const bad[] = { CDF_CERT_1 "3010 9000",
		"1F8101 00 9000", "30800000 9000" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct script_step steps[] = {
			{ SELECT_UKEY, FCI_GOOD, UK_OK },
			{ READ_PRKDF, PRKDF, UK_OK },
			{ READ_CDF, bad[i], UK_OK },
			{ GET_STATUS, STATUS("03") "9000", UK_OK },
		};
		struct desk d = DESK(steps);
		size_t at;

		expect_code(STORE_LOGIN(&d, &at), UK_ERR_FORMAT);
		desk_close_after(&d, 4);
	}
}

/* --- destroying and renaming --------------------------------------------- */

/* Other people's fields: accessControlRules and an unknown [7] among the common
 * attributes, a hash and an unknown [9] among those of the certificate, and an
 * object of a type that we do not know. */
#define STRANGE(label, common, id, class, whole)                               \
	"30" whole "30" common label "03020640 3005 30030A0101 8701AA"         \
	"30" class id "0101FF 890155 A108 3006 30040402 4334"
#define UNKNOWN "A305 0C03787878"

static const uk_object strange = {
	.kind = UK_OBJ_CERTIFICATE, .id = { 0x77 }, .id_len = 1, .ref = 0x4334
};

static void renaming_keeps_what_it_does_not_know(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_CDF,
		    UNKNOWN STRANGE("0C026F6C", "12", "040177", "09", "29")
			CDF_CERT_1 "9000",
		    UK_OK },
		{ "00D68400 52" UNKNOWN STRANGE(
		      "0C046E657721", "14", "0402AABB", "0A", "2C") CDF_CERT_1,
		    "9000", UK_OK },
		RELOAD("", "", "", ""),
	};
	struct desk d = DESK(steps);
	static const uint8_t id[] = { 0xaa, 0xbb };

	(void)state;
	expect_ok(uk_card_rename(d.card, &strange, "new!", UK_ARRAY(id)));
	desk_close_after(&d, 8);
}

/* Shorter than before: zeros over the rest, then the cut. */
static void destroying_leaves_the_others_alone(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_CDF, UNKNOWN CDF_CERT_1 CDF_CERT_2 "9000", UK_OK },
		{ "00D68400 44" UNKNOWN CDF_CERT_2
		  "0000000000000000000000000000"
		  "000000000000000000000000000000",
		    "9000", UK_OK },
		{ "000E0027", "9000", UK_OK },
		{ "00E40200 02 4331", "6A82", UK_OK },
		RELOAD("", "", UNKNOWN CDF_CERT_2, ""),
	};
	struct desk d = DESK(steps);
	const uk_object cert = { .kind = UK_OBJ_CERTIFICATE,
		.id = { 0xb1, 0xb2, 0xb3, 0xb4 },
		.id_len = 4,
		.ref = 0x4331 };

	(void)state;
	expect_ok(uk_card_destroy(d.card, &cert));
	assert_int_equal(d.card->object_count, 1);
	desk_close_after(&d, 10);
}

/* The object that the caller means is not there any more; another one took its
 * place. */
static void another_object_is_not_destroyed_instead(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_CDF, CDF, UK_OK },
		{ GET_STATUS, STATUS_8, UK_OK },
	};
	struct desk d = DESK(steps);
	const uk_object cert = { .kind = UK_OBJ_CERTIFICATE,
		.id = { 0x01 },
		.id_len = 1,
		.ref = 0x4331 };

	(void)state;
	d.card->loaded = true;
	expect_code(uk_card_destroy(d.card, &cert), UK_ERR_NOT_FOUND);
	assert_false(d.card->loaded);
	desk_close_after(&d, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_certificate_of_key_01_is_4331),
		cmocka_unit_test(a_certificate_is_replaced_where_it_is),
		cmocka_unit_test(a_longer_certificate_moves),
		cmocka_unit_test(a_file_that_cannot_be_listed_goes),
		cmocka_unit_test(long_contents_go_in_a_chain),
		cmocka_unit_test(data_are_stored_and_read),
		cmocka_unit_test(private_data_are_stored_and_read),
		cmocka_unit_test(a_public_key_stands_alone),
		cmocka_unit_test(sm2_is_told_by_the_public_key),
		cmocka_unit_test(what_cannot_be_is_not_sent),
		cmocka_unit_test(a_bad_directory_is_never_rewritten),
		cmocka_unit_test(renaming_keeps_what_it_does_not_know),
		cmocka_unit_test(destroying_leaves_the_others_alone),
		cmocka_unit_test(another_object_is_not_destroyed_instead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
