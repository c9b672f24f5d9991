/*
 * HTTP message signatures against what the RFCs publish: the keys of RFC 9421,
 * B.1, the signatures of B.2, 2.4 and 4.3, the digests of RFC 9530. HMAC
 * (B.2.5) is not among our algorithms.
 */
#include "bhs.h"

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIGEST_HELLO                                                           \
	"sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIi"   \
	"Yllu7BNNyealdVLvRwEmTHWXvJwew==:"
#define DIGEST_DOG                                                             \
	"sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5o"   \
	"GX69wWdXymyU0rjJuahq4l5aGgfLQ==:"
#define DIGEST_BUSY                                                            \
	"sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU"   \
	"9kxsTbARtY2PTBOzq24uJFpHsMuAg==:"

/* SubjectPublicKeyInfo in base64 (B.1.1 to B.1.4). */
#define KEY_RSA                                                                \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8c"   \
	"nZxKzAGwd7v36APp7Pv6Q2jdsPBRrwWEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3"   \
	"MOEt8uA5txSKobBpKDeBLOsdJKFqMGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwV"   \
	"W9OwNFhekro3RtlinV0a75jfZgkne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlN"   \
	"ZS5Ri2U4aCNx2rUPRcKIlE0PuKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5Oo"   \
	"ZJEIB+VmuKn3DCUcCZSFlQPSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB"
#define KEY_PSS                                                                \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+Q"   \
	"EtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+oAXj"   \
	"yQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznj"   \
	"PFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5WUtzdpiy6"   \
	"LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb"   \
	"4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB"
#define KEY_P256                                                               \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0"   \
	"EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ=="
#define KEY_ED25519                                                            \
	"MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="

struct field {
	const char *name, *value;
};

static const struct field hello[] = {
	{ "date", "Tue, 20 Apr 2021 02:07:55 GMT" },
	{ "content-type", "application/json" },
	{ "content-digest", DIGEST_HELLO },
	{ "content-length", "18" },
	{ NULL, NULL },
};
static const struct field proxied[] = {
	{ "content-type", "application/json" },
	{ "content-digest", DIGEST_HELLO },
	{ "content-length", " 18 " }, /* blanks around are not signed */
	{ "forwarded", "for=192.0.2.123;host=example.com;proto=https" },
	{ NULL, NULL },
};
static const struct field dog[] = {
	{ "content-type", "application/json" },
	{ "content-digest", DIGEST_DOG },
	{ "content-length", "23" },
	{ NULL, NULL },
};
static const struct field busy[] = {
	{ "content-type", "application/json" },
	{ "content-digest", DIGEST_BUSY },
	{ NULL, NULL },
};
/* B.4: two fields of one name, in this order */
static const struct field accept[] = {
	{ "accept", "application/json" },
	{ "accept", "*/*" },
	{ NULL, NULL },
};

static bool find_field(void *arg, uk_bytes name, size_t i, uk_bytes *value)
{
	for (const struct field *f = arg; f->name != NULL; f++) {
		if (!uk_bytes_eq(name, uk_view_str(f->name)) || i-- > 0)
			continue;
		*value = uk_view_str(f->value);
		return true;
	}
	return false;
}

static struct uk_http_message message(const char *method, const char *authority,
    const char *path, const char *query, int status, const struct field *fields)
{
	return (struct uk_http_message){
		.method = uk_view_str(method),
		.scheme = uk_view_str("https"),
		.authority = uk_view_str(authority),
		.path = uk_view_str(path),
		.query = uk_view_str(query),
		.has_query = query != NULL,
		.status = status,
		.field = find_field,
		.arg = (void *)(uintptr_t)fields,
	};
}

static struct uk_http_message hello_request(void)
{
	return message(
	    "POST", "example.com", "/foo", "param=Value&Pet=dog", 0, hello);
}

static uk_key *key_of(const char *base64)
{
	uk_blob der = { NULL, 0 };
	uk_key *k = NULL;

	expect_ok(uk_base64_decode(uk_view_str(base64), &der));
	expect_ok(uk_key_from_spki(crypto, uk_blob_view(&der), &k));
	uk_blob_free(&der);
	return k;
}

static const struct vector {
	const char *key, *alg, *label, *input, *signature;
	int what; /* 0 hello, 1 proxied, 2 dog, 3 busy answer, 4 accept */
} vectors[] = {
	/* B.2.1 */
	{ KEY_PSS, "rsa-pss-sha512", "sig-b21",
	    "sig-b21=();created=1618884473;keyid=\"test-key-rsa-pss\""
	    ";nonce=\"b3k2pp5k7z-50gnwp.yemd\"",
	    "sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/l"
	    "kbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFx"
	    "ykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJ"
	    "zsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8"
	    "jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EP"
	    "YTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:",
	    0 },
	/* B.2.2 */
	{ KEY_PSS, "rsa-pss-sha512", "sig-b22",
	    "sig-b22=(\"@authority\" \"content-digest\""
	    " \"@query-param\";name=\"Pet\");created=1618884473"
	    ";keyid=\"test-key-rsa-pss\";tag=\"header-example\"",
	    "sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9q"
	    "HxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/"
	    "0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTl"
	    "aqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U"
	    "/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiY"
	    "Y8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:",
	    0 },
	/* B.2.3 */
	{ KEY_PSS, "rsa-pss-sha512", "sig-b23",
	    "sig-b23=(\"date\" \"@method\" \"@path\" \"@query\" \"@authority\""
	    " \"content-type\" \"content-digest\" \"content-length\")"
	    ";created=1618884473;keyid=\"test-key-rsa-pss\"",
	    "sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnM"
	    "YwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC"
	    "59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/a"
	    "YA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A"
	    "9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSR"
	    "xpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:",
	    0 },
	/* B.2.4 */
	{ KEY_P256, "ecdsa-p256-sha256", "sig-b24",
	    "sig-b24=(\"@status\" \"content-type\" \"content-digest\""
	    " \"content-length\");created=1618884473"
	    ";keyid=\"test-key-ecc-p256\"",
	    "sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLg"
	    "yahnzDnDAUy5eCdlYUEkLIj+32oiasw==:",
	    2 },
	/* B.2.6 */
	{ KEY_ED25519, "ed25519", "sig-b26",
	    "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\""
	    " \"content-type\" \"content-length\");created=1618884473"
	    ";keyid=\"test-key-ed25519\"",
	    "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v"
	    "9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
	    0 },
	/* B.4 */
	{ KEY_ED25519, "ed25519", "transform",
	    "transform=(\"@method\" \"@path\" \"@authority\" \"accept\")"
	    ";created=1618884473;keyid=\"test-key-ed25519\"",
	    "transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A"
	    "+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:",
	    4 },
	/* 4.3: two signatures; the second one is a proxy's */
	{ KEY_RSA, "rsa-v1_5-sha256", "proxy_sig",
	    "sig1=(\"@method\" \"@authority\" \"@path\" \"content-digest\""
	    " \"content-type\" \"content-length\");created=1618884475"
	    ";keyid=\"test-key-ecc-p256\", proxy_sig=(\"@method\""
	    " \"@authority\" \"@path\" \"content-digest\" \"content-type\""
	    " \"content-length\" \"forwarded\");created=1618884480"
	    ";keyid=\"test-key-rsa\";alg=\"rsa-v1_5-sha256\""
	    ";expires=1618884540",
	    "sig1=:X5spyd6CFnAG5QnDyHfqoSNICd+BUP4LYMz2Q0JXlb//4Ijpzp+kve2w4N"
	    "IyqeAuM7jTDX+sNalzA8ESSaHD3A==:, proxy_sig=:S6ZzPXSdAMOPjN/6KXfX"
	    "WNO/f7V6cHm7BXYUh3YD/fRad4BCaRZxP+JH+8XY1I6+8Cy+CM5g92iHgxtRPz+M"
	    "jniOaYmdkDcnL9cCpXJleXsOckpURl49GwiyUpZ10KHgOEe11sx3G2gxI8S0jnxQ"
	    "B+Pu68U9vVcasqOWAEObtNKKZd8tSFu7LB5YAv0RAGhB8tmpv7sFnIm9y+7X5kXQ"
	    "fi8NMaZaA8i2ZHwpBdg7a6CMfwnnrtflzvZdXAsD3LH2TwevU+/PBPv0B6NMNk93"
	    "wUs/vfJvye+YuI87HU38lZHowtznbLVdp770I6VHR6WfgS9ddzirrswsE1w5o0LV"
	    "/g==:",
	    1 },
	/* 2.4: an answer bound to its request */
	{ KEY_P256, "ecdsa-p256-sha256", "reqres",
	    "reqres=(\"@status\" \"content-digest\" \"content-type\""
	    " \"@authority\";req \"@method\";req \"@path\";req"
	    " \"content-digest\";req);created=1618884479"
	    ";keyid=\"test-key-ecc-p256\"",
	    "reqres=:dMT/A/76ehrdBTD/2Xx8QuKV6FoyzEP/I9hdzKN8LQJLNgzU4W767HK0"
	    "5rx1i8meNQQgQPgQp8wq2ive3tV5Ag==:",
	    3 },
};

static struct uk_http_message message_of(
    int what, struct uk_http_message *request)
{
	struct uk_http_message m;

	switch (what) {
	case 1:
		return message("POST", "origin.host.internal.example", "/foo",
		    "param=Value&Pet=dog", 0, proxied);
	case 2:
		return message("", "", "", NULL, 200, dog);
	case 3:
		*request = hello_request();
		m = message("", "", "", NULL, 503, busy);
		m.request = request;
		return m;
	case 4:
		return message("GET", "example.org", "/demo",
		    "name1=Value1&Name2=value2", 0, accept);
	default:
		return hello_request();
	}
}

static uk_err verify_vector(const struct vector *v, const char *alg)
{
	struct uk_http_message request, m = message_of(v->what, &request);
	struct uk_httpsig s;
	uk_key *k;
	uk_err err;

	expect_ok(uk_httpsig_find(uk_view_str(v->input),
	    uk_view_str(v->signature), v->label, NULL, &s));
	k = key_of(v->key);
	err = bhs_verify(k, uk_view_str(alg), &s, &m);
	uk_key_close(&k);
	return err;
}

static void published_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		expect_ok(verify_vector(&vectors[i], vectors[i].alg));
}

/* Each component of a message, altered, spoils the signature over it. */
static void altered_messages(void **state)
{
	const struct vector *v = &vectors[2]; /* B.2.3 covers them all */
	struct uk_http_message m[5];
	uk_key *k = key_of(v->key);
	struct uk_httpsig s;

	(void)state;
	expect_ok(uk_httpsig_find(uk_view_str(v->input),
	    uk_view_str(v->signature), v->label, NULL, &s));
	for (size_t i = 0; i < 5; i++)
		m[i] = hello_request();
	m[0].method = uk_view_str("PUT");
	m[1].path = uk_view_str("/fop");
	m[2].query = uk_view_str("param=Value&Pet=cat");
	m[3].authority = uk_view_str("example.org");
	m[4].arg = (void *)(uintptr_t)dog; /* no Date, other digest */
	for (size_t i = 0; i < 4; i++)
		expect_code(
		    bhs_verify(k, UK_NONE, &s, &m[i]), UK_ERR_SIGNATURE);
	expect_code(bhs_verify(k, UK_NONE, &s, &m[4]), UK_ERR_NOT_FOUND);
	uk_key_close(&k);
}

/* A name that does not fit the key or the signature's own word. */
static void other_algorithms(void **state)
{
	(void)state;
	expect_code(
	    verify_vector(&vectors[0], "rsa-v1_5-sha256"), UK_ERR_SIGNATURE);
	expect_code(verify_vector(&vectors[0], "ed25519"), UK_ERR_ARGUMENT);
	expect_code(
	    verify_vector(&vectors[6], "rsa-pss-sha512"), UK_ERR_SIGNATURE);
}

/* RFC 9421, B.1.4 and B.2.6: Ed25519 has one signature only. */
static void our_signature_is_theirs(void **state)
{
	static const char pem[] =
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n"
	    "-----END PRIVATE KEY-----\n";
	struct uk_http_message m = hello_request();
	char path[] = "/tmp/test_httpsig.XXXXXX";
	uint8_t base_room[1024], sig_room[64];
	uk_buf base = UK_BUF(base_room), sig = UK_BUF(sig_room);
	uk_blob want = { NULL, 0 };
	struct uk_httpsig s;
	uk_key *k = NULL;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, pem, sizeof(pem) - 1), sizeof(pem) - 1);
	close(fd);
	expect_ok(uk_key_from_pem_file(crypto, path, &k));
	unlink(path);
	expect_ok(uk_httpsig_find(uk_view_str(vectors[4].input),
	    uk_view_str(vectors[4].signature), "sig-b26", NULL, &s));
	expect_ok(uk_httpsig_base(&s, &m, &base));
	expect_ok(uk_key_sign(
	    k, UK_SIG_EDDSA, UK_HASH_NONE, uk_buf_view(&base), &sig));
	expect_ok(uk_base64_decode(s.signature, &want));
	expect_bytes(uk_buf_view(&sig), uk_blob_view(&want));
	uk_blob_free(&want);
	uk_key_close(&k);
}

/* RFC 9530, B.1 and RFC 9421, B.2 for {"hello": "world"}. */
static void digests(void **state)
{
	static const char body[] = "{\"hello\": \"world\"}";
	static const char sha256[] =
	    "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
	uint8_t room[128];
	uk_buf out = UK_BUF(room);
	uk_bytes b = uk_view_str(body);

	(void)state;
	expect_ok(bhs_put_digest(crypto, b, &out));
	expect_bytes(uk_buf_view(&out), uk_view_str(sha256));
	expect_ok(bhs_check_digest(crypto, uk_view_str(sha256), b));
	expect_ok(bhs_check_digest(crypto, uk_view_str(DIGEST_HELLO), b));
	expect_ok(bhs_check_digest(crypto,
	    uk_view_str(
		"md5=:AAAA:, sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7"
		"kbu9DBPE=:"),
	    b));
	/* another body; one good and one bad; none that we know; no dictionary
	 */
	expect_code(bhs_check_digest(crypto, uk_view_str(sha256), UK_NONE),
	    UK_ERR_SIGNATURE);
	expect_code(
	    bhs_check_digest(crypto,
		uk_view_str(DIGEST_DOG
		    ", sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9D"
		    "BPE=:"),
		b),
	    UK_ERR_SIGNATURE);
	expect_code(bhs_check_digest(crypto, uk_view_str("md5=:AAAA:"), b),
	    UK_ERR_SIGNATURE);
	expect_code(bhs_check_digest(crypto, uk_view_str("sha-256=abc"), b),
	    UK_ERR_FORMAT);
}

/* What we sign ourselves passes our policy; less does not. */
static void policy(void **state)
{
	static const struct {
		const char *input;
		bool body;
		enum uk_code code;
	} cases[] = {
#define ALL "\"@method\" \"@authority\" \"@path\" \"@query\""
#define END ";created=1000;nonce=\"0123456789abcdef\";keyid=\"k\""
		{ "a=(" ALL ")" END, false, UK_OK },
		{ "a=(" ALL " \"content-type\" \"content-digest\")" END, true,
		    UK_OK },
		{ "a=(" ALL ")" END, true, UK_ERR_CONDITIONS },
		{ "a=(\"@method\" \"@authority\" \"@path\")" END, false,
		    UK_ERR_CONDITIONS },
		{ "a=(\"@method\";req \"@authority\" \"@path\" \"@query\")" END,
		    false, UK_ERR_CONDITIONS },
		{ "a=(" ALL ");nonce=\"0123456789abcdef\";keyid=\"k\"", false,
		    UK_ERR_CONDITIONS },
		{ "a=(" ALL ");created=1000;nonce=\"short\";keyid=\"k\"", false,
		    UK_ERR_CONDITIONS },
		{ "a=(" ALL ");created=1000;nonce=\"0123456789abcdef\"", false,
		    UK_ERR_CONDITIONS },
		{ "a=(" ALL ");created=699;nonce=\"0123456789abcdef\""
		  ";keyid=\"k\"",
		    false, UK_ERR_TIMEOUT },
		{ "a=(" ALL ");created=1301;nonce=\"0123456789abcdef\""
		  ";keyid=\"k\"",
		    false, UK_ERR_TIMEOUT },
		{ "a=(" ALL ")" END ";expires=999", false, UK_ERR_TIMEOUT },
	};
	struct uk_httpsig s;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_ok(
		    uk_httpsig_read_input(uk_view_str(cases[i].input), &s));
		expect_code(
		    bhs_check_request(&s, cases[i].body, 1000), cases[i].code);
	}
}

static void malformed_inputs(void **state)
{
	static const char *const bad[] = {
		"",
		"a",
		"a=1",
		"a=(",
		"a=()b",
		"a=(\"x\"\"y\")",
		"a=(token)",
		"a=(1)",
		"a=(\"@Method\")",
		"a=(\"x\" \"x\")",
		"a=(\"x\");created=\"1\"",
		"a=(\"x\");created=-1",
		"a=(\"x\");nonce=1",
		"a=(\"x\");keyid=k",
		"a=(),a=()",
		"a=(),",
		"a=();A=1",
		"a=();b=1;b=2",
		"a=(\"\")",
		"a=(\"x\\y\")",
		"a=(\"x: y\")",
	};
	struct uk_httpsig s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_code(uk_httpsig_read_input(uk_view_str(bad[i]), &s),
		    UK_ERR_FORMAT);
	/* two of one tag */
	expect_code(
	    uk_httpsig_find(uk_view_str("a=();tag=\"t\", b=();tag=\"t\""),
		uk_view_str("a=:AA==:, b=:AA==:"), NULL, "t", &s),
	    UK_ERR_FORMAT);
	expect_code(uk_httpsig_find(uk_view_str("a=();tag=\"u\""),
			uk_view_str("a=:AA==:"), NULL, "t", &s),
	    UK_ERR_NOT_FOUND);
	expect_code(uk_httpsig_find(uk_view_str("a=();tag=\"t\""),
			uk_view_str("b=:AA==:"), NULL, "t", &s),
	    UK_ERR_NOT_FOUND);
	expect_code(uk_httpsig_find(uk_view_str("a=();tag=\"t\""),
			uk_view_str("a=\"AA==\""), NULL, "t", &s),
	    UK_ERR_FORMAT);
}

/* A line end in a value would make two lines of one. */
static void lines_stay_lines(void **state)
{
	static const struct field evil[] = {
		{ "x", "a\n\"@method\": GET" },
		{ NULL, NULL },
	};
	struct uk_http_message m = message("GET", "h", "/", NULL, 0, evil);
	uint8_t room[256];
	uk_buf base = UK_BUF(room);
	struct uk_httpsig s;

	(void)state;
	expect_ok(uk_httpsig_read_input(uk_view_str("a=(\"x\")"), &s));
	expect_code(uk_httpsig_base(&s, &m, &base), UK_ERR_FORMAT);
	expect_ok(uk_httpsig_read_input(uk_view_str("a=(\"x\";bs)"), &s));
	expect_code(uk_httpsig_base(&s, &m, &base), UK_ERR_UNSUPPORTED);
	expect_ok(uk_httpsig_read_input(uk_view_str("a=(\"@nothing\")"), &s));
	expect_code(uk_httpsig_base(&s, &m, &base), UK_ERR_UNSUPPORTED);
	expect_ok(uk_httpsig_read_input(uk_view_str("a=(\"@status\")"), &s));
	expect_code(uk_httpsig_base(&s, &m, &base), UK_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_signatures),
		cmocka_unit_test(altered_messages),
		cmocka_unit_test(other_algorithms),
		cmocka_unit_test(our_signature_is_theirs),
		cmocka_unit_test(digests),
		cmocka_unit_test(policy),
		cmocka_unit_test(malformed_inputs),
		cmocka_unit_test(lines_stay_lines),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
