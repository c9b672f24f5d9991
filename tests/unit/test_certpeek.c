/* What a certificate's beginning tells of its key. */
#include "certpeek.h"
#include "cmocka_all.h"
#include "fixtures.h"
#include "x509.h"

#include "cert_samples.h"

/* Says "more" until it knows, then always the same, which is what the whole
 * certificate says. */
static void every_beginning(void **state)
{
	static const char *const certs[] = { CERT_RSA, CERT_EC, CERT_V1,
		CERT_SM2 };

	(void)state;
	for (size_t i = 0; i < sizeof(certs) / sizeof(certs[0]); i++) {
		uk_bytes der = hex(certs[i]);
		size_t known = 0;
		uk_x509 x;

		expect_ok(uk_x509_parse(der, &x));
		for (size_t n = 0; n <= der.n; n++) {
			enum uk_key_type type;
			unsigned bits;
			uk_err err = uk_certpeek(
			    uk_bytes_first(der, n), &type, &bits);

			if (known == 0 && uk_is_ok(err))
				known = n;
			if (known == 0) {
				expect_code(err, UK_ERR_TOO_SMALL);
				continue;
			}
			expect_ok(err);
			assert_int_equal(type, x.key_type);
			assert_int_equal(bits, x.key_bits);
		}
		/* well before the signature */
		assert_in_range(known, 1, der.n / 2);
	}
}

static void other_keys(void **state)
{
	enum uk_key_type type;
	unsigned bits;

	(void)state;
	expect_code(
	    uk_certpeek(hex(CERT_ED25519), &type, &bits), UK_ERR_UNSUPPORTED);
	assert_int_equal(type, UK_KEY_NONE);
}

static void what_is_no_certificate(void **state)
{
	static const char *const bad[] = {
		"31",             /* no SEQUENCE */
		"3080",           /* indefinite length */
		"3084 00000010",  /* a length of four bytes */
		"3082 0300 0201", /* no TBSCertificate */
		"1F8B08",         /* packed */
		/* RSA modulus of no bytes, of zeros, of 4097 */
		"3020 3020 020101 3000 3000 3000 3000 3012 300B"
		"0609 2A864886F70D010101 0301 00 3003 0200",
		"3030 3030 020101 3000 3000 3000 3000 3018 300D"
		"0609 2A864886F70D010101 0500 0307 00 3004 02020000",
		"3030 3030 020101 3000 3000 3000 3000 3018 300D"
		"0609 2A864886F70D010101 0500 0307 00 3004 02821001 80",
		/* unused bits in the BIT STRING */
		"3030 3030 020101 3000 3000 3000 3000 3018 300D"
		"0609 2A864886F70D010101 0500 0307 07 3004 02020080",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum uk_key_type type;
		unsigned bits;

		if (!uk_is(
			uk_certpeek(hex(bad[i]), &type, &bits), UK_ERR_FORMAT))
			fail_msg("certificate %zu", i);
	}
}

static void parts_of_objects(void **state)
{
	uk_bytes content;
	size_t length;

	(void)state;
	expect_ok(
	    uk_certpeek_tlv(hex("5382 0351 7082"), 0x53, &length, &content));
	assert_int_equal(length, 0x351);
	expect_bytes(content, hex("7082"));
	expect_ok(uk_certpeek_tlv(hex("5301 7082"), 0x53, &length, &content));
	expect_bytes(content, hex("70"));
	expect_code(uk_certpeek_tlv(hex("53"), 0x53, &length, &content),
	    UK_ERR_TOO_SMALL);
	expect_code(uk_certpeek_tlv(hex("5382 03"), 0x53, &length, &content),
	    UK_ERR_TOO_SMALL);
	expect_code(uk_certpeek_tlv(hex("5402 00"), 0x53, &length, &content),
	    UK_ERR_FORMAT);
	expect_code(uk_certpeek_tlv(UK_NONE, 0x53, &length, &content),
	    UK_ERR_TOO_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_beginning),
		cmocka_unit_test(other_keys),
		cmocka_unit_test(what_is_no_certificate),
		cmocka_unit_test(parts_of_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
