/*
 * Sensitive fields. What is sealed and hashed here was sealed and hashed by the
 * python package `cryptography` (HKDF, AESGCM) and hmac, as fields.h writes it.
 */
#include "fields.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "proto.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES_00                                                               \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define BYTES_20                                                               \
	"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define KEY    "key 0a0b0c0d " BYTES_00 "\n"
#define INDEX  "index " BYTES_20 "\n"
#define PHONE  "+8613800001234"
#define SEALED "010a0b0c0d a0a1a2a3a4a5a6a7a8a9aaab"

static const struct {
	enum bank_field class;
	const char *sealed, *index;
} python[] = {
	{ BANK_FIELD_PHONE,
	    SEALED "a2d3b6b18b8edcf8f94e98a3f67650d541cecba9c7ddb96ca5e8fa87"
		   "13d8",
	    "fac5f9f0b632d9356ac632641128948a75b05e8a2f290bd35fa5cf4c3e21f48"
	    "9" },
	{ BANK_FIELD_CARD,
	    SEALED "06a3d448b9dbf6467d7481f2b86fc5ee40a4d3abd35e3b3ff3dd25b7"
		   "5f32",
	    "0c5218056d9d3547acb6ea7344d8aa25fe9153e38ae3ef223fc8cf0e51d40b6"
	    "5" },
};

static uk_crypto *crypto;
static struct bank_fields *fields;

static uk_bytes str(const char *s)
{
	return uk_view_str(s);
}

static int set_up(void **state)
{
	(void)state;
	expect_ok(uk_crypto_open(&crypto));
	expect_ok(bank_fields_read(crypto, str(KEY INDEX), &fields));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	bank_fields_close(&fields);
	uk_crypto_close(&crypto);
	return 0;
}

static uk_err open_it(enum bank_field class, const char *row, uk_bytes sealed)
{
	uint8_t room[BANK_FIELD_MAX];
	uk_buf plain = UK_BUF(room);
	uk_err err = bank_field_open(fields, class, str(row), sealed, &plain);

	if (uk_is_ok(err))
		expect_bytes(uk_buf_view(&plain), str(PHONE));
	else
		assert_int_equal(plain.len, 0);
	return err;
}

static void as_python_seals(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t room[BANK_FIELD_INDEX];
		uk_buf index = UK_BUF(room);

		expect_ok(
		    open_it(python[i].class, "row-1", hex(python[i].sealed)));
		expect_ok(bank_field_index(
		    fields, python[i].class, str(PHONE), &index));
		expect_bytes(uk_buf_view(&index), hex(python[i].index));
	}
}

static void nothing_else_opens(void **state)
{
	uk_bytes sealed = hex(python[0].sealed);
	uint8_t room[BANK_FIELD_SEALED_MAX];

	(void)state;
	expect_code(
	    open_it(BANK_FIELD_CARD, "row-1", sealed), UK_ERR_SIGNATURE);
	expect_code(
	    open_it(BANK_FIELD_PHONE, "row-2", sealed), UK_ERR_SIGNATURE);
	for (size_t n = 0; n < sealed.n; n++)
		expect_code(open_it(BANK_FIELD_PHONE, "row-1",
				uk_bytes_first(sealed, n)),
		    UK_ERR_SIGNATURE);
	for (size_t n = 0; n < sealed.n; n++) {
		uk_buf altered = UK_BUF(room);

		uk_put(&altered, sealed);
		room[n] ^= 0x80;
		expect_code(
		    open_it(BANK_FIELD_PHONE, "row-1", uk_buf_view(&altered)),
		    UK_ERR_SIGNATURE);
	}
}

static void sealing(void **state)
{
	uint8_t room[BANK_FIELD_SEALED_MAX], other[BANK_FIELD_SEALED_MAX];
	uint8_t many[BANK_FIELD_MAX + 1] = { 0 };
	uk_buf one = UK_BUF(room), two = UK_BUF(other), full;

	(void)state;
	expect_ok(bank_field_seal(
	    fields, BANK_FIELD_PHONE, str("r"), str(PHONE), &one));
	expect_ok(bank_field_seal(
	    fields, BANK_FIELD_PHONE, str("r"), str(PHONE), &two));
	assert_false(uk_bytes_eq(uk_buf_view(&one), uk_buf_view(&two)));
	expect_ok(open_it(BANK_FIELD_PHONE, "r", uk_buf_view(&one)));
	full = UK_BUF(room);
	expect_ok(bank_field_seal(fields, BANK_FIELD_IDENTITY, str("r"),
	    uk_view(many, BANK_FIELD_MAX), &full));
	assert_int_equal(full.len, BANK_FIELD_SEALED_MAX);
	full = UK_BUF(room);
	expect_code(bank_field_seal(fields, BANK_FIELD_IDENTITY, str("r"),
			uk_view(many, sizeof(many)), &full),
	    UK_ERR_ARGUMENT);
}

static void files_of_keys(void **state)
{
#define KEYS4 KEY KEY KEY KEY
	static const char *const good[] = { KEY INDEX, INDEX KEY, KEY INDEX KEY,
		KEYS4 KEYS4 INDEX };
	static const char *const bad[] = { "", "\n", KEY, INDEX,
		INDEX KEY INDEX, KEYS4 KEYS4 KEY INDEX, KEY "\n" INDEX,
		KEY INDEX "x", "key 0a0b0c0d" BYTES_00 "\n" INDEX,
		"key 0a0b0c " BYTES_00 "\n" INDEX,
		"key 0a0b0c0g " BYTES_00 "\n" INDEX, KEY "index " BYTES_20,
		KEY "index " BYTES_20 "00\n", KEY "index 00\n", " " KEY INDEX,
		KEY "Index " BYTES_20 "\n" };
	struct bank_fields *f = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		expect_ok(bank_fields_read(crypto, str(good[i]), &f));
		bank_fields_close(&f);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		expect_code(
		    bank_fields_read(crypto, str(bad[i]), &f), UK_ERR_FORMAT);
		assert_null(f);
	}
	for (size_t n = 0; n < sizeof(KEY INDEX) - 1; n++)
		expect_code(bank_fields_read(
				crypto, uk_bytes_first(str(KEY INDEX), n), &f),
		    UK_ERR_FORMAT);
}

/* What was sealed before opens after; what is sealed after needs the new key.
 */
static void rotation(void **state)
{
	char folder[] = "/tmp/test_fields.XXXXXX", path[64];
	uint8_t room[BANK_FIELD_SEALED_MAX];
	uk_buf before = UK_BUF(room);
	struct bank_fields *own = fields;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/fields.key", folder);
	expect_code(bank_fields_open(crypto, path, &fields), UK_ERR_NOT_FOUND);
	expect_ok(bank_fields_make(crypto, path));
	expect_code(bank_fields_make(crypto, path), UK_ERR_EXISTS);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 077, 0);
	expect_ok(bank_fields_open(crypto, path, &fields));
	expect_ok(bank_field_seal(
	    fields, BANK_FIELD_PHONE, str("r"), str(PHONE), &before));
	for (int i = 1; i < BANK_FIELD_MASTERS; i++) {
		uint8_t after_room[BANK_FIELD_SEALED_MAX];
		uk_buf after = UK_BUF(after_room);
		struct bank_fields *old = fields;

		expect_ok(bank_fields_rotate(crypto, path));
		expect_ok(bank_fields_open(crypto, path, &fields));
		expect_ok(open_it(BANK_FIELD_PHONE, "r", uk_buf_view(&before)));
		expect_ok(bank_field_seal(
		    fields, BANK_FIELD_PHONE, str("r"), str(PHONE), &after));
		bank_fields_close(&fields);
		fields = old;
		expect_code(open_it(BANK_FIELD_PHONE, "r", uk_buf_view(&after)),
		    UK_ERR_SIGNATURE);
		bank_fields_close(&fields);
		expect_ok(bank_fields_open(crypto, path, &fields));
	}
	expect_code(bank_fields_rotate(crypto, path), UK_ERR_UNSUPPORTED);
	bank_fields_close(&fields);
	fields = own;
	unlink(path);
	rmdir(folder);
}

static void numbers(void **state)
{
	static const struct {
		const char *number, *masked;
		bool phone;
	} rows[] = {
		{ "+8613800001234", "+86138****1234", true },
		{ "+1234567", "+1****67", true },
		{ "+123456789012345", "+12345****2345", true },
		{ "+1234567890123456", "+12345****3456", false },
		{ "+123456", "+1****56", false },
		{ "+01234567", "+0****67", false },
		{ "8613800001234", "86138****1234", false },
		{ "+86 13800001", "+86 ****0001", false },
		{ "6222020200112233", "622202****2233", false },
		{ "6222020200112233445", "622202****3445", false },
		{ "12345", "****", false },
		{ "", "****", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t room[64];
		uk_buf out = UK_BUF(room);

		bank_put_masked(&out, str(rows[i].number));
		expect_bytes(uk_buf_view(&out), str(rows[i].masked));
		assert_int_equal(
		    bank_phone_ok(str(rows[i].number)), rows[i].phone);
	}
}

static uk_err read_keys(void *arg)
{
	struct bank_fields *f = NULL;
	uk_err err = bank_fields_read(crypto, str(KEY INDEX), &f);

	(void)arg;
	bank_fields_close(&f);
	return err;
}

static void allocation_fails(void **state)
{
	(void)state;
	assert_int_equal(fail_every_allocation(read_keys, NULL), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_python_seals),
		cmocka_unit_test(nothing_else_opens),
		cmocka_unit_test(sealing),
		cmocka_unit_test(files_of_keys),
		cmocka_unit_test(rotation),
		cmocka_unit_test(numbers),
		cmocka_unit_test(allocation_fails),
	};

	return cmocka_run_group_tests_name("fields", tests, set_up, tear_down);
}
