/* Tables of keys and hashes, against RFC 8017 and OpenSSL. */
#include "cmocka_all.h"
#include "fixtures.h"
#include "keyalg.h"

/* RFC 8017, 9.2, note 1: the bytes before the hash. SM3 has no row there: the
 * same ASN.1 by hand with the OID of GM/T 0006 (openssl asn1parse names it). */
static const struct {
	enum uk_hash hash;
	size_t size;
	const char *prefix;
} rows[] = {
	{ UK_HASH_SHA1, 20, "3021300906052B0E03021A05000414" },
	{ UK_HASH_SHA224, 28, "302D300D06096086480165030402040500041C" },
	{ UK_HASH_SHA256, 32, "3031300D060960864801650304020105000420" },
	{ UK_HASH_SHA384, 48, "3041300D060960864801650304020205000430" },
	{ UK_HASH_SHA512, 64, "3051300D060960864801650304020305000440" },
	{ UK_HASH_SM3, 32, "3030300C06082A811CCF5501831105000420" },
};

static void digest_info_prefixes(void **state)
{
	uint8_t room[128], hash[UK_HASH_MAX] = { 0xab };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_bytes h = uk_view(hash, rows[i].size);
		uk_bytes prefix = hex(rows[i].prefix);
		uk_buf b = UK_BUF(room);

		assert_int_equal(uk_hash_size(rows[i].hash), rows[i].size);
		expect_ok(uk_put_digest_info(&b, rows[i].hash, h));
		expect_bytes(uk_bytes_first(uk_buf_view(&b), prefix.n), prefix);
		expect_bytes(uk_bytes_from(uk_buf_view(&b), prefix.n), h);
		b = (uk_buf)UK_BUF(room);
		expect_code(uk_put_digest_info(&b, rows[i].hash,
				uk_view(hash, rows[i].size - 1)),
		    UK_ERR_ARGUMENT);
		assert_int_equal(b.len, 0);
		b = uk_buf_over(room, prefix.n + h.n - 1);
		expect_code(
		    uk_put_digest_info(&b, rows[i].hash, h), UK_ERR_TOO_SMALL);
	}
}

static void no_hash_has_no_digest_info(void **state)
{
	uint8_t room[64];
	uk_buf b = UK_BUF(room);

	(void)state;
	assert_int_equal(uk_hash_size(UK_HASH_NONE), 0);
	assert_int_equal(uk_hash_size(UK_HASH_COUNT), 0);
	expect_code(
	    uk_put_digest_info(&b, UK_HASH_NONE, UK_NONE), UK_ERR_ARGUMENT);
	expect_code(
	    uk_put_digest_info(&b, UK_HASH_COUNT, UK_NONE), UK_ERR_ARGUMENT);
}

/* openssl ecparam -name NAME -outform DER | xxd -p */
static void curves(void **state)
{
	static const struct {
		enum uk_key_type type;
		unsigned bits;
		size_t field;
		const char *oid;
	} table[] = {
		{ UK_KEY_P256, 256, 32, "06082A8648CE3D030107" },
		{ UK_KEY_P384, 384, 48, "06052B81040022" },
		{ UK_KEY_P521, 521, 66, "06052B81040023" },
		{ UK_KEY_SM2, 256, 32, "06082A811CCF5501822D" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		uk_bytes oid = hex(table[i].oid);

		assert_int_equal(
		    uk_key_curve_bits(table[i].type), table[i].bits);
		assert_int_equal(uk_key_field(table[i].type), table[i].field);
		expect_bytes(uk_key_curve_oid(table[i].type), oid);
		assert_int_equal(uk_key_from_curve_oid(oid), table[i].type);
		assert_int_equal(
		    uk_key_from_curve_oid(uk_bytes_first(oid, oid.n - 1)),
		    UK_KEY_NONE);
	}
	assert_int_equal(uk_key_from_curve_oid(UK_NONE), UK_KEY_NONE);
	assert_int_equal(uk_key_from_curve_oid(hex("06052B8104000A")),
	    UK_KEY_NONE); /* secp256k1 */
	assert_int_equal(uk_key_field(UK_KEY_RSA), 0);
	assert_int_equal(uk_key_curve_bits(UK_KEY_NONE), 0);
	assert_int_equal(uk_key_curve_oid(UK_KEY_RSA).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_info_prefixes),
		cmocka_unit_test(no_hash_has_no_digest_info),
		cmocka_unit_test(curves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
