/* Names and exact bytes of docs/protocol.md. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "proto.h"

#include <string.h>

/* docs/protocol.md, section 2, row by row. */
static void errors_are_those_of_the_document(void **state)
{
	static const struct {
		enum bank_code code;
		int http;
		const char *name;
	} rows[] = {
		{ BANK_OK, 200, "ok" },
		{ BANK_MALFORMED, 400, "malformed" },
		{ BANK_NOT_FOUND, 404, "not-found" },
		{ BANK_METHOD, 405, "method" },
		{ BANK_TOO_LARGE, 413, "too-large" },
		{ BANK_BUSY, 429, "busy" },
		{ BANK_INTERNAL, 500, "internal" },
		{ BANK_NO_SESSION, 401, "no-session" },
		{ BANK_NONCE_UNKNOWN, 401, "nonce-unknown" },
		{ BANK_NONCE_EXPIRED, 401, "nonce-expired" },
		{ BANK_LOGIN_SIGNATURE, 401, "login-signature" },
		{ BANK_CHANNEL_BINDING, 401, "channel-binding" },
		{ BANK_NO_CERTIFICATE, 401, "no-certificate" },
		{ BANK_CERT_MALFORMED, 403, "cert-malformed" },
		{ BANK_CERT_UNTRUSTED, 403, "cert-untrusted" },
		{ BANK_CERT_NOT_YET, 403, "cert-not-yet" },
		{ BANK_CERT_EXPIRED, 403, "cert-expired" },
		{ BANK_CERT_REVOKED, 403, "cert-revoked" },
		{ BANK_CERT_PURPOSE, 403, "cert-purpose" },
		{ BANK_CRL_MISSING, 403, "crl-missing" },
		{ BANK_CERT_UNKNOWN, 403, "cert-unknown" },
		{ BANK_WRONG_CUSTOMER, 403, "wrong-customer" },
		{ BANK_ORDER_CONFLICT, 409, "order-conflict" },
		{ BANK_ORDER_EXPIRED, 409, "order-expired" },
		{ BANK_INSUFFICIENT_FUNDS, 409, "insufficient-funds" },
		{ BANK_TEXT_ALTERED, 422, "text-altered" },
		{ BANK_ORDER_SIGNATURE, 422, "order-signature" },
		{ BANK_ACCOUNT, 422, "account" },
		{ BANK_AMOUNT, 422, "amount" },
		{ BANK_OVER_LIMIT, 409, "over-limit" },
		{ BANK_DISPLAY_LEVEL, 422, "display-level" },
		{ BANK_DISPLAY_STATEMENT, 422, "display-statement" },
		{ BANK_PAYEE, 422, "payee" },
		{ BANK_REPLAYED, 401, "replayed" },
		{ BANK_MERCHANT_SIGNATURE, 401, "merchant-signature" },
		{ BANK_BILL_CLOSED, 409, "bill-closed" },
		{ BANK_LOGIN_PASSWORD, 401, "login-password" },
		{ BANK_TOKEN, 403, "token" },
		{ BANK_READER, 403, "reader" },
		{ BANK_CARD_DATA, 422, "card-data" },
		{ BANK_HEAD_TOO_LARGE, 431, "head-too-large" },
		{ BANK_EXPECTATION, 417, "expectation" },
		{ BANK_NOT_IMPLEMENTED, 501, "not-implemented" },
		{ BANK_VERSION, 505, "version" },
	};

	(void)state;
	assert_int_equal(sizeof(rows) / sizeof(rows[0]), BANK_CODE_COUNT);
	for (int i = 0; i < BANK_CODE_COUNT; i++) {
		assert_int_equal(rows[i].code, i);
		assert_int_equal(bank_code_http(rows[i].code), rows[i].http);
		assert_string_equal(bank_code_name(rows[i].code), rows[i].name);
		assert_int_equal(bank_code_from_name(rows[i].name), i);
		/* one line that says something */
		assert_true(strlen(bank_code_text(rows[i].code)) > 3);
		assert_null(strchr(bank_code_text(rows[i].code), '\n'));
	}
}

static void unknown_errors_are_internal(void **state)
{
	(void)state;
	assert_int_equal(bank_code_from_name("no-such"), BANK_INTERNAL);
	assert_int_equal(bank_code_from_name(""), BANK_INTERNAL);
	assert_int_equal(bank_code_from_name("Busy"), BANK_INTERNAL);
	assert_int_equal(bank_code_from_name(NULL), BANK_INTERNAL);
	assert_int_equal(bank_code_http(BANK_CODE_COUNT), 500);
	assert_string_equal(bank_code_name((enum bank_code)99), "internal");
}

static void algorithms_are_those_of_jws(void **state)
{
	const struct bank_alg *a;

	(void)state;
	/* RFC 7518, 3.1 */
	a = bank_alg_by_name("ES256");
	assert_int_equal(a->scheme, UK_SIG_ECDSA);
	assert_int_equal(a->hash, UK_HASH_SHA256);
	assert_int_equal(a->key, UK_KEY_P256);
	a = bank_alg_by_name("ES384");
	assert_int_equal(a->hash, UK_HASH_SHA384);
	assert_int_equal(a->key, UK_KEY_P384);
	a = bank_alg_by_name("PS256");
	assert_int_equal(a->scheme, UK_SIG_PSS);
	assert_int_equal(a->key, UK_KEY_RSA);
	assert_null(bank_alg_by_name("none"));
	assert_null(bank_alg_by_name("HS256"));
	assert_null(bank_alg_by_name("es256"));
	assert_null(bank_alg_by_name(""));
	assert_null(bank_alg_by_name(NULL));
	assert_string_equal(bank_alg_for_key(UK_KEY_P256)->name, "ES256");
	assert_string_equal(bank_alg_for_key(UK_KEY_P384)->name, "ES384");
	assert_string_equal(bank_alg_for_key(UK_KEY_RSA)->name, "RS256");
	assert_string_equal(bank_alg_for_key(UK_KEY_P521)->name, "ES512");
	assert_string_equal(bank_alg_for_key(UK_KEY_SM2)->name, "SM2");
	assert_null(bank_alg_for_key(UK_KEY_NONE));
}

/* Three different hashes: sha256sum of "abc", of nothing, and of "a". */
static const char H1[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
static const char H2[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char H3[] =
    "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

static void challenge_bytes(void **state)
{
	uint8_t room[128];
	uk_buf b = UK_BUF(room);

	(void)state;
	bank_put_challenge(&b, hex(H1), hex(H2), hex(H3));
	expect_ok(uk_buf_result(&b));
	assert_int_equal(b.len, 22 + 3 * 32);
	/* printf 'ukey login challenge 1' | xxd -p */
	expect_bytes(uk_bytes_first(uk_buf_view(&b), 22),
	    hex("756b6579206c6f67696e206368616c6c656e67652031"));
	expect_bytes(uk_view(room + 22, 32), hex(H1));
	expect_bytes(uk_view(room + 54, 32), hex(H2));
	expect_bytes(uk_view(room + 86, 32), hex(H3));
	b = (uk_buf)UK_BUF(room);
	bank_put_challenge(&b, hex(H1), hex("00"), hex(H3));
	assert_true(b.bad);
}

static void proof_bytes(void **state)
{
	static const struct {
		size_t serial, challenge, hash;
		bool ok;
	} rows[] = {
		{ 8, 8, 20, true },
		{ 8, 32, 64, true },
		{ 8, 16, 32, true },
		{ 7, 8, 32, false },
		{ 9, 8, 32, false },
		{ 8, 7, 32, false },
		{ 8, 33, 32, false },
		{ 8, 8, 19, false },
		{ 8, 8, 65, false },
	};
	uint8_t room[128], zeros[80] = { 0 };
	uk_buf b = UK_BUF(room);

	(void)state;
	bank_put_proof(
	    &b, hex("0102030405060708"), hex("A0A1A2A3A4A5A6A7"), hex(H1));
	expect_ok(uk_buf_result(&b));
	/* printf 'ukey bank proof 1' | xxd -p; card-profile.md, section 6 */
	expect_bytes(uk_buf_view(&b),
	    hex("756b65792062616e6b2070726f6f662031 0102030405060708"
		"A0A1A2A3A4A5A6A7 ba7816bf8f01cfea414140de5dae2223"
		"b00361a396177a9cb410ff61f20015ad"));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		b = (uk_buf)UK_BUF(room);
		bank_put_proof(&b, uk_view(zeros, rows[i].serial),
		    uk_view(zeros, rows[i].challenge),
		    uk_view(zeros, rows[i].hash));
		assert_int_equal(!b.bad, rows[i].ok);
	}
}

static void order_numbers(void **state)
{
	static const char *const good[] = { "A", "z", "0", "-", "_", ".",
		"2026-11-20.A_1",
		("0123456789abcdef0123456789abcdef"
		 "0123456789ABCDEF0123456789ABCDEF") };
	static const char *const bad[] = { "", " ", "a b", "a/b", "a%41", "a\n",
		"\xc3\xa9", "a@b", "a[", "a`", "a{", "a:", "a<", "a\x7f",
		("0123456789abcdef0123456789abcdef"
		 "0123456789ABCDEF0123456789ABCDEFx") };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(bank_order_number_ok(uk_view_str(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(bank_order_number_ok(uk_view_str(bad[i])));
	assert_false(bank_order_number_ok(uk_view("a\0b", 3)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_those_of_the_document),
		cmocka_unit_test(unknown_errors_are_internal),
		cmocka_unit_test(algorithms_are_those_of_jws),
		cmocka_unit_test(challenge_bytes),
		cmocka_unit_test(proof_bytes),
		cmocka_unit_test(order_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
