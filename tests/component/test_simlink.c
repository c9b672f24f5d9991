/*
 * Links with a simulated line in them, of every kind: what comes through, what
 * a card that fails behind them makes of it, and memory that runs out.
 */
#include "simlink.h"

#include "mem.h"

#include "cmocka_all.h"
#include "fixtures.h"

static const struct kind {
	const char *name;
	const char *atr;
} kinds[] = {
	/* T=1 as opensc-tool reads them over libccid's driver, the others by
	 * hand from ISO/IEC 7816-3, 8.2, and PC/SC part 3, 3.1.3.2.3.1. */
	{ "line:t0:there", "3B0A8073D401C054756B6579" },
	{ "line:t1:there", "3B8A8131FE458073D401C054756B657931" },
	{ "line:t1-crc:there", "3B8A8171FE45018073D401C054756B657970" },
	{ "line:a:there", "3B8A80018073D401C054756B6579BB" },
	{ "line:b:there", "3B888001756B6579008181000B" },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* --- the card behind ------------------------------------------------------ */

static unsigned commands, begun, closed;
static enum uk_code fails; /* each command from now on */

static uk_err transmit(uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret)
{
	(void)l, (void)cmd;
	assert_true(secret); /* nothing is traced behind the line */
	commands++;
	if (fails != UK_OK)
		return uk_fail(fails);
	uk_put_u16(resp, 0x9000);
	return uk_ok();
}

static uk_err begin(uk_link *l)
{
	(void)l;
	begun++;
	return uk_ok();
}

static void end(uk_link *l, enum uk_card_fate fate)
{
	(void)l, (void)fate;
}

static void close_link(uk_link *l, enum uk_card_fate fate)
{
	(void)l, (void)fate;
	closed++;
}

static const struct uk_link_ops ops = {
	.transmit = transmit, .begin = begin, .end = end, .close = close_link
};
static uk_link behind = { &ops };

static uk_err open_kind(const struct kind *k, uk_link **out)
{
	uk_bytes own = hex("3B8A018073D401C054756B65793B");
	const char *name = k->name;
	struct trm_simwish wish;
	uk_link *inner = &behind;
	uk_err err;

	commands = begun = closed = 0;
	fails = UK_OK;
	expect_ok(trm_simcard_parse(&name, &wish));
	assert_string_equal(name, "there");
	err = trm_simlink_open(&wish, own, &inner, out);
	assert_null(inner); /* taken over, whatever happens */
	return err;
}

/* --- tests ---------------------------------------------------------------- */

static void carries_commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		uint8_t storage[UK_ATR_MAX];
		uk_buf b = UK_BUF(storage);
		uk_link *l = NULL;

		expect_ok(open_kind(&kinds[i], &l));
		expect_ok(uk_link_atr(l, &b));
		expect_bytes(uk_buf_view(&b), hex(kinds[i].atr));
		assert_true(begun > 0); /* the card was reset */
		b = UK_BUF(storage);
		expect_ok(uk_link_transmit(l, hex("00840000"), &b, false));
		expect_bytes(uk_buf_view(&b), hex("9000"));
		assert_int_equal(commands, 1);
		uk_link_close(&l, UK_RESET_CARD);
		assert_int_equal(closed, 1);
	}
}

/* The error is the card's, and it is not asked again for what it has had. */
static void tells_what_the_card_does(void **state)
{
	static const enum uk_code codes[] = { UK_ERR_CARD_REMOVED,
		UK_ERR_CARD_MUTE, UK_ERR_CARD_RESET, UK_ERR_NO_SERVICE };

	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		for (size_t c = 0; c < sizeof(codes) / sizeof(codes[0]); c++) {
			uint8_t storage[UK_ATR_MAX];
			uk_buf b = UK_BUF(storage);
			uk_link *l = NULL;

			expect_ok(open_kind(&kinds[i], &l));
			fails = codes[c];
			expect_code(
			    uk_link_transmit(l, hex("00840000"), &b, false),
			    codes[c]);
			assert_int_equal(b.len, 0);
			assert_int_equal(commands, 1);
			uk_link_close(&l, UK_RESET_CARD);
		}
	}
}

static uk_err open_and_use(void *arg)
{
	uint8_t storage[UK_ATR_MAX];
	uk_buf b = UK_BUF(storage);
	uk_link *l = NULL;
	uk_err err = open_kind(arg, &l);

	if (uk_is_ok(err))
		err = uk_link_transmit(l, hex("00840000"), &b, false);
	uk_link_close(&l, UK_RESET_CARD);
	assert_int_equal(closed, 1);
	return err;
}

static void runs_out_of_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++)
		assert_true(fail_every_allocation(open_and_use,
				(void *)(uintptr_t)&kinds[i]) > 2);
}

static void knows_its_lines(void **state)
{
	static const char *const others[] = { "line:", "line:c:x", "line:t1",
		"line:a" };
	struct trm_simwish wish;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const char *name = others[i];

		expect_code(trm_simcard_parse(&name, &wish), UK_ERR_FORMAT);
	}
	for (size_t i = 0; i < KINDS; i++) {
		const char *name = kinds[i].name;

		expect_ok(trm_simcard_parse(&name, &wish));
		assert_int_equal(wish.contactless, i >= 3);
	}
	expect_code(trm_simcard_parse(&(const char *){ "unix:x" }, &wish),
	    UK_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_commands),
		cmocka_unit_test(tells_what_the_card_does),
		cmocka_unit_test(runs_out_of_memory),
		cmocka_unit_test(knows_its_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
