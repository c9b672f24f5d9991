/*
 * Certificates by OpenSSL (certs.h). Offsets and contents below were read off
 * `openssl asn1parse -inform DER`, dates and key usage off `openssl x509
 * -text`.
 */
#include "cert_samples.h"
#include "cmocka_all.h"
#include "fixtures.h"
#include "tlv.h"
#include "x509.h"

static uk_bytes part(uk_bytes der, size_t off, size_t n)
{
	return uk_bytes_first(uk_bytes_from(der, off), n);
}

static void reads_rsa_certificate(void **state)
{
	uk_bytes der = hex(CERT_RSA);
	uk_x509 c;

	(void)state;
	expect_ok(uk_x509_parse(der, &c));
	expect_bytes(c.whole, der);
	/* positive, so one zero byte in front */
	expect_bytes(c.serial, hex("0209 0080A1B2C3D4E5F601"));
	expect_bytes(c.issuer, hex("3035 310B300906035504061302434E"
				   "31123010060355040A0C0954657374 2042616E6B"
				   "3112301006035504030C095A68616E672053616E"));
	expect_bytes(c.subject, c.issuer);
	assert_string_equal(c.not_before, "20261120");
	assert_string_equal(c.not_after, "20361117");
	assert_int_equal(c.key_type, UK_KEY_RSA);
	assert_int_equal(c.key_bits, 2048);
	assert_int_equal(c.modulus.n, 256);
	expect_bytes(c.exponent, hex("010001"));
	assert_int_equal(c.point.n, 0);
	assert_int_equal(c.spki.n, 294);
	assert_false(c.is_ca);
	assert_true(c.has_key_usage);
	assert_int_equal(c.key_usage, 1u << 0);
}

static void reads_ca_with_generalized_time(void **state)
{
	uk_bytes der = hex(CERT_EC);
	uk_x509 c;

	(void)state;
	expect_ok(uk_x509_parse(der, &c));
	expect_bytes(c.serial, hex("020101"));
	expect_bytes(c.subject, part(der, 82, 20));
	assert_string_equal(c.not_before, "20261120"); /* UTCTime */
	assert_string_equal(c.not_after, "21261027");  /* GeneralizedTime */
	assert_int_equal(c.key_type, UK_KEY_P256);
	assert_int_equal(c.key_bits, 256);
	expect_bytes(c.spki, part(der, 102, 91));
	expect_bytes(c.point, part(der, 128, 65));
	assert_int_equal(c.point.p[0], 4);
	assert_int_equal(c.modulus.n, 0);
	assert_true(c.is_ca);
	assert_true(c.has_key_usage);
	assert_int_equal(c.key_usage, 1u << 5 | 1u << 6);
}

static void reads_version_1(void **state)
{
	uk_x509 c;

	(void)state;
	expect_ok(uk_x509_parse(hex(CERT_V1), &c));
	expect_bytes(c.serial, hex("020107"));
	expect_bytes(
	    c.issuer, hex("3012 3110300E06035504030C0754657374204341"));
	expect_bytes(c.subject, hex("300D 310B300906035504030C027631"));
	assert_int_equal(c.key_type, UK_KEY_P384);
	assert_int_equal(c.key_bits, 384);
	assert_int_equal(c.point.n, 97);
	assert_false(c.is_ca);
	assert_false(c.has_key_usage);
}

static void reads_sm2(void **state)
{
	uk_x509 c;

	(void)state;
	expect_ok(uk_x509_parse(hex(CERT_SM2), &c));
	assert_int_equal(c.key_type, UK_KEY_SM2);
	assert_int_equal(c.point.n, 65);
	assert_int_equal(c.key_usage, 1u << 1 | 1u << 8); /* two bytes */
}

static void keeps_certificates_with_other_keys(void **state)
{
	static const char *const spkis[] = { SPKI_COMPRESSED, SPKI_SECP256K1,
		SPKI_EXPLICIT };
	uk_x509 c;

	(void)state;
	expect_ok(uk_x509_parse(hex(CERT_ED25519), &c));
	assert_int_equal(c.key_type, UK_KEY_NONE);
	assert_int_equal(c.spki.n, 44);
	assert_int_equal(c.key_bits, 0);
	for (size_t i = 0; i < sizeof(spkis) / sizeof(spkis[0]); i++) {
		expect_ok(uk_spki_parse(hex(spkis[i]), &c));
		assert_int_equal(c.key_type, UK_KEY_NONE);
		assert_int_equal(c.point.n, 0);
		expect_bytes(c.spki, hex(spkis[i]));
	}
}

static void padding_behind_is_not_part_of_it(void **state)
{
	uint8_t room[2048];
	uk_buf b = UK_BUF(room);
	uk_x509 c;

	(void)state;
	uk_put(&b, hex(CERT_EC));
	uk_put_fill(&b, 0, 500);
	expect_ok(uk_x509_parse(uk_buf_view(&b), &c));
	expect_bytes(c.whole, hex(CERT_EC));
	uk_put_fill(&b, 0xff, 10);
	expect_ok(uk_x509_parse(uk_buf_view(&b), &c));
	expect_bytes(c.whole, hex(CERT_EC));
	/* but a bare key is exact */
	b = (uk_buf)UK_BUF(room);
	uk_put(&b, hex(SPKI_P521));
	expect_ok(uk_spki_parse(uk_buf_view(&b), &c));
	uk_put_u8(&b, 0);
	expect_code(uk_spki_parse(uk_buf_view(&b), &c), UK_ERR_FORMAT);
	assert_int_equal(c.spki.n, 0);
}

static void refuses_every_cut(void **state)
{
	static const char *const certs[] = { CERT_RSA, CERT_EC, CERT_V1,
		CERT_SM2, CERT_ED25519 };
	uk_x509 c;

	(void)state;
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++) {
		uk_bytes der = hex(certs[i]);

		for (size_t n = 0; n < der.n; n++) {
			expect_code(uk_x509_parse(uk_bytes_first(der, n), &c),
			    UK_ERR_FORMAT);
			assert_int_equal(c.whole.n, 0);
		}
	}
}

/* One byte of CERT_EC changed. */
static void refuses_broken_fields(void **state)
{
	static const struct {
		size_t at;
		uint8_t was, now;
		const char *why;
	} rows[] = {
		{ 0, 0x30, 0x31, "not a SEQUENCE" },
		{ 4, 0x30, 0x31, "tbsCertificate" },
		{ 13, 0x02, 0x04, "serial number is no INTEGER" },
		{ 16, 0x30, 0x31, "algorithm" },
		{ 28, 0x30, 0x31, "issuer" },
		{ 48, 0x30, 0x31, "validity" },
		{ 50, 0x17, 0x16, "time of another type" },
		{ 52, 0x32, 0x3A, "date is not digits" },
		{ 54, 0x31, 0x39, "month 91" },
		{ 55, 0x31, 0x33, "month 13" },
		{ 56, 0x32, 0x39, "day 90" },
		{ 64, 0x5A, 0x2B, "no Z" },
		{ 81, 0x5A, 0x30, "no Z" },
		{ 82, 0x30, 0x31, "subject" },
		{ 102, 0x30, 0x31, "public key" },
		{ 106, 0x06, 0x05, "key algorithm is no OID" },
		{ 125, 0x03, 0x04, "key is no BIT STRING" },
		{ 127, 0x00, 0x01, "key with unused bits" },
		{ 193, 0xA3, 0xA4, "unknown field" },
		{ 195, 0x30, 0x31, "extensions" },
		{ 199, 0x06, 0x05, "extension without OID" },
	};
	uint8_t room[512];
	uk_x509 c;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_buf b = UK_BUF(room);

		uk_put(&b, hex(CERT_EC));
		assert_int_equal(room[rows[i].at], rows[i].was);
		room[rows[i].at] = rows[i].now;
		if (uk_is_ok(uk_x509_parse(uk_buf_view(&b), &c)))
			fail_msg("accepted: %s", rows[i].why);
		assert_int_equal(c.whole.n, 0);
	}
}

/* A small certificate by hand around one extension list; RFC 5280, 4.1. */
static uk_err parse_with_extensions(const char *list, uk_x509 *out)
{
	static uint8_t room[256];
	uk_buf b = UK_BUF(room);
	size_t cert = uk_tlv_begin(&b, 0x30);
	size_t tbs = uk_tlv_begin(&b, 0x30);
	size_t explicit;

	uk_put(&b, hex("A003020102 020101 3000 3000")); /* v3, 1, alg, issuer */
	uk_put(&b, hex("301E 170D3439313233313233353935395A" /* 491231 */
		       "170D3530303130313030303030305A"));   /* 500101 */
	uk_put(&b, hex("3000"));                             /* subject */
	uk_put(&b, hex("300A 3005 06032B6570 0301 00")); /* Ed25519, no key */
	explicit = uk_tlv_begin(&b, 0xa3);
	uk_put_tlv(&b, 0x30, hex(list));
	uk_tlv_end(&b, explicit);
	uk_tlv_end(&b, tbs);
	uk_put(&b, hex("3000 03020001")); /* algorithm, signature */
	uk_tlv_end(&b, cert);
	expect_ok(uk_buf_result(&b));
	return uk_x509_parse(uk_buf_view(&b), out);
}

static void reads_extensions(void **state)
{
	static const struct {
		const char *list, *why;
		bool ok, ca;
		uint32_t usage;
	} rows[] = {
		{ "300C 0603551D13 0101FF 04023000", "CA by default: no", true,
		    false, 0 },
		{ "300C 0603551D13 0405 30030101FF", "critical left out", true,
		    true, 0 },
		{ "3012 0603551D13 0101FF 0408 30060101FF020100", "path length",
		    true, true, 0 },
		{ "300B 0603551D0F 0404 030206C0", "signature, non-repudiation",
		    true, false, 3 },
		{ "300B 0603551D0F 0404 030206C0 300B 0603551D0F 0404 030206C0",
		    "key usage twice", false, false, 0 },
		{ "300C 0603551D13 0405 30030101FF 300C 0603551D13 0405 "
		  "30030101FF",
		    "constraints twice", false, false, 0 },
		{ "300B 0603551D0F 0404 030206FF", "unused bits set", false,
		    false, 0 },
		{ "300B 0603551D0F 0404 04020680", "not a BIT STRING", false,
		    false, 0 },
		{ "300D 0603551D0F 0406 030206C00500", "bytes behind the value",
		    false, false, 0 },
		{ "3007 0603551D0F 0400", "empty value", false, false, 0 },
		{ "3005 0603551D0F", "no value", false, false, 0 },
		{ "300A 06032A0304 0403 FFFFFF", "unknown: not looked into",
		    true, false, 0 },
	};
	uk_x509 c;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_err err = parse_with_extensions(rows[i].list, &c);

		if (uk_is_ok(err) != rows[i].ok)
			fail_msg("wrong: %s", rows[i].why);
		assert_int_equal(c.is_ca, rows[i].ca);
		assert_int_equal(c.key_usage, rows[i].usage);
		assert_int_equal(c.has_key_usage, rows[i].usage != 0);
		if (!rows[i].ok)
			continue;
		/* RFC 5280, 4.1.2.5.1: 49 is 2049, 50 is 1950 */
		assert_string_equal(c.not_before, "20491231");
		assert_string_equal(c.not_after, "19500101");
	}
}

static void writes_public_keys_as_openssl_does(void **state)
{
	uint8_t room[512];
	uk_buf b = UK_BUF(room);
	uk_x509 c;

	(void)state;
	expect_ok(uk_x509_parse(hex(CERT_RSA), &c));
	expect_ok(uk_put_spki(&b, UK_KEY_RSA, c.modulus, c.exponent, UK_NONE));
	expect_bytes(uk_buf_view(&b), c.spki);
	b = (uk_buf)UK_BUF(room);
	expect_ok(uk_x509_parse(hex(CERT_EC), &c));
	expect_ok(uk_put_spki(&b, UK_KEY_P256, UK_NONE, UK_NONE, c.point));
	expect_bytes(uk_buf_view(&b), c.spki);
	b = (uk_buf)UK_BUF(room);
	expect_ok(uk_x509_parse(hex(CERT_SM2), &c));
	expect_ok(uk_put_spki(&b, UK_KEY_SM2, UK_NONE, UK_NONE, c.point));
	expect_bytes(uk_buf_view(&b), c.spki);
	b = (uk_buf)UK_BUF(room);
	expect_ok(uk_spki_parse(hex(SPKI_P521), &c));
	assert_int_equal(c.key_bits, 521);
	expect_ok(uk_put_spki(&b, UK_KEY_P521, UK_NONE, UK_NONE, c.point));
	expect_bytes(uk_buf_view(&b), hex(SPKI_P521));
}

static void refuses_to_write_half_a_key(void **state)
{
	uint8_t room[512], point[65] = { 4 };
	uk_buf b = UK_BUF(room);
	uk_bytes one = hex("01"), p = UK_ARRAY(point);

	(void)state;
	expect_code(uk_put_spki(&b, UK_KEY_NONE, one, one, p), UK_ERR_ARGUMENT);
	expect_code(
	    uk_put_spki(&b, UK_KEY_RSA, one, UK_NONE, p), UK_ERR_ARGUMENT);
	expect_code(
	    uk_put_spki(&b, UK_KEY_RSA, hex("0000"), one, p), UK_ERR_ARGUMENT);
	expect_code(
	    uk_put_spki(&b, UK_KEY_P256, one, one, UK_NONE), UK_ERR_ARGUMENT);
	expect_code(
	    uk_put_spki(&b, UK_KEY_P256, one, one, uk_bytes_first(p, 64)),
	    UK_ERR_ARGUMENT);
	expect_code(uk_put_spki(&b, UK_KEY_P384, one, one, p), UK_ERR_ARGUMENT);
	point[0] = 2;
	expect_code(uk_put_spki(&b, UK_KEY_P256, one, one, p), UK_ERR_ARGUMENT);
	assert_int_equal(b.len, 0);
	point[0] = 4;
	b = uk_buf_over(room, 90);
	expect_code(
	    uk_put_spki(&b, UK_KEY_P256, one, one, p), UK_ERR_TOO_SMALL);
}

static void refuses_broken_rsa_keys(void **state)
{
	static const char *const rows[] = {
		/* negative modulus, zero modulus, no exponent, one too many */
		"301B 300D06092A864886F70D0101010500 030A 00 3007 020181 "
		"02020103",
		"301A 300D06092A864886F70D0101010500 0309 00 3006 020100 "
		"020103",
		"3017 300D06092A864886F70D0101010500 0306 00 3003 020101",
		"301D 300D06092A864886F70D0101010500 030C 00 3009 020101 020103"
		"020101",
		"301C 300D06092A864886F70D0101010500 030B 00 3006 020101 020103"
		"0500",
	};
	uk_x509 c;

	(void)state;
	expect_ok(uk_spki_parse(
	    hex("301A 300D06092A864886F70D0101010500 0309 00 3006 020105"
		"020103"),
	    &c));
	assert_int_equal(c.key_bits, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_code(uk_spki_parse(hex(rows[i]), &c), UK_ERR_FORMAT);
		assert_int_equal(c.key_type, UK_KEY_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rsa_certificate),
		cmocka_unit_test(reads_ca_with_generalized_time),
		cmocka_unit_test(reads_version_1),
		cmocka_unit_test(reads_sm2),
		cmocka_unit_test(keeps_certificates_with_other_keys),
		cmocka_unit_test(padding_behind_is_not_part_of_it),
		cmocka_unit_test(refuses_every_cut),
		cmocka_unit_test(refuses_broken_fields),
		cmocka_unit_test(reads_extensions),
		cmocka_unit_test(writes_public_keys_as_openssl_does),
		cmocka_unit_test(refuses_to_write_half_a_key),
		cmocka_unit_test(refuses_broken_rsa_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
