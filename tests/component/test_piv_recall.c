/* PIV: what is remembered from one program to the next, and what must not be
 * believed of it. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "folder_fixture.h"
#include "piv_script.h"

#include "cert_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CERT = 2 * AT_9A, KEY = 2 * AT_9A + 1, STEPS_MAX = 40 };

static int up(void **state)
{
	(void)state;
	uk_cache_use(folder_make());
	uk_cache_believe(false);
	return 0;
}

static int down(void **state)
{
	(void)state;
	uk_cache_use(NULL);
	uk_cache_believe(false);
	return folder_remove();
}

/* --- programs --------------------------------------------------------------
 */

static struct script_step script[STEPS_MAX];
static size_t script_count;

static void begin_with(const char *fci, const char *chuid)
{
	const struct script_step open[] = { NOTHING_ELSE,
		{ SELECT_PIV, fci, UK_OK }, { GET_CHUID, chuid, UK_OK } };

	memcpy(script, open, sizeof(open));
	script_count = PIV_OPEN_COMMANDS;
}

static void goes_on(const struct script_step *more, size_t n)
{
	assert_true(script_count + n <= STEPS_MAX);
	memcpy(&script[script_count], more, n * sizeof(*more));
	script_count += n;
}
#define THEN(...)                                                              \
	do {                                                                   \
		const struct script_step more_[] = { __VA_ARGS__ };            \
		goes_on(more_, sizeof(more_) / sizeof(more_[0]));              \
	} while (0)

static struct desk start(void)
{
	struct desk d = desk_open(script, script_count);

	expect_ok(uk_card_load_objects(d.card));
	return d;
}

/* A certificate like that of CERT_RSA, with another serial number. */
static const char *renewed(void)
{
	static char text[sizeof(CERT_RSA)];
	/* 30 82 .. .. 30 82 .. .. A0 03 02 01 02, 02 n serial number: RFC 5280,
	 * 4.1 */
	const size_t serial = 2 * 15;

	memcpy(text, CERT_RSA, sizeof(text));
	text[serial + 1] = text[serial + 1] == '1' ? '2' : '1';
	return text;
}

static struct piv_pieces now, next;

/* The program that sees this card for the first time. */
static void first_program(void)
{
	struct desk d;
	uk_object o;
	uk_blob der = { NULL, 0 };

	assert_int_equal(folder_remove(), 0);
	uk_cache_use(folder_make());
	piv_cut(&now, GET("05"), piv_cert_object(CERT_RSA, "710100FE00"));
	piv_cut(&next, GET("05"), piv_cert_object(renewed(), "710100FE00"));
	begin_with(PIV_FCI, CHUID);
	goes_on(now.steps, now.count);
	d = start();
	o = d.card->objects[CERT];
	expect_ok(uk_card_describe(d.card, &o));
	expect_ok(uk_card_read_object(d.card, &o, &der));
	uk_blob_free(&der);
	o = d.card->objects[KEY];
	expect_ok(uk_card_describe(d.card, &o));
	assert_false(o.recalled);
	desk_close_after(&d, script_count);
}

static void expect_cert(const char *wanted)
{
	struct desk d = start();
	uk_object o = d.card->objects[CERT];
	uk_blob der = { NULL, 0 };

	expect_ok(uk_card_describe(d.card, &o));
	expect_ok(uk_card_read_object(d.card, &o, &der));
	expect_bytes(uk_blob_view(&der), hex(wanted));
	uk_blob_free(&der);
	desk_close_after(&d, script_count);
}

/* --- certificates ----------------------------------------------------------
 */

static void a_certificate_is_proved_by_its_beginning(void **state)
{
	(void)state;
	first_program();
	assert_int_equal(now.count, 4);
	begin_with(PIV_FCI, CHUID);
	goes_on(now.steps, 1);
	expect_cert(CERT_RSA);
}

static void another_certificate_is_seen(void **state)
{
	(void)state;
	first_program();
	begin_with(PIV_FCI, CHUID);
	goes_on(next.steps, next.count);
	expect_cert(renewed());
	/* and from then on it is the one that is known */
	begin_with(PIV_FCI, CHUID);
	goes_on(next.steps, 1);
	expect_cert(renewed());
}

static void no_certificate_is_not_remembered(void **state)
{
	struct desk d;
	uk_object o;

	(void)state;
	first_program();
	begin_with(PIV_FCI, CHUID);
	THEN({ GET("05"), "6A82", UK_OK });
	d = start();
	o = d.card->objects[CERT];
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	desk_close_after(&d, script_count);
	/* it is asked for again, and is there */
	begin_with(PIV_FCI, CHUID);
	goes_on(now.steps, now.count);
	expect_cert(CERT_RSA);
}

/* --- which card ------------------------------------------------------------
 */

#define OTHER_GUID "FF112233445566778899AABBCCDDEEFF"
#define OTHER_CHUID                                                            \
	"533B 3019" FASCN25 "3410" OTHER_GUID                                  \
	"3508 3230333030313031 3E00 FE00 9000"
/* The same name, another expiry date. */
#define LATER_CHUID                                                            \
	"533B 3019" FASCN25 "3410" GUID "3508 3230333130313031 3E00 FE00 9000"

static void another_card_is_another_card(void **state)
{
	static const struct {
		const char *fci, *chuid;
	} rows[] = {
		{ PIV_FCI, OTHER_CHUID },
		{ PIV_FCI, LATER_CHUID },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		first_program();
		begin_with(rows[i].fci, rows[i].chuid);
		goes_on(now.steps, now.count);
		expect_cert(CERT_RSA);
	}
	first_program();
	begin_with(PIV_FCI, CHUID);
	goes_on(now.steps, now.count);
	desk_atr = "3B00";
	expect_cert(CERT_RSA);
}

/* --- keys ------------------------------------------------------------------
 */

static void a_key_is_found_from_memory(void **state)
{
	struct desk d;
	uk_object o;

	(void)state;
	first_program();
	begin_with(PIV_FCI, CHUID);
	d = start();
	o = d.card->objects[KEY];
	expect_ok(uk_card_describe(d.card, &o));
	assert_true(o.recalled);
	assert_int_equal(o.key_type, UK_KEY_RSA);
	assert_int_equal(o.key_bits, 2048);
	assert_true((o.usage & UK_USE_SIGN) != 0);
	desk_close_after(&d, script_count);
}

/* Whoever wants to be sure asks once more. */
static void and_proved_when_asked(void **state)
{
	struct piv_pieces other;
	struct desk d;
	uk_object o;

	(void)state;
	first_program();
	piv_cut(&other, GET("05"), piv_cert_object(CERT_EC, "710100FE00"));
	begin_with(PIV_FCI, CHUID);
	goes_on(other.steps, 1);
	d = start();
	o = d.card->objects[KEY];
	expect_ok(uk_card_describe(d.card, &o));
	o.vague = true;
	expect_ok(uk_card_describe(d.card, &o));
	assert_false(o.recalled);
	assert_int_equal(o.key_type, UK_KEY_P256);
	desk_close_after(&d, script_count);
	begin_with(PIV_FCI, CHUID);
	THEN({ GET("05"), "6A82", UK_OK }, NOT_YUBICO);
	d = start();
	o = d.card->objects[KEY];
	expect_ok(uk_card_describe(d.card, &o));
	o.vague = true;
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	/* and no longer remembered */
	o = d.card->objects[KEY];
	o.vague = true;
	o.recalled = false;
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	desk_close_after(&d, script_count);
}

static void a_refusal_is_a_reason_to_look(void **state)
{
	uint8_t hash[32] = { 1 }, made[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(made);
	struct script_step refused[] = { { NULL, "9000", UK_OK },
		{ NULL, "6A80", UK_OK } };
	struct uk_sign_request r = { NULL, UK_SIG_PKCS1, UK_HASH_NONE,
		UK_ARRAY(hash) };
	struct desk d;
	uk_object o;

	(void)state;
	first_program();
	begin_with(PIV_FCI, CHUID);
	goes_on(refused, 2); /* 266 bytes: two pieces */
	d = start();
	o = d.card->objects[KEY];
	expect_ok(uk_card_describe(d.card, &o));
	r.key = &o;
	expect_code(uk_card_sign(d.card, &r, &sig), UK_ERR_CARD_STATUS);
	desk_close_after(&d, script_count);
	begin_with(PIV_FCI, CHUID);
	goes_on(now.steps, 1);
	d = start();
	o = d.card->objects[KEY];
	expect_ok(uk_card_describe(d.card, &o));
	assert_false(o.recalled);
	desk_close_after(&d, script_count);
}

/* What the card says of its PIN policy once is not everything. */
static void a_key_without_pin_is_asked_for(void **state)
{
	static const char metadata[] =
	    "0101 11 0202 0101 0301 01 0443 8641 04"
	    "0000000000000000000000000000000000000000000000000000000000000001"
	    "0000000000000000000000000000000000000000000000000000000000000001"
	    "9000";
	struct desk d;
	uk_object o;

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin_with(PIV_FCI, CHUID);
		THEN({ GET("0B"), "6A82", UK_OK });
		if (i == 0)
			THEN({ GET_VERSION, "050300 9000", UK_OK });
		THEN({ "00F7009D 00", metadata, UK_OK });
		d = start();
		o = d.card->objects[2 * AT_9D + 1];
		expect_ok(uk_card_describe(d.card, &o));
		assert_true(o.open_use && !o.recalled);
		desk_close_after(&d, script_count);
	}
}

/* --- the PIN ---------------------------------------------------------------
 */

static void verify(const char *answer, enum uk_code code)
{
	uk_pin pin = pin_of("123456");
	struct desk d;

	THEN({ VERIFY_123456, answer, UK_OK });
	d = desk_open(script, script_count);
	expect_code(uk_card_verify(d.card, UK_PIN_USER, &pin), code);
	desk_close_after(&d, script_count);
}

static void which_pin_is_remembered(void **state)
{
	(void)state;
	begin_with(PIV_FCI, CHUID);
	THEN(NO_DISCOVERY);
	verify("9000", UK_OK);
	begin_with(PIV_FCI, CHUID);
	verify("63C2", UK_ERR_PIN_WRONG);
	/* a wrong one is not tried again before the card was asked */
	begin_with(PIV_FCI, CHUID);
	THEN(NO_DISCOVERY);
	verify("9000", UK_OK);
}

/* Part 1, table 18: the global PIN satisfies the rules, too. */
static void a_choice_of_pins_is_not(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		begin_with(PIV_FCI, CHUID);
		THEN({ GET_DISCOVERY,
		    "7E12 4F0BA000000308000010000100 5F2F02 6010 9000",
		    UK_OK });
		verify("9000", UK_OK);
	}
}

/* --- believed without asking -----------------------------------------------
 */

static void believed(void **state)
{
	struct desk d;
	uk_object o;
	uk_blob der = { NULL, 0 };

	(void)state;
	first_program();
	begin_with(PIV_FCI, CHUID);
	THEN({ GET("0A"), "6A82", UK_OK }, NOT_YUBICO);
	d = start();
	o = d.card->objects[2 * AT_9C + 1];
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	desk_close_after(&d, script_count);
	uk_cache_believe(true);
	begin_with(PIV_FCI, CHUID);
	expect_cert(CERT_RSA);
	d = start();
	o = d.card->objects[2 * AT_9C];
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	o = d.card->objects[2 * AT_9C + 1];
	expect_code(uk_card_describe(d.card, &o), UK_ERR_NOT_FOUND);
	desk_close_after(&d, script_count);
	/* another CHUID is another content */
	begin_with(PIV_FCI, LATER_CHUID);
	goes_on(next.steps, next.count);
	expect_cert(renewed());
	uk_blob_free(&der);
}

/* Our own change is known before it is made. */
static void a_change_is_forgotten_first(void **state)
{
	struct uk_new_object what = { .kind = UK_OBJ_CERTIFICATE,
		.id = hex("01"),
		.value = hex("3003020101") };
	struct desk d;
	uk_object o;
	size_t at;

	(void)state;
	first_program();
	uk_cache_believe(true);
	begin_with(PIV_FCI, CHUID);
	THEN({ NULL, NULL, UK_ERR_CARD_REMOVED });
	d = start();
	expect_code(uk_card_store(d.card, &what, &at), UK_ERR_CARD_REMOVED);
	desk_close_after(&d, script_count);
	begin_with(PIV_FCI, CHUID);
	goes_on(next.steps, 1);
	d = start();
	o = d.card->objects[KEY];
	expect_ok(uk_card_describe(d.card, &o));
	assert_false(o.recalled);
	desk_close_after(&d, script_count);
}

/* --- failures --------------------------------------------------------------
 */

static uk_err use_card(unsigned nth, enum uk_code failure)
{
	struct desk d;
	uk_object key;
	uk_blob der = { NULL, 0 };
	uk_err err = desk_open_broken(&d, script, script_count, nth, failure);

	if (!uk_is_ok(err))
		return err;
	err = uk_card_load_objects(d.card);
	if (uk_is_ok(err)) {
		key = d.card->objects[KEY];
		err = uk_card_describe(d.card, &key);
	}
	if (uk_is_ok(err))
		err = uk_card_read_object(d.card, &d.card->objects[CERT], &der);
	if (uk_is_ok(err))
		expect_bytes(uk_blob_view(&der), hex(CERT_RSA));
	uk_blob_free(&der);
	desk_close(&d);
	return err;
}

/* Without memory for what is remembered, the card is read as ever. */
static void survives_the_loss_of_memory(void **state)
{
	bool touched = true;

	(void)state;
	for (unsigned nth = 1; touched && nth < 1000; nth++) {
		long live;
		uk_err err;

		first_program();
		live = uk_mem_live();
		begin_with(PIV_FCI, CHUID);
		goes_on(now.steps, 1);
		goes_on(now.steps, now.count);
		uk_mem_fail_nth(nth);
		err = use_card(0, UK_OK);
		touched = uk_mem_calls() >= nth;
		uk_mem_fail_nth(0);
		assert_int_equal(uk_mem_live(), live);
		if (!uk_is_ok(err))
			expect_code(err, UK_ERR_MEMORY);
		if (!touched)
			assert_int_equal(
			    script_log.commands, PIV_OPEN_COMMANDS + 1);
	}
	assert_false(touched);
}

static uk_err broken_at(void *arg, unsigned nth)
{
	(void)arg;
	first_program();
	begin_with(PIV_FCI, CHUID);
	goes_on(now.steps, 1);
	return use_card(nth, UK_ERR_CARD_REMOVED);
}

static void survives_the_loss_of_the_card(void **state)
{
	(void)state;
	assert_int_equal(
	    fail_every_exchange(broken_at, NULL, UK_ERR_CARD_REMOVED),
	    PIV_OPEN_COMMANDS + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_certificate_is_proved_by_its_beginning),
		TEST(another_certificate_is_seen),
		TEST(no_certificate_is_not_remembered),
		TEST(another_card_is_another_card),
		TEST(a_key_is_found_from_memory),
		TEST(and_proved_when_asked),
		TEST(a_refusal_is_a_reason_to_look),
		TEST(a_key_without_pin_is_asked_for),
		TEST(which_pin_is_remembered),
		TEST(a_choice_of_pins_is_not),
		TEST(believed),
		TEST(a_change_is_forgotten_first),
		TEST(survives_the_loss_of_memory),
		TEST(survives_the_loss_of_the_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
