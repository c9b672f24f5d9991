/* U-key: PIN and PUK. Command bytes from docs/card-profile.md, section 3. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "ukey_script.h"

#define PAD12 "FFFFFFFFFFFFFFFFFFFFFFFF"
#define PIN   "31323334" PAD12 /* "1234" */
#define NEW                                                                    \
	"3536373839"                                                           \
	"FFFFFFFFFFFFFFFFFFFFFF" /* "56789" */
#define PUK                                                                    \
	"3132333435363738"                                                     \
	"FFFFFFFFFFFFFFFF" /* "12345678" */

static void verify_sends_one_padded_secret(void **state)
{
	static const struct {
		enum uk_pin_ref ref;
		const char *pin, *sent;
	} rows[] = {
		{ UK_PIN_USER, "1234", "00200081 10" PIN },
		{ UK_PIN_CONSENT, "1234", "00200082 10" PIN },
		{ UK_PIN_SO, "12345678", "00200083 10" PUK },
		{ UK_PIN_USER, "0123456789abcdef",
		    "00200081 10 30313233343536373839616263646566" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct script_step steps[] = {
			{ SELECT_UKEY, FCI_GOOD, UK_OK },
			{ rows[i].sent, "9000", UK_OK },
		};
		struct desk d = DESK(steps);
		uk_pin pin = pin_of(rows[i].pin);

		expect_ok(uk_card_verify(d.card, rows[i].ref, &pin));
		assert_int_equal(script_log.secrets, 1);
		desk_close_after(&d, 2);
	}
}

static void tries_are_counted_from_the_answers(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ "00200081 10" PIN, "63C2", UK_OK },
		{ "00200082 10" PIN, "63C1", UK_OK },
		{ "00200081 10" PIN, "9000", UK_OK },
		{ "00200083 10" PUK, "63C4", UK_OK },
		{ "00200081 10" PIN, "6983", UK_OK },
	};
	struct desk d = DESK(steps);
	uk_pin pin = pin_of("1234"), puk = pin_of("12345678");
	uk_err err = uk_card_verify(d.card, UK_PIN_USER, &pin);

	(void)state;
	expect_code(err, UK_ERR_PIN_WRONG);
	assert_int_equal(err.sw, 0x63c2);
	assert_int_equal(d.card->pins[0].tries_left, 2);
	expect_code(
	    uk_card_verify(d.card, UK_PIN_CONSENT, &pin), UK_ERR_PIN_WRONG);
	assert_int_equal(d.card->pins[0].tries_left, 1);
	expect_ok(uk_card_verify(d.card, UK_PIN_USER, &pin));
	assert_int_equal(d.card->pins[0].tries_left, 3);
	expect_code(uk_card_verify(d.card, UK_PIN_SO, &puk), UK_ERR_PIN_WRONG);
	assert_int_equal(d.card->pins[1].tries_left, 4);
	expect_code(
	    uk_card_verify(d.card, UK_PIN_USER, &pin), UK_ERR_PIN_BLOCKED);
	assert_int_equal(d.card->pins[0].tries_left, 0);
	desk_close_after(&d, 6);
}

/* CVE-2023-40660: the empty PIN. And everything else that cannot be a PIN. */
static void what_cannot_be_a_pin_never_reaches_the_card(void **state)
{
	static const uk_pin empty = { 0, { 0 } };
	static const uk_pin padded = { 6, { '1', '2', '3', '4', 0xff, 0xff } };
	const struct script_step steps[] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	struct desk d = DESK(steps);
	uk_pin good = pin_of("1234"), puk = pin_of("12345678");
	uk_pin bad[] = { empty, padded, pin_of("123"),
		pin_of("12345678901234567") };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		expect_code(uk_card_verify(d.card, UK_PIN_USER, &bad[i]),
		    UK_ERR_PIN_LENGTH);
		expect_code(uk_card_verify(d.card, UK_PIN_CONSENT, &bad[i]),
		    UK_ERR_PIN_LENGTH);
		expect_code(uk_card_verify(d.card, UK_PIN_SO, &bad[i]),
		    UK_ERR_PIN_LENGTH);
		expect_code(
		    uk_card_change_pin(d.card, UK_PIN_USER, &bad[i], &good),
		    UK_ERR_PIN_LENGTH);
		expect_code(
		    uk_card_change_pin(d.card, UK_PIN_USER, &good, &bad[i]),
		    UK_ERR_PIN_LENGTH);
		expect_code(
		    uk_card_unblock(d.card, &puk, &bad[i]), UK_ERR_PIN_LENGTH);
		expect_code(
		    uk_card_unblock(d.card, &bad[i], &good), UK_ERR_PIN_LENGTH);
		expect_code(
		    uk_card_unblock(d.card, NULL, &bad[i]), UK_ERR_PIN_LENGTH);
	}
	expect_code(uk_card_verify(d.card, UK_PIN_SO, &good),
	    UK_ERR_PIN_LENGTH); /* a PUK has eight */
	assert_int_equal(d.card->pins[0].tries_left, 3);
	desk_close_after(&d, 1);
}

/* One command, and it is not an empty VERIFY. */
static void pin_state_asks_get_data(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ "00CA010100", STATUS("01") "9000", UK_OK },
		{ "00CA010100", STATUS("01") "9000", UK_OK },
		{ "00CA010100", "8002 9000", UK_OK },
		{ "00CA010100", "6A88", UK_OK },
	};
	struct desk d = DESK(steps);
	uk_pin_state s;

	(void)state;
	expect_ok(uk_card_pin_state(d.card, UK_PIN_CONSENT, &s));
	assert_int_equal(s.tries_left, 1);
	assert_int_equal(s.tries_max, 3);
	assert_true(s.is_set);
	expect_ok(uk_card_pin_state(d.card, UK_PIN_SO, &s));
	assert_int_equal(s.tries_left, 5);
	expect_code(uk_card_pin_state(d.card, UK_PIN_USER, &s), UK_ERR_FORMAT);
	expect_code(
	    uk_card_pin_state(d.card, UK_PIN_USER, &s), UK_ERR_NOT_FOUND);
	assert_int_equal(d.card->pins[0].tries_left, 1);
	desk_close_after(&d, 5);
}

static void logout_ends_what_was_begun(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ "0020FF81", "9000", UK_OK },
		{ "00200083 10" PUK, "9000", UK_OK },
		{ "0020FF83", "9000", UK_OK },
		{ "0020FF81", "9000", UK_OK },
		{ "0020FF82", "9000", UK_OK },
	};
	struct desk d = DESK(steps);
	uk_pin puk = pin_of("12345678");

	(void)state;
	expect_ok(uk_card_logout(d.card));
	expect_ok(uk_card_verify(d.card, UK_PIN_SO, &puk));
	expect_ok(uk_card_logout(d.card));
	expect_ok(uk_card_logout(d.card));
	expect_ok(uk_card_revoke(d.card));
	desk_close_after(&d, 6);
}

static void changes_the_pin(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ "00240081 20" PIN NEW, "63C1", UK_OK },
		{ "00240081 20" PIN NEW, "9000", UK_OK },
		{ "00240083 20" PUK PUK, "9000", UK_OK },
	};
	struct desk d = DESK(steps);
	uk_pin old = pin_of("1234"), new = pin_of("56789");
	uk_pin puk = pin_of("12345678");

	(void)state;
	expect_code(uk_card_change_pin(d.card, UK_PIN_USER, &old, &new),
	    UK_ERR_PIN_WRONG);
	assert_int_equal(d.card->pins[0].tries_left, 1);
	expect_ok(uk_card_change_pin(d.card, UK_PIN_CONSENT, &old, &new));
	assert_int_equal(d.card->pins[0].tries_left, 3);
	expect_ok(uk_card_change_pin(d.card, UK_PIN_SO, &puk, &puk));
	assert_int_equal(script_log.secrets, 3);
	desk_close_after(&d, 4);
}

static void unblocks_with_puk_or_as_officer(void **state)
{
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI(STATUS("00")), UK_OK },
		{ "002C0081 20" PUK NEW, "63C4", UK_OK },
		{ "002C0081 20" PUK NEW, "9000", UK_OK },
		{ "002C0281 10" NEW, "9000", UK_OK },
		{ "002C0281 10" NEW, "6982", UK_OK },
		{ "002C0081 20" PUK NEW, "6983", UK_OK },
	};
	struct desk d = DESK(steps);
	uk_pin new = pin_of("56789"), puk = pin_of("12345678");

	(void)state;
	assert_int_equal(d.card->pins[0].tries_left, 0);
	expect_code(uk_card_unblock(d.card, &puk, &new), UK_ERR_PIN_WRONG);
	assert_int_equal(d.card->pins[0].tries_left, 0);
	assert_int_equal(d.card->pins[1].tries_left, 4);
	expect_ok(uk_card_unblock(d.card, &puk, &new));
	assert_int_equal(d.card->pins[0].tries_left, 3);
	assert_int_equal(d.card->pins[1].tries_left, 5);
	expect_ok(uk_card_unblock(d.card, NULL, &new));
	expect_code(uk_card_unblock(d.card, NULL, &new), UK_ERR_NOT_LOGGED_IN);
	expect_code(uk_card_unblock(d.card, &puk, &new), UK_ERR_PIN_BLOCKED);
	assert_int_equal(d.card->pins[1].tries_left, 0);
	assert_int_equal(d.card->pins[0].tries_left, 3);
	assert_int_equal(script_log.secrets, 5);
	desk_close_after(&d, 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verify_sends_one_padded_secret),
		cmocka_unit_test(tries_are_counted_from_the_answers),
		cmocka_unit_test(what_cannot_be_a_pin_never_reaches_the_card),
		cmocka_unit_test(pin_state_asks_get_data),
		cmocka_unit_test(logout_ends_what_was_begun),
		cmocka_unit_test(changes_the_pin),
		cmocka_unit_test(unblocks_with_puk_or_as_officer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
