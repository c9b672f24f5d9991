/* IsoApplet with failing memory and failing writes: a command is carried out
 * or it is not, and a PIN try is never had for nothing. */
#include "iso_card.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "mem.h"

#define CREATE_EF "00E00000176F1581020004820101830244028608FF90909090909000"
#define CHANGED   "31323334000000000000000000000000"

/* What shows that a command was carried out or not: `probe` answers `before` or
 * `after`. */
static const struct change {
	const char *prepare, *command, *probe, *before, *after;
} changes[] = {
	{ ISO_LOGIN, CREATE_EF, "00A4000C02 4402", "6A82", "9000" },
	{ CREATE_EF, "00D6000001 AA", "00B0000001", "009000", "AA9000" },
	{ CREATE_EF, "00E4000002 4402", "00A4000C02 4402", "9000", "6A82" },
	{ "00224100068001EC840100", "00460000 0000CF" ISO_P256 "0000",
	    "002241B606800121840100", "6F00", "9000" },
};

static void fail_allocations(const struct change *c)
{
	for (unsigned nth = 1; nth < 1000; nth++) {
		struct vc_card *card = iso_card_open("isoapplet", false);
		uk_bytes apdu = hex(c->command);
		unsigned sw;
		bool touched;

		expect_sw(card, c->prepare, 0x9000);
		uk_mem_fail_nth(nth);
		sw = sw_of(vc_card_transmit(card, apdu));
		touched = uk_mem_calls() >= nth;
		uk_mem_fail_nth(0);
		assert_int_equal(sw, touched ? 0x6581 : 0x9000);
		expect_apdu(card, c->probe, touched ? c->before : c->after);
		vc_card_close(&card);
		if (!touched)
			return;
	}
	fail_msg("%s: never passes", c->command);
}

static void test_out_of_memory(void **state)
{
	long live = uk_mem_live();

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		fail_allocations(&changes[i]);
	assert_int_equal(uk_mem_live(), live);
}

static void test_failing_writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *c = &changes[i];
		struct vc_card *card = iso_card_open("isoapplet", false);

		expect_sw(card, c->prepare, 0x9000);
		vc_store_fail_nth(1);
		expect_sw(card, c->command, 0x6581);
		vc_store_fail_nth(0);
		expect_apdu(card, c->probe, c->before);
		expect_sw(card, c->command, 0x9000);
		expect_apdu(card, c->probe, c->after);
		vc_card_close(&card);
	}
}

static void test_pin_and_failing_writes(void **state)
{
	struct vc_card *card = iso_card_open("isoapplet", false);

	(void)state;
	vc_store_fail_nth(1); /* the counter cannot be lowered */
	expect_sw(card, ISO_LOGIN, 0x6581);
	expect_sw(card, "00200001", 0x63C3);
	expect_sw(card, "00224100068001EC840100", 0x6982);
	vc_store_fail_nth(2); /* nor raised again */
	expect_sw(card, ISO_LOGIN, 0x6581);
	expect_sw(card, "00200001", 0x63C2);
	expect_sw(card, "00224100068001EC840100", 0x6982);
	vc_store_fail_nth(1);
	expect_sw(card, "002000010439393939", 0x6581);
	expect_sw(card, "00200001", 0x63C2);
	vc_store_fail_nth(3); /* the new value of CHANGE */
	expect_sw(card, "0024000120" ISO_PIN16 CHANGED, 0x6581);
	vc_store_fail_nth(0);
	expect_sw(card, ISO_LOGIN, 0x9000);
	vc_store_fail_nth(3); /* and of the PUK's */
	expect_sw(card, "002C000120" ISO_PUK16 CHANGED, 0x6581);
	vc_store_fail_nth(0);
	expect_sw(card, ISO_LOGIN, 0x9000);
	vc_card_close(&card);
}

/* PUK and life cycle change together, and so do PIN and life cycle. */
static void test_life_cycle_and_failing_writes(void **state)
{
	struct vc_card *card = iso_card("isoapplet", false);

	(void)state;
	vc_store_fail_nth(1);
	expect_sw(card, "0024010210" ISO_PUK16, 0x6581);
	vc_store_fail_nth(0);
	expect_sw(card, "0024010210" ISO_PUK16, 0x9000);
	vc_store_fail_nth(1);
	expect_sw(card, "0024010110" ISO_PIN16, 0x6581);
	vc_store_fail_nth(0);
	expect_sw(card, "00200001", 0x9000);
	expect_sw(card, "0024010110" ISO_PIN16, 0x9000);
	expect_sw(card, "00200001", 0x63C3);
	vc_card_close(&card);
}

static uk_err make_one(void *arg)
{
	struct vc_card *card = NULL;
	uk_err err = vc_apps_open(NULL, VC_STORE_CREATE, &card);

	(void)arg;
	if (uk_is_ok(err))
		err = vc_card_install(card, "isoapplet", UK_NONE, UK_NONE);
	vc_card_close(&card);
	return err;
}

static void test_install(void **state)
{
	struct vc_card *card = NULL;

	(void)state;
	assert_true(fail_every_allocation(make_one, NULL) > 10);
	expect_ok(vc_apps_open(NULL, VC_STORE_CREATE, &card));
	/* No new card has it. */
	expect_sw(card, ISO_SELECT, 0x6A82);
	expect_code(vc_card_install(card, "isoapplet", UK_NONE, hex("02")),
	    UK_ERR_FORMAT);
	expect_code(vc_card_install(card, "isoapplet", UK_NONE, hex("0101")),
	    UK_ERR_FORMAT);
	expect_ok(vc_card_install(card, "isoapplet", UK_NONE, hex("00")));
	expect_code(vc_card_install(card, "isoapplet0", UK_NONE, UK_NONE),
	    UK_ERR_EXISTS);
	/* Two versions on one card, under two names. */
	expect_ok(vc_card_install(
	    card, "isoapplet0", hex("F276A288BCFBA69D34F31002"), UK_NONE));
	expect_apdu(card, "00A404000CF276A288BCFBA69D34F3100200", "0006069000");
	expect_sw(card, CREATE_EF, 0x9000);
	expect_apdu(card, ISO_SELECT, "9000");
	expect_sw(card, "00A4000C02 4402", 0x6A82);
	vc_card_close(&card);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_failing_writes),
		cmocka_unit_test(test_pin_and_failing_writes),
		cmocka_unit_test(test_life_cycle_and_failing_writes),
		cmocka_unit_test(test_install),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
