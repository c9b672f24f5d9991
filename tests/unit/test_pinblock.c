/* PIN blocks. Values: cards' published examples, named beside them; and
 * tests/system/emv_bank.py, which makes them with python3-cryptography. */
#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"
#include "pinblock.h"

static uk_pin pin_of(const char *text)
{
	uk_pin pin;

	expect_ok(uk_pin_set(&pin, uk_view_str(text)));
	return pin;
}

static uk_bytes view(const char *text)
{
	return uk_view_str(text);
}

static const struct {
	const char *key, *pan, *pin, *filling, *block;
} rows[] = {
	/* ANSI X9.24-3:2017, test vectors: the PIN key of counter 1 */
	{ "AF8CB133A78F8DC2D1359F18527593FB", "4111111111111111", "1234",
	    "2F69ADDE2E9E7ACE", "A912150391AB65A67E52883D81CE2D15" },
	/* ANSI X9.24-1:2009, A.4: the current key of counter 1, its PIN
	 * variant (bytes 7 and 15 the other way round) */
	{ "042666B49184CF5C68DE9628D0397B36", "4012345678909", "1234", NULL,
	    "1B9C1845EB993A7A" },
	/* emv_bank.py: the longest, and the shortest account */
	{ "000102030405060708090A0B0C0D0E0F", "6222021234567890123",
	    "123456789012", "0011223344556677",
	    "76B1139EBFC9EA452AC47D2DF674646B" },
	{ "000102030405060708090A0B0C0D0E0F", "622202123456", "98765",
	    "0011223344556677", "08C90357CCFF14DDB795DC0829B514F4" },
	{ "000102030405060708090A0B0C0D0E0F", "622202123456", "98765", NULL,
	    "86FD386AB6E612BA" },
};

static void sealed_and_opened(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t storage[UK_PIN_BLOCK_4];
		uk_pin pin = pin_of(rows[i].pin), got;
		uk_bytes block = uk_view(storage,
		    rows[i].filling == NULL ? UK_PIN_BLOCK_0 : UK_PIN_BLOCK_4);

		if (rows[i].filling == NULL)
			expect_ok(uk_pin_block_0(crypto, hex(rows[i].key),
			    view(rows[i].pan), &pin, storage));
		else
			expect_ok(uk_pin_block_4(crypto, hex(rows[i].key),
			    view(rows[i].pan), &pin, hex(rows[i].filling),
			    storage));
		expect_bytes(block, hex(rows[i].block));
		expect_ok(uk_pin_block_open(
		    crypto, hex(rows[i].key), view(rows[i].pan), block, &got));
		expect_bytes(uk_pin_view(&got), view(rows[i].pin));
	}
}

static void another_card_or_key(void **state)
{
	uk_pin got;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		expect_code(
		    uk_pin_block_open(crypto, hex(rows[i].key),
			view("6222021234567890"), hex(rows[i].block), &got),
		    UK_ERR_FORMAT);
		expect_code(uk_pin_block_open(crypto,
				hex("000102030405060708090A0B0C0D0E0F"),
				view(rows[i].pan), hex(rows[i].block), &got),
		    UK_ERR_FORMAT);
	}
}

static void nothing_else(void **state)
{
	static const char key[] = "000102030405060708090A0B0C0D0E0F";
	static const char *const pins[] = { "123", "1234567890123", "12a4" };
	static const char *const pans[] = { "62220212345",
		"62220212345678901234", "6222 2123456" };
	uint8_t block[UK_PIN_BLOCK_4];
	uk_pin pin;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		pin = pin_of(pins[i]);
		expect_code(
		    uk_pin_block_4(crypto, hex(key), view("6222021234567890"),
			&pin, hex("0011223344556677"), block),
		    UK_ERR_ARGUMENT);
		expect_code(uk_pin_block_0(crypto, hex(key),
				view("6222021234567890"), &pin, block),
		    UK_ERR_ARGUMENT);
		pin = pin_of("1234");
		expect_code(uk_pin_block_0(
				crypto, hex(key), view(pans[i]), &pin, block),
		    UK_ERR_ARGUMENT);
		expect_code(uk_pin_block_open(crypto, hex(key), view(pans[i]),
				hex("0011223344556677"), &pin),
		    UK_ERR_ARGUMENT);
	}
	expect_code(uk_pin_block_open(crypto, hex(key),
			view("6222021234567890"), hex("00112233"), &pin),
	    UK_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed_and_opened),
		cmocka_unit_test(another_card_or_key),
		cmocka_unit_test(nothing_else),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
