/* The file of field keys, and a sealed field: whatever file is accepted seals
 * and opens again; nothing that was not sealed opens. */
#include "fields.h"

#include "fuzz_check.h"

static void seal_and_open(const struct bank_fields *f)
{
	uint8_t sealed_room[BANK_FIELD_SEALED_MAX], room[BANK_FIELD_MAX];
	uk_buf sealed = UK_BUF(sealed_room), plain = UK_BUF(room);
	uk_bytes row = uk_view_str("r"), text = uk_view_str("+8613800001234");

	CHECK(
	    uk_is_ok(bank_field_seal(f, BANK_FIELD_PHONE, row, text, &sealed)));
	CHECK(uk_is_ok(bank_field_open(
	    f, BANK_FIELD_PHONE, row, uk_buf_view(&sealed), &plain)));
	CHECK(uk_bytes_eq(uk_buf_view(&plain), text));
}

static struct bank_fields *known_keys(uk_crypto *c)
{
	struct bank_fields *f = NULL;

	CHECK(uk_is_ok(bank_fields_read(c,
	    uk_view_str("key 0a0b0c0d 000102030405060708090a0b0c0d0e0f10111213"
			"1415161718191a1b1c1d1e1f\nindex 00010203040506070809"
			"0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"),
	    &f)));
	return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uk_crypto *crypto;
	static struct bank_fields *known;
	uk_bytes v = uk_view(data, size);
	uint8_t room[BANK_FIELD_MAX];
	uk_buf plain = UK_BUF(room);
	struct bank_fields *f = NULL;
	uk_err err;

	if (crypto == NULL) {
		CHECK(uk_is_ok(uk_crypto_open(&crypto)));
		known = known_keys(crypto);
	}
	err = bank_fields_read(crypto, v, &f);
	CHECK(uk_is_ok(err) == (f != NULL));
	if (f != NULL)
		seal_and_open(f);
	bank_fields_close(&f);
	CHECK(uk_is(bank_field_open(known, BANK_FIELD_CARD,
			uk_view_str("another row"), v, &plain),
	    UK_ERR_SIGNATURE));
	CHECK(plain.len == 0);
	return 0;
}
