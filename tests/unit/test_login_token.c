/* Login tokens: Web eID's own samples, and the form by its rules. */
#include "login_token.h"

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"
#include "proto.h"

#include <stdio.h>
#include <string.h>

/* Made by real Estonian cards' authentication keys (test CA); published in the
 * tests of github.com/web-eid/web-eid-authtoken-validation-java,
 * AbstractTestWithValidator.java: origin https://ria.ee. */
#define SAMPLE_CERT                                                            \
	"MIIEBDCCA2WgAwIBAgIQY5OGshxoPMFg+"                                    \
	"Wfc0gFEaTAKBggqhkjOPQQDBDBgMQswCQYDVQ"                                \
	"QGEwJFRTEbMBkGA1UECgwSU0sgSUQgU29sdXRpb25zIEFTMRcwFQYDVQRhDA5OVFJFRS" \
	"0x"                                                                   \
	"MDc0NzAxMzEbMBkGA1UEAwwSVEVTVCBvZiBFU1RFSUQyMDE4MB4XDTIxMDcyMjEyNDMw" \
	"OF"                                                                   \
	"oXDTI2MDcwOTIxNTk1OVowfzELMAkGA1UEBhMCRUUxKjAoBgNVBAMMIUrDlUVPUkcsSk" \
	"FB"                                                                   \
	"Sy1LUklTVEpBTiwzODAwMTA4NTcxODEQMA4GA1UEBAwHSsOVRU9SRzEWMBQGA1UEKgwN" \
	"Sk"                                                                   \
	"FBSy1LUklTVEpBTjEaMBgGA1UEBRMRUE5PRUUtMzgwMDEwODU3MTgwdjAQBgcqhkjOPQ" \
	"IB"                                                                   \
	"BgUrgQQAIgNiAAQmwEKsJTjaMHSaZj19hb9EJaJlwbKc5VFzmlGMFSJVk4dDy+"       \
	"eUxa5KOA"                                                             \
	"7tWXqzcmhh5SYdv+"                                                     \
	"MxcaQKlKWLMa36pfgv20FpEDb03GCtLqjLTRZ7649PugAQ5EmAqIic"               \
	"29CjggHDMIIBvzAJBgNVHRMEAjAAMA4GA1UdDwEB/"                            \
	"wQEAwIDiDBHBgNVHSAEQDA+MDIGCy"                                        \
	"sGAQQBg5EhAQIBMCMwIQYIKwYBBQUHAgEWFWh0dHBzOi8vd3d3LnNrLmVlL0NQUzAIBg" \
	"YE"                                                                   \
	"AI96AQIwHwYDVR0RBBgwFoEUMzgwMDEwODU3MThAZWVzdGkuZWUwHQYDVR0OBBYEFPlp" \
	"/c"                                                                   \
	"eABC52itoqppEmbf71TJz6MGEGCCsGAQUFBwEDBFUwUzBRBgYEAI5GAQUwRzBFFj9odH" \
	"Rw"                                                                   \
	"czovL3NrLmVlL2VuL3JlcG9zaXRvcnkvY29uZGl0aW9ucy1mb3ItdXNlLW9mLWNlcnRp" \
	"Zm"                                                                   \
	"ljYXRlcy8TAkVOMCAGA1UdJQEB/"                                          \
	"wQWMBQGCCsGAQUFBwMCBggrBgEFBQcDBDAfBgNVHSME"                          \
	"GDAWgBTAhJkpxE6fOwI09pnhClYACCk+"                                     \
	"ezBzBggrBgEFBQcBAQRnMGUwLAYIKwYBBQUHMA"                               \
	"GGIGh0dHA6Ly9haWEuZGVtby5zay5lZS9lc3RlaWQyMDE4MDUGCCsGAQUFBzAChilodH" \
	"Rw"                                                                   \
	"Oi8vYy5zay5lZS9UZXN0X29mX0VTVEVJRDIwMTguZGVyLmNydDAKBggqhkjOPQQDBAOB" \
	"jA"                                                                   \
	"AwgYgCQgDCAgybz0u3W+tGI+AX+PiI5CrE9ptEHO5eezR1Jo4j7iGaO0i39xTGUB+"    \
	"NSC7P"                                                                \
	"6AQbyE/"                                                              \
	"ywqJjA1a62jTLcS9GHAJCARxN4NO4eVdWU3zVohCXm8WN3DWA7XUcn9TZiLGQ29"      \
	"P4xfQZOXJi/z4PNRRsR4plvSNB3dfyBvZn31HhC7my8woi"
#define SAMPLE_SIGNATURE                                                       \
	"0Ov7ME6pTY1K2GXMj8Wxov/"                                              \
	"o2fGIMEds8OMY5dKdkB0nrqQX7fG1E5mnsbvyHpMDecMUH6"                      \
	"Yg+p1HXdgB/lLqOcFZjt/OVXPjAAApC5d1YgRYATDcxsR1zqQwiNcHdmWn"
#define SAMPLE_SIGNING                                                         \
	"MIID6zCCA02gAwIBAgIQT7j6zk6pmVRcyspLo5SqejAKBggqhkjOPQQDBDBgMQswCQYD" \
	"VQ"                                                                   \
	"QGEwJFRTEbMBkGA1UECgwSU0sgSUQgU29sdXRpb25zIEFTMRcwFQYDVQRhDA5OVFJFRS" \
	"0x"                                                                   \
	"MDc0NzAxMzEbMBkGA1UEAwwSVEVTVCBvZiBFU1RFSUQyMDE4MB4XDTE5MDUwMjEwNDUz" \
	"MV"                                                                   \
	"oXDTI5MDUwMjEwNDUzMVowfzELMAkGA1UEBhMCRUUxFjAUBgNVBCoMDUpBQUstS1JJU1" \
	"RK"                                                                   \
	"QU4xEDAOBgNVBAQMB0rDlUVPUkcxKjAoBgNVBAMMIUrDlUVPUkcsSkFBSy1LUklTVEpB" \
	"Ti"                                                                   \
	"wzODAwMTA4NTcxODEaMBgGA1UEBRMRUE5PRUUtMzgwMDEwODU3MTgwdjAQBgcqhkjOPQ" \
	"IB"                                                                   \
	"BgUrgQQAIgNiAASkwENR8GmCpEs6OshDWDfIiKvGuyNMOD2rjIQW321AnZD3oIsqD0sv" \
	"BM"                                                                   \
	"NEJJj9Dlvq/47TYDObIa12KAU5IuOBfJs2lrFdSXZjaM+a5TWT3O2JTM36YDH2GcMe/"  \
	"eis"                                                                  \
	"epejggGrMIIBpzAJBgNVHRMEAjAAMA4GA1UdDwEB/wQEAwIGQDBIBgNVHSAEQTA/"     \
	"MDIGCy"                                                               \
	"sGAQQBg5EhAQIBMCMwIQYIKwYBBQUHAgEWFWh0dHBzOi8vd3d3LnNrLmVlL0NQUzAJBg" \
	"cE"                                                                   \
	"AIvsQAECMB0GA1UdDgQWBBTVX3s48Spy/"                                    \
	"Es2TcXgkRvwUn2YcjCBigYIKwYBBQUHAQMEfj"                                \
	"B8MAgGBgQAjkYBATAIBgYEAI5GAQQwEwYGBACORgEGMAkGBwQAjkYBBgEwUQYGBACORg" \
	"EF"                                                                   \
	"MEcwRRY/"                                                             \
	"aHR0cHM6Ly9zay5lZS9lbi9yZXBvc2l0b3J5L2NvbmRpdGlvbnMtZm9yLXVzZS"       \
	"1vZi1jZXJ0aWZpY2F0ZXMvEwJFTjAfBgNVHSMEGDAWgBTAhJkpxE6fOwI09pnhClYACC" \
	"k+"                                                                   \
	"ezBzBggrBgEFBQcBAQRnMGUwLAYIKwYBBQUHMAGGIGh0dHA6Ly9haWEuZGVtby5zay5l" \
	"ZS"                                                                   \
	"9lc3RlaWQyMDE4MDUGCCsGAQUFBzAChilodHRwOi8vYy5zay5lZS9UZXN0X29mX0VTVE" \
	"VJ"                                                                   \
	"RDIwMTguZGVyLmNydDAKBggqhkjOPQQDBAOBiwAwgYcCQgGBr+"                   \
	"Jbo1GeqgWdIwgMo7SA29"                                                 \
	"AP38JxNm2HWq2Qb+kIHpusAK574Co1K5D4+Mk7/"                              \
	"ITTuXQaET5WphHoN7tdAciTaQJBAn0z"                                      \
	"BigYyVPYSTO68HM6hmlwTwi/KlJDdXW/"                                     \
	"2NsMjSqofFFJXpGvpxk2CTqSRCjcavxLPnkasT"                               \
	"bNROYSJcmM8Xc="
#define ALGORITHMS                                                             \
	"\"supportedSignatureAlgorithms\":[{\"cryptoAlgorithm\":\"RSA\","      \
	"\"hashFunction\":\"SHA-256\",\"paddingScheme\":\"PKCS1.5\"}]"
#define TOKEN(format, rest)                                                    \
	"{\"algorithm\":\"ES384\",\"unverifiedCertificate\":\"" SAMPLE_CERT    \
	"\",\"appVersion\":\"https://web-eid.eu/web-eid-app/releases/"         \
	"2.5.0+0\","                                                           \
	"\"signature\":\"" SAMPLE_SIGNATURE "\",\"format\":\"" format          \
	"\"" rest "}"
#define SIGNING(certificate, rest)                                             \
	",\"unverifiedSigningCertificates\":[{\"certificate\":\"" certificate  \
	"\"" rest "}]"

static uk_err read_token(const char *text, struct bank_token *out)
{
	uk_json json;

	*out = (struct bank_token){ 0 };
	UK_TRY(uk_json_parse(uk_view_str(text), &json));
	return bank_token_read(json, out);
}

/* hash(origin) || hash(nonce), in the hash of the algorithm. */
static uk_err verify(
    const struct bank_token *t, const char *origin, const char *nonce)
{
	const struct bank_alg *alg = bank_alg_by_name(
	    (const char *)t->algorithm.p);
	uint8_t storage[2 * UK_HASH_MAX];
	uk_buf message = UK_BUF(storage);
	uk_cert *cert = NULL;
	uk_err err;

	expect_ok(
	    uk_cert_from_der(crypto, uk_blob_view(&t->certificate), &cert));
	expect_ok(
	    uk_hash_one(crypto, alg->hash, uk_view_str(origin), &message));
	expect_ok(uk_hash_one(crypto, alg->hash, uk_view_str(nonce), &message));
	err = uk_key_verify(uk_cert_key(cert), alg->scheme, alg->hash,
	    uk_buf_view(&message), uk_blob_view(&t->signature));
	uk_cert_close(&cert);
	return err;
}

static void a_real_card(void **state)
{
	static const char nonce[] =
	    "12345678123456781234567812345678912356789123";
	struct bank_token t;

	(void)state;
	expect_ok(read_token(TOKEN("web-eid:1.0", ""), &t));
	assert_int_equal(t.minor, 0);
	expect_ok(verify(&t, "https://ria.ee", nonce));
	/* as in their tests: another nonce, another origin */
	expect_code(verify(&t, "https://ria.ee",
			"12345678123456781234567812345678912356789124"),
	    UK_ERR_SIGNATURE);
	expect_code(verify(&t, "https://invalid.org", nonce), UK_ERR_SIGNATURE);
	expect_code(verify(&t, "https://ria.ee/", nonce), UK_ERR_SIGNATURE);
	bank_token_free(&t);
}

/* Their token of 1.1: the subject's attributes stand in another order. */
static void a_real_pair(void **state)
{
	uk_cert *login = NULL, *sign = NULL;
	struct bank_token t;

	(void)state;
	expect_ok(read_token(
	    TOKEN("web-eid:1.1", SIGNING(SAMPLE_SIGNING, "," ALGORITHMS)), &t));
	assert_int_equal(t.minor, 1);
	assert_int_equal(t.signing_count, 1);
	expect_ok(
	    uk_cert_from_der(crypto, uk_blob_view(&t.certificate), &login));
	expect_ok(
	    uk_cert_from_der(crypto, uk_blob_view(&t.signing[0].der), &sign));
	assert_true(uk_cert_same_subject(login, sign));
	assert_true(uk_cert_same_subject(sign, login));
	assert_true(uk_cert_same_authority(login, sign));
	/* openssl x509 -text: policies of the login certificate */
	assert_true(uk_cert_has_policies(login));
	assert_true(uk_cert_has_policy(login, "1.3.6.1.4.1.51361.1.2.1"));
	assert_true(uk_cert_has_policy(login, "0.4.0.2042.1.2"));
	assert_false(uk_cert_has_policy(login, "0.4.0.194112.1.2"));
	assert_true(uk_cert_has_policy(sign, "0.4.0.194112.1.2"));
	uk_cert_close(&login);
	uk_cert_close(&sign);
	bank_token_free(&t);
}

#define INTERMEDIATE ",\"unverifiedIntermediateCertificates\":"

/* The form, as AuthTokenVersion1Validator and AuthTokenVersion11Validator of
 * the same library have it. */
static const struct {
	const char *token;
	bool good;
} forms[] = {
	{ TOKEN("web-eid:1", ""), true },
	{ TOKEN("web-eid:1.0", ",\"more\":[1]"), true },
	{ TOKEN("web-eid:1.0", ",\"unverifiedSigningCertificates\":null"),
	    true },
	{ TOKEN("web-eid:1.0", SIGNING("AAAA", "," ALGORITHMS)), false },
	{ TOKEN("web-eid:1", ",\"unverifiedSigningCertificates\":[]"), false },
	{ TOKEN("web-eid:1.1", SIGNING("AAAA", "," ALGORITHMS)), true },
	{ TOKEN("web-eid:1.2", SIGNING("AAAA", "," ALGORITHMS)), true },
	{ TOKEN("web-eid:1.10", SIGNING("AAAA", "," ALGORITHMS)), true },
	{ TOKEN("web-eid:1.1", ""), false },
	{ TOKEN("web-eid:1.1", ",\"unverifiedSigningCertificates\":null"),
	    false },
	{ TOKEN("web-eid:1.1", ",\"unverifiedSigningCertificates\":[]"),
	    false },
	{ TOKEN("web-eid:1.1", ",\"unverifiedSigningCertificates\":[null]"),
	    false },
	{ TOKEN("web-eid:1.1", ",\"unverifiedSigningCertificates\":\"AAAA\""),
	    false },
	{ TOKEN("web-eid:1.1", SIGNING("", "," ALGORITHMS)), false },
	{ TOKEN("web-eid:1.1", SIGNING("This is not", "," ALGORITHMS)), false },
	{ TOKEN("web-eid:1.1", SIGNING("AAAA", "")), false },
	{ TOKEN("web-eid:1.1",
	      SIGNING("AAAA", ",\"supportedSignatureAlgorithms\":[]")),
	    false },
	{ TOKEN("web-eid:1.1",
	      SIGNING("AAAA", ",\"supportedSignatureAlgorithms\":[{"
			      "\"cryptoAlgorithm\":\"DSA\",\"hashFunction\":"
			      "\"SHA-256\",\"paddingScheme\":\"NONE\"}]")),
	    false },
	{ TOKEN("web-eid:1.1",
	      SIGNING("AAAA", ",\"supportedSignatureAlgorithms\":[{"
			      "\"cryptoAlgorithm\":\"ECC\",\"hashFunction\":"
			      "\"SHA-1\",\"paddingScheme\":\"NONE\"}]")),
	    false },
	{ TOKEN("web-eid:1.1",
	      SIGNING("AAAA", ",\"supportedSignatureAlgorithms\":[{"
			      "\"cryptoAlgorithm\":\"ECC\",\"hashFunction\":"
			      "\"SHA3-512\"}]")),
	    false },
	{ TOKEN("web-eid:1.1",
	      SIGNING(
		  "AAAA", "," ALGORITHMS ",\"intermediateCertificates\":[]")),
	    false },
	{ TOKEN("web-eid:1.1",
	      SIGNING("AAAA",
		  "," ALGORITHMS ",\"intermediateCertificates\":[\"AAAA\"]")),
	    true },
	/* without them if the login certificate's own are there */
	{ TOKEN("web-eid:1.1", INTERMEDIATE "[\"AAAA\"]"), true },
	{ TOKEN("web-eid:1.1", INTERMEDIATE "[\"AAAA\",\"\"]"), false },
	{ TOKEN("web-eid:1.1", INTERMEDIATE "[null]"), false },
	{ TOKEN("web-eid:1.1", INTERMEDIATE "[]"), false },
	{ TOKEN("web-eid:1.1",
	      INTERMEDIATE "[\"AAAA\",\"AAAA\",\"AAAA\",\"AAAA\",\"AAAA\"]"),
	    false },
	/* versions: AuthTokenVersion.java */
	{ TOKEN("web-eid", ""), false },
	{ TOKEN("web-eid:1.", ""), false },
	{ TOKEN("web-eid:01", ""), false },
	{ TOKEN("web-eid:1.00", ""), false },
	{ TOKEN("web-eid:1.0TEST", ""), false },
	{ TOKEN("web-eid:1.1.0", ""), false },
	{ TOKEN("web-eid:0.9", ""), false },
	{ TOKEN("web-eid:2", ""), false },
	{ TOKEN("web-eid:1.1234567890", ""), false },
	{ TOKEN("webauthn:1", ""), false },
	/* members */
	{ "{\"algorithm\":\"ES384\",\"unverifiedCertificate\":\"\","
	  "\"signature\":\"AAAA\",\"format\":\"web-eid:1\"}",
	    false },
	{ "{\"algorithm\":\"\",\"unverifiedCertificate\":\"AAAA\","
	  "\"signature\":\"AAAA\",\"format\":\"web-eid:1\"}",
	    false },
	{ "{\"algorithm\":\"ES256\",\"unverifiedCertificate\":\"AAAA\","
	  "\"signature\":null,\"format\":\"web-eid:1\"}",
	    false },
	{ "[]", false },
	/* our own format */
	{ TOKEN("ukey:1", ",\"binding\":\"tls-exporter\""), true },
	{ TOKEN("ukey:1", ""), false },
	{ TOKEN("ukey:2", ",\"binding\":\"tls-exporter\""), false },
};

static void form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct bank_token t;
		uk_err err = read_token(forms[i].token, &t);

		if (uk_is_ok(err) != forms[i].good)
			fail_msg("row %zu", i);
		bank_token_free(&t);
	}
}

static uk_err read_one(void *arg)
{
	struct bank_token t;
	uk_err err = read_token(arg, &t);

	bank_token_free(&t);
	return err;
}

static void every_allocation(void **state)
{
	static char token[] = TOKEN("web-eid:1.1",
	    INTERMEDIATE "[\"AAAA\"]" SIGNING("AAAA", "," ALGORITHMS));

	(void)state;
	assert_true(fail_every_allocation(read_one, token) > 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_real_card),
		cmocka_unit_test(a_real_pair),
		cmocka_unit_test(form),
		cmocka_unit_test(every_allocation),
	};

	return cmocka_run_group_tests_name(
	    "login_token", tests, open_crypto, close_crypto);
}
