/* U-key: making and importing keys. Command bytes and entries by hand from
 * docs/card-profile.md, sections 2 and 4, and ISO/IEC 7816-15, 8.4. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "ukey_script.h"

#include <stdio.h>
#include <string.h>

#define POINT "04" SIG64
/* "made", modifiable, C1C2, verify and derive, extractable and local, key 03,
 * [0] { [1] P-256 key }, 256 bits. */
#define SPKI_CONTENT "3013 06072A8648CE3D0201 06082A8648CE3D030107 034200" POINT
#define PUKEY_3                                                                \
	"A08183 300A 0C046D616465 03020640"                                    \
	"       3010 0402C1C2 0303070280 03020348 020103"                      \
	"       A163 3061 A05B A159" SPKI_CONTENT "02020100"
/* private too, authId 01, sign and derive, sensitive ... local */
#define PRKEY_3                                                                \
	"A02F 300D 0C046D616465 030206C0 040101"                               \
	"     3010 0402C1C2 0303072080 030203B8 020103"                        \
	"     A10C 300A 300404024402 02020100"
#define GENERATE_3   "00460000 0B AC09 800111 840103 950105 00"
#define UPDATE_PUKDF "00D68300 86" PUKEY_3
#define UPDATE_PRKDF "00D68200 9E" PRKEY_1 PRKEY_2 PRKEY_3
#define DELETE_3     "00DB3FFF 06 7F48 03 840103"

static const uint8_t id[] = { 0xc1, 0xc2 };

static const struct uk_new_object p256 = { .label = "made",
	.id = { id, 2 },
	/* decrypting is nothing that such a key does */
	.usage = UK_USE_SIGN | UK_USE_DERIVE | UK_USE_DECRYPT,
	.key_type = UK_KEY_P256 };

static const struct script_step making[] = {
	{ SELECT_UKEY, FCI_GOOD, UK_OK },
	{ READ_PRKDF, PRKDF, UK_OK },
	{ GENERATE_3, "7F49 43 8641" POINT "9000", UK_OK },
	{ READ_PUKDF, "9000", UK_OK },
	{ UPDATE_PUKDF, "9000", UK_OK },
	{ READ_PRKDF, PRKDF, UK_OK },
	{ UPDATE_PRKDF, "9000", UK_OK },
	{ GET_STATUS, STATUS_8, UK_OK },
	{ READ_PRKDF, PRKEY_1 PRKEY_2 PRKEY_3 "9000", UK_OK },
	{ READ_PUKDF, PUKEY_3 "9000", UK_OK },
	{ READ_CDF, CDF, UK_OK },
	{ READ_DODF, "9000", UK_OK },
};

enum { MAKING = sizeof(making) / sizeof(making[0]) };

static void generates_a_key_and_lists_it(void **state)
{
	struct desk d = DESK(making);
	const uk_object *o;
	size_t at;

	(void)state;
	expect_ok(uk_card_generate(d.card, &p256, &at));
	assert_int_equal(at, 2);
	o = &d.card->objects[at];
	assert_int_equal(o->ref, 3);
	assert_string_equal(o->label, "made");
	assert_int_equal(o->usage, UK_USE_SIGN | UK_USE_DERIVE);
	assert_true(o->is_private && o->modifiable && o->on_card);
	assert_false(o->always_auth);
	assert_int_equal(d.card->info.content_version, 8);
	assert_true(d.card->loaded);
	desk_close_after(&d, MAKING);
}

static uk_err make_once(void *failure, unsigned nth)
{
	struct desk d;
	size_t at;
	uk_err err = desk_open_broken(&d, making, MAKING, nth,
	    failure == NULL ? UK_OK : *(enum uk_code *)failure);

	if (uk_is_ok(err))
		err = uk_card_generate(d.card, &p256, &at);
	desk_close(&d);
	return err;
}

static uk_err make_untouched(void *arg)
{
	return make_once(arg, 0);
}

static void survives_everything(void **state)
{
	enum uk_code gone = UK_ERR_CARD_REMOVED;

	(void)state;
	/* channel, card, object list; and the run that passes */
	assert_int_equal(fail_every_allocation(make_untouched, NULL), 4);
	assert_int_equal(fail_every_exchange(make_once, &gone, gone), MAKING);
}

/* The card has no room for the entry: the key is taken back, and what was
 * written about it. */
static void takes_back_what_cannot_be_listed(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ GENERATE_3, "7F49 43 8641" POINT "9000", UK_OK },
		{ READ_PUKDF, "9000", UK_OK },
		{ UPDATE_PUKDF, "9000", UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ UPDATE_PRKDF, "6A84", UK_OK },
		/* PrKDF is as it was; PuKDF is zeroed, then cut */
		{ READ_PRKDF, PRKDF, UK_OK },
		{ READ_PUKDF, PUKEY_3 "9000", UK_OK },
		{ NULL, "9000", UK_OK },
		{ "000E0000", "9000", UK_OK },
		{ DELETE_3, "9000", UK_OK },
		{ GET_STATUS, STATUS_8, UK_OK },
	};
	struct desk d = DESK(steps);
	size_t at;
	uk_err err;

	(void)state;
	err = uk_card_generate(d.card, &p256, &at);
	expect_code(err, UK_ERR_CARD_STATUS);
	assert_int_equal(err.sw, 0x6a84);
	assert_false(d.card->loaded);
	desk_close_after(&d, 13);
}

/* The card was reset in the middle: whether the last write was carried out is
 * not known, so nothing is taken back and the list is not trusted. */
static void nothing_is_taken_back_blindly(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ GENERATE_3, "7F49 43 8641" POINT "9000", UK_OK },
		{ READ_PUKDF, "9000", UK_OK },
		{ UPDATE_PUKDF, "9000", UK_OK },
		{ READ_PRKDF, PRKDF, UK_OK },
		{ UPDATE_PRKDF, NULL, UK_ERR_CARD_RESET },
	};
	struct desk d = DESK(steps);
	size_t at;

	(void)state;
	d.card->loaded = true;
	expect_code(uk_card_generate(d.card, &p256, &at), UK_ERR_CARD_RESET);
	assert_false(d.card->loaded);
	desk_close_after(&d, 7);
}

/* Answers of GENERATE that are not the key that was asked for. */
static void half_a_key_is_taken_back(void **state)
{
	static const char *const answers[] = { "9000", "7F4900 9000",
		"7F49 42 8640" SIG64 "9000", "7F49 43 8641 02" SIG64 "9000" };

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct script_step steps[] = {
			{ SELECT_UKEY, FCI_GOOD, UK_OK },
			{ READ_PRKDF, PRKDF, UK_OK },
			{ GENERATE_3, answers[i], UK_OK },
			{ READ_PRKDF, PRKDF, UK_OK },
			{ READ_PUKDF, "9000", UK_OK },
			{ DELETE_3, "6A88", UK_OK },
			{ GET_STATUS, STATUS_8, UK_OK },
		};
		struct desk d = DESK(steps);
		size_t at;

		expect_code(
		    uk_card_generate(d.card, &p256, &at), UK_ERR_FORMAT);
		desk_close_after(&d, 7);
	}
}

/* Nothing was made: nothing is taken back, and the list stays good. */
static void refusals_of_the_card_change_nothing(void **state)
{
	static const struct {
		const char *sw;
		enum uk_code code;
	} rows[] = {
		{ "6982", UK_ERR_NOT_LOGGED_IN },
		{ "6A81", UK_ERR_UNSUPPORTED },
		{ "63C2", UK_ERR_CARD_STATUS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct script_step steps[] = {
			{ SELECT_UKEY, FCI_GOOD, UK_OK },
			{ READ_PRKDF, PRKDF, UK_OK },
			{ GENERATE_3, rows[i].sw, UK_OK },
			{ GET_STATUS, STATUS("03") "9000", UK_OK },
		};
		struct desk d = DESK(steps);
		size_t at;

		d.card->loaded = true;
		expect_code(uk_card_generate(d.card, &p256, &at), rows[i].code);
		assert_true(d.card->loaded);
		desk_close_after(&d, 4);
	}
}

/* --- which commands ------------------------------------------------------ */

static const struct command_row {
	enum uk_key_type type;
	unsigned bits;
	uint32_t usage;
	const char *prkdf, *command;
} commands[] = {
	{ UK_KEY_RSA, 2048, UK_USE_SIGN, "9000",
	    "00460000 00000B AC09 800101 840103 950109 0000" },
	{ UK_KEY_RSA, 3072, UK_USE_DECRYPT, PRKEY_3 "9000",
	    "00460000 00000B AC09 800102 840104 950102 0000" },
	{ UK_KEY_RSA, 4096, UK_USE_UNWRAP | UK_USE_SIGN_RECOVER, PRKDF,
	    "00460000 00000B AC09 800103 840103 95010B 0000" },
	{ UK_KEY_P384, 0, UK_USE_DERIVE, PRKDF,
	    "00460000 0B AC09 800112 840103 950104 00" },
	{ UK_KEY_P521, 0, UK_USE_SIGN, PRKDF,
	    "00460000 0B AC09 800113 840103 950101 00" },
	{ UK_KEY_SM2, 0, UK_USE_SIGN | UK_USE_DECRYPT, PRKDF,
	    "00460000 0B AC09 800121 840103 950103 00" },
};

static void every_type_has_its_command(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command_row *row = &commands[i];
		const struct script_step steps[] = {
			{ SELECT_UKEY, FCI_GOOD, UK_OK },
			{ READ_PRKDF, row->prkdf, UK_OK },
			{ row->command, "6A81", UK_OK },
			{ GET_STATUS, STATUS_8, UK_OK },
		};
		const struct uk_new_object what = { .usage = row->usage,
			.key_type = row->type,
			.key_bits = row->bits };
		struct desk d = DESK(steps);
		size_t at;

		expect_code(
		    uk_card_generate(d.card, &what, &at), UK_ERR_UNSUPPORTED);
		desk_close_after(&d, 4);
	}
}

/* 33 bytes of id, 65 of label. */
#define LONG_LABEL                                                             \
	"12345678901234567890123456789012345678901234567890123456789012345"

static void what_cannot_be_is_not_sent(void **state)
{
	static const uint8_t long_id[33] = { 1 };
	static const struct {
		struct uk_new_object what;
		enum uk_code code;
	} rows[] = {
		{ { .key_type = UK_KEY_RSA, .key_bits = 1024, .usage = 4 },
		    UK_ERR_UNSUPPORTED },
		{ { .key_type = UK_KEY_RSA, .key_bits = 2047, .usage = 4 },
		    UK_ERR_UNSUPPORTED },
		{ { .key_type = UK_KEY_NONE, .usage = 4 }, UK_ERR_UNSUPPORTED },
		{ { .key_type = UK_KEY_P256 }, UK_ERR_UNSUPPORTED },
		{ { .key_type = UK_KEY_P256, .usage = UK_USE_DECRYPT },
		    UK_ERR_UNSUPPORTED },
		{ { .key_type = UK_KEY_RSA,
		      .key_bits = 2048,
		      .usage = UK_USE_DERIVE },
		    UK_ERR_UNSUPPORTED },
		{ { .key_type = UK_KEY_P256,
		      .usage = 4,
		      .id = { long_id, 33 } },
		    UK_ERR_ARGUMENT },
		{ { .key_type = UK_KEY_P256, .usage = 4, .label = LONG_LABEL },
		    UK_ERR_ARGUMENT },
		{ { .key_type = UK_KEY_P256, .usage = 4, .label = "\xc0" },
		    UK_ERR_ARGUMENT },
	};
	const struct script_step steps[] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	struct desk d = DESK(steps);
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_code(
		    uk_card_generate(d.card, &rows[i].what, &at), rows[i].code);
	desk_close_after(&d, 1);
}

/* Thirteen further keys, and no fourteenth. */
static void a_full_card_makes_no_key(void **state)
{
	static char prkdf[16 * 2 * 64];
	struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, prkdf, UK_OK },
	};
	struct desk d = DESK(steps);
	size_t at;
	uk_err err;

	(void)state;
	for (int ref = 3; ref <= 15; ref++) {
		static const char entry[] =
		    "A02F300D0C046D616465030206C0040101"
		    "30100402C1C20303072080030203B8"
		    "02010%XA10C300A30040402440202020100";
		size_t used = strlen(prkdf);

		snprintf(prkdf + used, sizeof(prkdf) - used, entry, ref);
	}
	strcat(prkdf, "9000");
	err = uk_card_generate(d.card, &p256, &at);
	expect_code(err, UK_ERR_CARD_STATUS);
	assert_int_equal(err.sw, 0x6a84);
	desk_close_after(&d, 2);
}

/* --- import -------------------------------------------------------------- */

static const uint8_t d_short[] = { 0x00, 0x2a };

#define ZEROS31  "00000000000000000000000000000000000000000000000000000000000000"
#define IMPORT_3 "00DB3FFF 2E 7F48 2B 840103 800111 950105 8820" ZEROS31 "2A"
/* "made" as above, but neither always sensitive nor local. */
#define PRKEY_BROUGHT                                                          \
	"A02F 300D 0C046D616465 030206C0 040101"                               \
	"     3010 0402C1C2 0303072080 03020780 020103"                        \
	"     A10C 300A 300404024402 02020100"

static void imports_a_curve_key(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ READ_PRKDF, "9000", UK_OK },
		{ IMPORT_3, "9000", UK_OK },
		{ "00468100 05 AC03840103 00", "7F49 43 8641" POINT "9000",
		    UK_OK },
		{ READ_PUKDF, "9000", UK_OK },
		/* extractable, not local: 03 02 06 40 */
		{ "00D68300 86 A08183 300A 0C046D616465 03020640"
		  "3010 0402C1C2 0303070280 03020640 020103"
		  "A163 3061 A05B A159" SPKI_CONTENT "02020100",
		    "9000", UK_OK },
		{ READ_PRKDF, "9000", UK_OK },
		{ "00D68200 31" PRKEY_BROUGHT, "9000", UK_OK },
		{ GET_STATUS, STATUS_8, UK_OK },
		{ READ_PRKDF, PRKEY_BROUGHT "9000", UK_OK },
		{ READ_PUKDF, "9000", UK_OK },
		{ READ_CDF, "9000", UK_OK },
		{ READ_DODF, "9000", UK_OK },
	};
	struct desk d = DESK(steps);
	const struct uk_private_key key = { .d = UK_ARRAY(d_short) };
	size_t at = 7;

	(void)state;
	expect_ok(uk_card_import(d.card, &p256, &key, &at));
	assert_int_equal(at, 0);
	assert_false(d.card->objects[0].on_card);
	assert_int_equal(script_log.secrets, 1);
	desk_close_after(&d, 13);
}

static void secrets_that_are_no_key_are_not_sent(void **state)
{
	static const uint8_t p[128] = { 0x80 }, q[127] = { 0x80 },
			     long_d[33] = { 1 };
	static const struct {
		enum uk_key_type type;
		struct uk_private_key key;
		enum uk_code code;
	} rows[] = {
		{ UK_KEY_P256, { .d = { NULL, 0 } }, UK_ERR_ARGUMENT },
		{ UK_KEY_P256, { .d = { long_d, 33 } }, UK_ERR_ARGUMENT },
		{ UK_KEY_P256, { .p = { p, 128 }, .q = { p, 128 } },
		    UK_ERR_ARGUMENT },
		{ UK_KEY_RSA, { .d = { p, 128 } }, UK_ERR_ARGUMENT },
		{ UK_KEY_RSA, { .p = { p, 128 }, .q = { q, 127 } },
		    UK_ERR_ARGUMENT },
		/* RSA 1024 */
		{ UK_KEY_RSA, { .p = { p, 64 }, .q = { p, 64 } },
		    UK_ERR_UNSUPPORTED },
	};
	const struct script_step steps[] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	struct desk d = DESK(steps);
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct uk_new_object what = { .usage = UK_USE_SIGN,
			.key_type = rows[i].type };

		expect_code(uk_card_import(d.card, &what, &rows[i].key, &at),
		    rows[i].code);
	}
	desk_close_after(&d, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generates_a_key_and_lists_it),
		cmocka_unit_test(survives_everything),
		cmocka_unit_test(takes_back_what_cannot_be_listed),
		cmocka_unit_test(nothing_is_taken_back_blindly),
		cmocka_unit_test(half_a_key_is_taken_back),
		cmocka_unit_test(refusals_of_the_card_change_nothing),
		cmocka_unit_test(every_type_has_its_command),
		cmocka_unit_test(what_cannot_be_is_not_sent),
		cmocka_unit_test(a_full_card_makes_no_key),
		cmocka_unit_test(imports_a_curve_key),
		cmocka_unit_test(secrets_that_are_no_key_are_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
