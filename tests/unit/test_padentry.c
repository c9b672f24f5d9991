/* PIN entries. Data as CCID 1.1, 6.1.11 and 6.1.12 lay it out. The two block
 * forms: ASCII in a field of FF (what our own module asks for), and the BCD
 * block of ISO 9564 format 2 as libccid's documentation of its own examples has
 * it (bmFormatString 89, bmPINBlockString 47, bmPINLengthFormat 04). */
#include "padentry.h"

#include "cmocka_all.h"
#include "fixtures.h"

#define ASCII_VERIFY                                                           \
	"00 1E 82 0F 00 0804 02 01 0904 00 000000"                             \
	" 00200081 10 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
#define BCD_VERIFY                                                             \
	"00 00 89 47 04 0C04 02 01 0904 00 000000"                             \
	" 00200081 08 20FFFFFFFFFFFFFF"
/* old at 0, new at 16; asked for the old one, and twice for the new */
#define ASCII_MODIFY                                                           \
	"01 1E 82 0F 00 00 10 0804 03 02 03 0904 000102 000000"                \
	" 00240081 20 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"                        \
	" FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"

static uk_pin pin(const char *text)
{
	uk_pin p = { 0 };

	expect_ok(uk_pin_set(&p, uk_view_str(text)));
	return p;
}

static const struct row {
	const char *data, *old, *fresh, *command;
} rows[] = {
	{ ASCII_VERIFY, "1234", NULL,
	    "00200081 10 31323334FFFFFFFFFFFFFFFFFFFFFFFF" },
	{ ASCII_VERIFY, "12345678", NULL,
	    "00200081 10 3132333435363738FFFFFFFFFFFFFFFF" },
	{ BCD_VERIFY, "1234", NULL, "00200081 08 241234FFFFFFFFFF" },
	{ BCD_VERIFY, "12345", NULL, "00200081 08 2512345FFFFFFFFF" },
	{ ASCII_MODIFY, "1234", "567890",
	    "00240081 20 31323334FFFFFFFFFFFFFFFFFFFFFFFF"
	    " 353637383930FFFFFFFFFFFFFFFFFFFF" },
	/* right-justified; no block: behind the header, of its own length */
	{ "00 00 86 08 00 0804 02 01 0904 00 000000"
	  " 00200081 08 0000000000000000",
	    "1234", NULL, "00200081 08 0000000031323334" },
	{ "00 00 82 00 00 0804 02 01 0904 00 000000 00200001", "1234", NULL,
	    "00200001 04 31323334" },
};

static void test_commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t storage[TRM_PIN_COMMAND_MAX];
		uk_buf out = UK_BUF(storage);
		uk_pin old = pin(rows[i].old);
		uk_pin fresh = pin(rows[i].fresh == NULL ? "0" : rows[i].fresh);
		struct trm_pin_wish w;

		expect_ok(trm_pin_read(hex(rows[i].data), &w));
		assert_int_equal(w.change, rows[i].fresh != NULL);
		expect_ok(trm_pin_command(&w, &old, &fresh, &out));
		expect_bytes(uk_buf_view(&out), hex(rows[i].command));
	}
}

static void test_wishes(void **state)
{
	struct trm_pin_wish w;

	(void)state;
	expect_ok(trm_pin_read(hex(ASCII_VERIFY), &w));
	assert_int_equal(w.min, 4);
	assert_int_equal(w.max, 8);
	assert_int_equal(w.timeout_s, 30);
	assert_true(w.asks_old);
	expect_ok(trm_pin_read(hex(ASCII_MODIFY), &w));
	assert_true(w.change && w.confirm && w.asks_old);
}

static void test_pin_lengths(void **state)
{
	static const char *const wrong[] = { "123", "123456789" };
	uint8_t storage[TRM_PIN_COMMAND_MAX];
	struct trm_pin_wish w;

	(void)state;
	expect_ok(trm_pin_read(hex(ASCII_VERIFY), &w));
	for (size_t i = 0; i < 2; i++) {
		uk_buf out = UK_BUF(storage);
		uk_pin p = pin(wrong[i]);

		expect_code(
		    trm_pin_command(&w, &p, &p, &out), UK_ERR_PIN_LENGTH);
		assert_int_equal(out.len, 0);
	}
}

/* What we do not do, and what cannot be. */
static void test_refused(void **state)
{
	static const struct {
		const char *data;
		enum uk_code code;
	} wrong[] = {
		{ "", UK_ERR_FORMAT },
		{ "02 00", UK_ERR_UNSUPPORTED },
		{ "00 1E 82 0F 00 0804 02 01 0904 00 0000", UK_ERR_FORMAT },
		{ "00 1E 82 0F 00 0804 02 01 0904 00 000000 002000",
		    UK_ERR_FORMAT },
		/* binary digits; no key to end with; 8 to 4 digits */
		{ "00 1E 80 0F 00 0804 02 01 0904 00 000000 0020008100",
		    UK_ERR_UNSUPPORTED },
		{ "00 1E 82 0F 00 0804 01 01 0904 00 000000 0020008100",
		    UK_ERR_UNSUPPORTED },
		{ "00 1E 82 0F 00 0408 02 01 0904 00 000000 0020008100",
		    UK_ERR_UNSUPPORTED },
	};
	struct trm_pin_wish w;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_code(
		    trm_pin_read(hex(wrong[i].data), &w), wrong[i].code);
}

/* A place behind the end of the command. */
static void test_places(void **state)
{
	uint8_t storage[TRM_PIN_COMMAND_MAX];
	uk_buf out = UK_BUF(storage);
	uk_pin p = pin("1234");
	struct trm_pin_wish w;

	(void)state;
	expect_ok(trm_pin_read(
	    hex("01 00 82 0F 00 00 FF 0804 01 02 00 0904 00 000000 0024008100"),
	    &w));
	expect_code(trm_pin_command(&w, &p, &p, &out), UK_ERR_FORMAT);
	assert_int_equal(out.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_pin_lengths),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
