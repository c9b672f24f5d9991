/* PIV: finding the card and what is on it. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "piv_script.h"

#include "cert_samples.h"

#include <stdio.h>
#include <string.h>

/* --- finding the application ---------------------------------------------- */

static void is_found_by_its_aid(void **state)
{
	const struct script_step steps[] = { PIV_OPEN };
	struct desk d = DESK(steps);

	(void)state;
	assert_string_equal(d.card->info.kind, "piv");
	expect_bytes(
	    uk_view(d.card->info.serial, d.card->info.serial_len), hex(GUID));
	assert_int_equal(d.card->pins[0].tries_left, -1);
	desk_close_after(&d, PIV_OPEN_COMMANDS);
}

/* Part 1, 3.1.2: a GUID of zeros, and the FASC-N names the card. */
static void fasc_n_names_the_card(void **state)
{
	const struct script_step steps[] = { NOTHING_ELSE,
		{ SELECT_PIV, "9000", UK_OK },
		{ GET_CHUID,
		    "5318 3002 D138 3410 00000000000000000000000000000000"
		    "FE00 9000",
		    UK_OK } };
	struct desk d = DESK(steps);

	(void)state;
	expect_bytes(
	    uk_view(d.card->info.serial, d.card->info.serial_len), hex("D138"));
	desk_close_after(&d, 4);
}

/* No CHUID, an empty one, one that is broken: a card without a name. */
static void a_card_may_have_no_name(void **state)
{
	static const char *const answers[] = { "6A82", "5300 9000", "9000",
		"5302 3405 9000", "5399 34 9000", "6982", "6F00" };

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct script_step steps[] = { NOTHING_ELSE,
			{ SELECT_PIV, PIV_FCI, UK_OK },
			{ GET_CHUID, answers[i], UK_OK },
			{ GET_SERIAL, "6D00", UK_OK } };
		struct desk d = DESK(steps);

		assert_int_equal(d.card->info.serial_len, 0);
		desk_close(&d);
	}
}

static void yubico_prints_a_number(void **state)
{
	const struct script_step steps[] = { NOTHING_ELSE,
		{ SELECT_PIV, PIV_FCI, UK_OK }, { GET_CHUID, "6A82", UK_OK },
		{ GET_SERIAL, "00BC614E 9000", UK_OK } };
	struct desk d = DESK(steps);

	(void)state;
	expect_bytes(uk_view(d.card->info.serial, d.card->info.serial_len),
	    hex("00BC614E"));
	desk_close_after(&d, 5);
}

static void gives_up_after_three_commands(void **state)
{
	const struct script_step steps[] = { { NULL, "6A82", UK_OK },
		{ NULL, "6A82", UK_OK }, { NULL, "6A82", UK_OK } };
	struct desk d;

	(void)state;
	expect_code(
	    desk_open_broken(&d, steps, 3, 0, UK_OK), UK_ERR_CARD_UNKNOWN);
	assert_int_equal(script_log.commands, 3);
}

/* --- certificates --------------------------------------------------------- */

/* Opens a card whose further exchanges are these. */
static struct desk open_with(
    struct script_step *all, const struct script_step *more, size_t n)
{
	const struct script_step open[] = { PIV_OPEN };

	memcpy(all, open, sizeof(open));
	memcpy(&all[PIV_OPEN_COMMANDS], more, n * sizeof(*more));
	return desk_open(all, PIV_OPEN_COMMANDS + n);
}

static void listing_costs_nothing(void **state)
{
	const struct script_step steps[] = { PIV_OPEN };
	struct desk d = DESK(steps);
	const uk_object *o;

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	assert_int_equal(d.card->object_count, 48);
	o = &d.card->objects[1];
	assert_string_equal(o->label, "PIV AUTH key");
	expect_bytes(uk_view(o->id, o->id_len), hex("01"));
	assert_true(o->vague && !o->always_auth && !o->open_use);
	o = &d.card->objects[3];
	assert_string_equal(o->label, "SIGN key");
	assert_true(o->always_auth);
	o = &d.card->objects[7];
	assert_string_equal(o->label, "CARD AUTH key");
	assert_true(o->open_use);
	o = &d.card->objects[46];
	assert_string_equal(
	    o->label, "Retired Certificate for Key Management 20");
	expect_bytes(uk_view(o->id, o->id_len), hex("18"));
	desk_close_after(&d, PIV_OPEN_COMMANDS);
}

/* The type of a key stands in the first 256 bytes of this certificate of 849,
 * and the rest stays on the card until somebody wants to see it. */
static void a_key_is_known_by_the_beginning(void **state)
{
	struct script_step all[32], more[8];
	uk_bytes object = piv_cert_object(CERT_RSA, "710100FE00");
	struct piv_pieces p;
	struct desk d;
	uk_object key;
	uk_blob der = { NULL, 0 };
	uk_public_key pub;

	(void)state;
	piv_cut(&p, GET("05"), object);
	assert_int_equal(p.count, 4);
	more[0] = p.steps[0];
	memcpy(&more[1], p.steps, 4 * sizeof(more[0]));
	d = open_with(all, more, 5);
	expect_ok(uk_card_load_objects(d.card));
	key = d.card->objects[1];
	expect_ok(uk_card_describe(d.card, &key));
	assert_false(key.vague);
	assert_int_equal(key.key_type, UK_KEY_RSA);
	assert_int_equal(key.key_bits, 2048);
	assert_true((key.usage & UK_USE_SIGN) != 0);
	assert_int_equal(script_log.commands, PIV_OPEN_COMMANDS + 1);
	/* the certificate is there, too: no command */
	key = d.card->objects[0];
	expect_ok(uk_card_describe(d.card, &key));
	assert_int_equal(script_log.commands, PIV_OPEN_COMMANDS + 1);
	expect_ok(uk_card_read_object(d.card, &key, &der));
	expect_bytes(uk_blob_view(&der), hex(CERT_RSA));
	uk_blob_free(&der);
	/* and the public key comes from what was read */
	expect_ok(uk_card_read_public(d.card, &d.card->objects[1], &pub));
	assert_int_equal(pub.modulus_len, 256);
	assert_int_equal(pub.modulus[0], 0xa9);
	desk_close_after(&d, PIV_OPEN_COMMANDS + 5);
}

/* printf of CERT_EC | gzip -9n (gzip 1.12). */
static const char GZIPPED_EMPTY[] =
    "1F8B08000000000002030300000000000000000000";

static void packed_certificates(void **state)
{
	static const struct {
		const char *cert, *info;
	} broken[] = {
		{ GZIPPED_EMPTY, "710101FE00" },
		{ "1F8B0800", "710101FE00" },
		{ "3082034D", "710101FE00" },
		{ "00", "710101FE00" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct script_step all[8];
		struct piv_pieces p;
		struct desk d;
		uk_object key;

		piv_cut(&p, GET("05"),
		    piv_cert_object(broken[i].cert, broken[i].info));
		d = open_with(all, p.steps, p.count);
		expect_ok(uk_card_load_objects(d.card));
		key = d.card->objects[1];
		expect_code(uk_card_describe(d.card, &key), UK_ERR_FORMAT);
		assert_true(key.vague);
		/* it is not read again and again */
		expect_code(uk_card_describe(d.card, &key), UK_ERR_FORMAT);
		desk_close_after(&d, PIV_OPEN_COMMANDS + p.count);
	}
}

/* What certificate objects may look like and must not be read as. */
static void broken_certificates(void **state)
{
	static const char *const answers[] = {
		"5305 70033001 00 9000",     /* 53 is longer than what came */
		"5304 7010 3000 9000",       /* 70 is */
		"5302 7100 9000",            /* no 70 */
		"5302 7000 9000",            /* an empty one */
		"5407 7005 3003020101 9000", /* not 53 */
		"5307 7005 3003020101 9000", /* no certificate */
		"5309 7007 3080020101 0000 9000",
		"5384FFFFFFFF 70 9000", /* lengths of four bytes */
		"5307 70847FFFFFFF 30 9000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct script_step steps[] = { PIV_OPEN,
			{ GET("05"), answers[i], UK_OK } };
		struct desk d = DESK(steps);
		uk_object key;

		expect_ok(uk_card_load_objects(d.card));
		key = d.card->objects[1];
		if (!uk_is(uk_card_describe(d.card, &key), UK_ERR_FORMAT))
			fail_msg("answer %zu", i);
		desk_close_after(&d, PIV_OPEN_COMMANDS + 1);
	}
}

/* --- keys that have no certificate ---------------------------------------- */

static void no_certificate_no_key(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ GET("05"), "6A82", UK_OK }, NOT_YUBICO,
		{ GET("0A"), "5300 9000", UK_OK } };
	struct desk d = DESK(steps);
	uk_object o;

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	for (size_t i = 0; i < 4; i++) {
		o = d.card->objects[i];
		expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
		expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	}
	desk_close_after(&d, PIV_OPEN_COMMANDS + 3);
}

#define POINT_X                                                                \
	"0000000000000000000000000000000000000000000000000000000000000001"
#define METADATA "0101 11 0202 0301 0301 01 0443 8641 04" POINT_X POINT_X "9000"

/* Yubico's GET METADATA: algorithm 11, PIN always, generated, public key. */
static void metadata_tells_of_keys(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ GET("0B"), "6A82", UK_OK },
		{ GET_VERSION, "050300 9000", UK_OK },
		{ "00F7009D 00", METADATA, UK_OK } };
	struct desk d = DESK(steps);
	uk_public_key pub;
	uk_object o;

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	o = d.card->objects[5];
	assert_false(o.always_auth);
	expect_ok(uk_card_describe(d.card, &o));
	assert_int_equal(o.key_type, UK_KEY_P256);
	assert_int_equal(o.key_bits, 256);
	assert_true(o.always_auth);
	expect_ok(uk_card_read_public(d.card, &o, &pub));
	expect_bytes(
	    uk_view(pub.point, pub.point_len), hex("04" POINT_X POINT_X));
	/* there is still no certificate */
	o = d.card->objects[4];
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	desk_close_after(&d, PIV_OPEN_COMMANDS + 3);
}

static void broken_metadata(void **state)
{
	static const char *const answers[] = {
		"9000",
		"0101 9000",
		"0101 11 9000",
		"0101 11 0402 8600 9000", /* no point */
		"0101 11 0443 8641 05" POINT_X POINT_X "9000",
		"0101 07 0443 8641 04" POINT_X POINT_X "9000", /* RSA */
		"0102 1111 0443 8641 04" POINT_X POINT_X "9000",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct script_step steps[] = { PIV_OPEN,
			{ GET("0B"), "6A82", UK_OK },
			{ GET_VERSION, "050300 9000", UK_OK },
			{ "00F7009D 00", answers[i], UK_OK } };
		struct desk d = DESK(steps);
		uk_object o;

		expect_ok(uk_card_load_objects(d.card));
		o = d.card->objects[5];
		if (!uk_is(uk_card_describe(d.card, &o), UK_ERR_FORMAT))
			fail_msg("answer %zu", i);
		desk_close(&d);
	}
}

/* Part 1, 3.3.3: one key with a certificate on the card. */
static void history_tells_of_retired_keys(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ GET("0C"), "5308 C10101 C20100 FE00 9000", UK_OK },
		{ GET("0D"), "5307 7005 3003020101 9000", UK_OK } };
	struct desk d = DESK(steps);
	uk_object o;

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	o = d.card->objects[2 * AT_83 + 1];
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	o = d.card->objects[2 * AT_82 + 1];
	expect_code(uk_card_describe(d.card, &o), UK_ERR_FORMAT);
	for (size_t i = 2 * AT_83; i < 48; i++) {
		o = d.card->objects[i];
		expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	}
	desk_close(&d);
}

/* Without a history nothing is looked for, except on cards whose tools write
 * none: there, one after the other until one is missing. */
static void retired_keys_without_history(void **state)
{
	const struct script_step other[] = { PIV_OPEN,
		{ GET("0C"), "6A82", UK_OK }, NOT_YUBICO };
	const struct script_step yubico[] = { PIV_OPEN,
		{ GET("0C"), "6A82", UK_OK },
		{ GET_VERSION, "050403 9000", UK_OK },
		{ GET("0D"), "6A82", UK_OK },
		{ "00F70082 00", METADATA, UK_OK },
		{ GET("0E"), "6A82", UK_OK },
		{ "00F70083 00", "6A88", UK_OK } };
	struct desk d = DESK(other);
	uk_object o;

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	for (size_t i = 2 * AT_82; i < 48; i++) {
		o = d.card->objects[i];
		expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	}
	desk_close_after(&d, PIV_OPEN_COMMANDS + 2);
	d = DESK(yubico);
	expect_ok(uk_card_load_objects(d.card));
	for (size_t i = 2 * AT_82; i < 48; i++) {
		o = d.card->objects[i];
		expect_code(uk_card_describe(d.card, &o),
		    i == 2 * AT_82 + 1 ? UK_OK : UK_ERR_NOT_FOUND);
	}
	desk_close_after(&d, PIV_OPEN_COMMANDS + 6);
}

/* CVE-2026-40510: the URL of a key history may be as long as it likes. */
static void cve_2026_40510_history_url(void **state)
{
	char answer[2 * 420 + 1];
	size_t n = (size_t)snprintf(
	    answer, sizeof(answer), "53820199 C10101 C20101 F38201");
	const struct script_step steps[] = { PIV_OPEN,
		{ GET("0C"), answer, UK_OK }, { GET("0D"), "6A82", UK_OK },
		NOT_YUBICO, { GET("0E"), "6A82", UK_OK } };
	struct desk d;
	uk_object o;

	(void)state;
	n += (size_t)snprintf(&answer[n], sizeof(answer) - n, "8D");
	for (size_t i = 0; i < 0x18d; i++)
		n += (size_t)snprintf(&answer[n], sizeof(answer) - n, "41");
	snprintf(&answer[n], sizeof(answer) - n, "FE00 9000");
	d = DESK(steps);
	expect_ok(uk_card_load_objects(d.card));
	o = d.card->objects[2 * AT_82 + 1];
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	o = d.card->objects[2 * AT_83 + 1];
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	desk_close(&d);
}

/* A history that promises more keys than there are places. */
static void history_of_255_keys(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ GET("0C"), "5306 C101FF C201FF 9000", UK_OK } };
	struct desk d = DESK(steps);
	uk_object o;

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	for (size_t i = 0; i < d.card->object_count; i++)
		assert_true(d.card->objects[i].ref < 24);
	o = d.card->objects[1];
	o.ref = 24; /* nobody's */
	expect_code(uk_card_read_object(d.card, &o, &(uk_blob){ NULL, 0 }),
	    UK_ERR_ARGUMENT);
	desk_close(&d);
}

/* --- failures ------------------------------------------------------------- */

static uk_err use_card(struct desk *d)
{
	uk_object key;
	uk_blob der = { NULL, 0 };
	uk_err err = uk_card_load_objects(d->card);

	if (uk_is_ok(err)) {
		key = d->card->objects[1];
		err = uk_card_describe(d->card, &key);
	}
	if (uk_is_ok(err))
		err = uk_card_read_object(d->card, &d->card->objects[0], &der);
	uk_blob_free(&der);
	desk_close(d);
	return err;
}

static struct script_step broken_steps[32];
static size_t broken_count;

static uk_err all_of_it(void *arg, unsigned nth)
{
	struct desk d;

	UK_TRY(desk_open_broken(
	    &d, broken_steps, broken_count, nth, *(enum uk_code *)arg));
	return use_card(&d);
}

static uk_err all_of_it_untouched(void *arg)
{
	return all_of_it(arg, 0);
}

static void make_broken_steps(void)
{
	const struct script_step open[] = { PIV_OPEN };
	static struct piv_pieces p;

	piv_cut(&p, GET("05"), piv_cert_object(CERT_RSA, "710100FE00"));
	memcpy(broken_steps, open, sizeof(open));
	broken_count = PIV_OPEN_COMMANDS;
	broken_steps[broken_count++] = p.steps[0];
	for (size_t i = 0; i < p.count; i++)
		broken_steps[broken_count++] = p.steps[i];
}

static void survives_the_loss_of_the_card(void **state)
{
	enum uk_code code = UK_ERR_CARD_REMOVED;

	(void)state;
	make_broken_steps();
	assert_int_equal(
	    fail_every_exchange(all_of_it, &code, UK_ERR_CARD_REMOVED),
	    broken_count);
}

static void survives_the_loss_of_memory(void **state)
{
	enum uk_code code = UK_OK;

	(void)state;
	make_broken_steps();
	assert_true(fail_every_allocation(all_of_it_untouched, &code) > 3);
}

static void reselect_forgets(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ GET("05"), "6A82", UK_OK }, NOT_YUBICO,
		{ SELECT_PIV, PIV_FCI, UK_OK }, { GET("05"), "6A82", UK_OK },
		{ SELECT_PIV, "6A82", UK_OK } };
	struct desk d = DESK(steps);
	uk_object o;

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	o = d.card->objects[1];
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	expect_ok(uk_card_reselect(d.card));
	assert_false(d.card->loaded);
	expect_ok(uk_card_load_objects(d.card));
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	expect_code(uk_card_reselect(d.card), UK_ERR_CARD_REMOVED);
	desk_close(&d);
}

/* CHUID again, and SELECT only if that is not the card's name. */
static void refresh_asks_for_the_name(void **state)
{
	const struct script_step steps[] = { PIV_OPEN,
		{ GET_CHUID, CHUID, UK_OK }, { GET_CHUID, "6D00", UK_OK },
		{ SELECT_PIV, PIV_FCI, UK_OK },
		{ GET_CHUID, NULL, UK_ERR_CARD_REMOVED } };
	struct desk d = DESK(steps);

	(void)state;
	expect_ok(uk_card_load_objects(d.card));
	expect_ok(uk_card_refresh(d.card));
	assert_true(d.card->loaded);
	expect_ok(uk_card_refresh(d.card));
	assert_false(d.card->loaded);
	expect_code(uk_card_refresh(d.card), UK_ERR_CARD_REMOVED);
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_found_by_its_aid),
		cmocka_unit_test(fasc_n_names_the_card),
		cmocka_unit_test(a_card_may_have_no_name),
		cmocka_unit_test(yubico_prints_a_number),
		cmocka_unit_test(gives_up_after_three_commands),
		cmocka_unit_test(listing_costs_nothing),
		cmocka_unit_test(a_key_is_known_by_the_beginning),
		cmocka_unit_test(packed_certificates),
		cmocka_unit_test(broken_certificates),
		cmocka_unit_test(no_certificate_no_key),
		cmocka_unit_test(metadata_tells_of_keys),
		cmocka_unit_test(broken_metadata),
		cmocka_unit_test(history_tells_of_retired_keys),
		cmocka_unit_test(retired_keys_without_history),
		cmocka_unit_test(cve_2026_40510_history_url),
		cmocka_unit_test(history_of_255_keys),
		cmocka_unit_test(survives_the_loss_of_the_card),
		cmocka_unit_test(survives_the_loss_of_memory),
		cmocka_unit_test(reselect_forgets),
		cmocka_unit_test(refresh_asks_for_the_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
