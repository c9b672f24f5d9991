/* Block ciphers and MACs against published vectors. */
#include "vc_sym.h"

#include "cmocka_all.h"
#include "fixtures.h"

static struct vc_crypto *crypto;

static int open_crypto(void **state)
{
	(void)state;
	expect_ok(vc_crypto_open(&crypto));
	return 0;
}

static int close_crypto(void **state)
{
	(void)state;
	vc_crypto_close(&crypto);
	return 0;
}

/* NIST SP 800-38A, F.2.1, F.2.3, F.2.5: CBC-AES, first two blocks. */
#define IV    "000102030405060708090A0B0C0D0E0F"
#define PLAIN "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51"

static void test_cbc(void **state)
{
	static const struct {
		const char *key, *cipher;
	} rows[] = {
		{ "2B7E151628AED2A6ABF7158809CF4F3C",
		    "7649ABAC8119B246CEE98E9B12E9197D"
		    "5086CB9B507219EE95DB113A917678B2" },
		{ "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B",
		    "4F021DB243BC633D7178183A9FA071E8"
		    "B4D9ADA9AD7DEDF4E5E738763F69145A" },
		{ "603DEB1015CA71BE2B73AEF0857D7781"
		  "1F352C073B6108D72D9810A30914DFF4",
		    "F58C4C04D6E5F1BA779EABFB5F7BFBD6"
		    "9CFC4E967EDB808D679F777BC6702C7D" },
	};
	uint8_t out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vc_sym key = { VC_SYM_AES, hex(rows[i].key) };

		expect_ok(vc_sym_cbc(
		    crypto, &key, VC_SYM_ENCIPHER, hex(IV), hex(PLAIN), out));
		expect_bytes(UK_ARRAY(out), hex(rows[i].cipher));
		/* In place. */
		expect_ok(vc_sym_cbc(crypto, &key, VC_SYM_DECIPHER, hex(IV),
		    UK_ARRAY(out), out));
		expect_bytes(UK_ARRAY(out), hex(PLAIN));
	}
}

/* GB/T 32907-2016, A.1: the key enciphers itself. */
static void test_sm4(void **state)
{
	struct vc_sym key = { VC_SYM_SM4,
		hex("0123456789ABCDEFFEDCBA9876543210") };
	uint8_t out[16];

	(void)state;
	assert_int_equal(vc_sym_block(VC_SYM_SM4), 16);
	expect_ok(vc_sym_ecb(crypto, &key, VC_SYM_ENCIPHER, key.key, out));
	expect_bytes(UK_ARRAY(out), hex("681EDF34D206965E86B3E94F536E4246"));
	expect_ok(
	    vc_sym_ecb(crypto, &key, VC_SYM_DECIPHER, UK_ARRAY(out), out));
	expect_bytes(UK_ARRAY(out), key.key);
	key.key = uk_bytes_first(key.key, 15);
	expect_code(
	    vc_sym_ecb(crypto, &key, VC_SYM_ENCIPHER, UK_ARRAY(out), out),
	    UK_ERR_ARGUMENT);
}

/* SP 800-67 / SP 800-20: three keys; FIPS 81's example key with one. */
static void test_des(void **state)
{
	struct vc_sym three = { VC_SYM_DES,
		hex("0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123") };
	struct vc_sym one = { VC_SYM_DES, hex("0123456789ABCDEF") };
	struct vc_sym two = { VC_SYM_DES,
		hex("404142434445464748494A4B4C4D4E4F") };
	uint8_t out[24], kcv[3];

	(void)state;
	/* SP 800-67, B.1: "The qufck brown fox jump" */
	expect_ok(vc_sym_ecb(crypto, &three, VC_SYM_ENCIPHER,
	    uk_view_str("The qufck brown fox jump"), out));
	expect_bytes(UK_ARRAY(out),
	    hex("A826FD8CE53B855FCCE21C8112256FE668D5C05DD9B6B900"));
	/* FIPS 81, table B1: "Now is the time for all " */
	expect_ok(vc_sym_ecb(crypto, &one, VC_SYM_ENCIPHER,
	    uk_view_str("Now is the time for all "), out));
	expect_bytes(UK_ARRAY(out),
	    hex("3FA40E8A984D48156A271787AB8883F9893D51EC4B563B53"));
	/* The check value of the key that test cards have. */
	expect_ok(vc_sym_kcv(crypto, &two, kcv));
	expect_bytes(UK_ARRAY(kcv), hex("8BAF47"));
	two.alg = VC_SYM_AES;
	expect_ok(vc_sym_kcv(crypto, &two, kcv));
	expect_bytes(UK_ARRAY(kcv), hex("504A77"));
}

/* SP 800-38B, D.1 to D.3 (also RFC 4493, section 4). */
static void test_cmac(void **state)
{
	static const struct {
		const char *key;
		size_t n;
		const char *mac;
	} rows[] = {
		{ "2B7E151628AED2A6ABF7158809CF4F3C", 0,
		    "BB1D6929E95937287FA37D129B756746" },
		{ "2B7E151628AED2A6ABF7158809CF4F3C", 16,
		    "070A16B46B4D4144F79BDD9DD04A287C" },
		{ "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B", 0,
		    "D17DDF46ADAACDE531CAC483DE7A9367" },
		{ "603DEB1015CA71BE2B73AEF0857D7781"
		  "1F352C073B6108D72D9810A30914DFF4",
		    0, "028962F61B7BF89EFC6B551F4667D983" },
		{ "603DEB1015CA71BE2B73AEF0857D7781"
		  "1F352C073B6108D72D9810A30914DFF4",
		    16, "28A7023F452E8F82BD4BF28D8C37C35C" },
	};
	uint8_t mac[16];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_bytes m = uk_bytes_first(hex(PLAIN), rows[i].n);
		const uk_bytes parts[] = { uk_bytes_first(m, 5),
			uk_bytes_from(m, 5) };

		expect_ok(vc_cmac(crypto, hex(rows[i].key), parts, 2, mac));
		expect_bytes(UK_ARRAY(mac), hex(rows[i].mac));
	}
}

/* A command and its C-MAC as a card took them: session key of
 * EXTERNAL AUTHENTICATE in osmocom's pySim, tests/unittests/
 * test_globalplatform.py, SCP02_Auth_Test (no ICV). */
static void test_retail_mac(void **state)
{
	struct vc_sym mac_key = { VC_SYM_DES,
		hex("101102030405060708090A0B0C0D0E0F") };
	const uk_bytes parts[] = { hex("8482010010"), hex("BA6961667737C5BC") };
	uint8_t session[16], mac[8];

	(void)state;
	expect_ok(vc_sym_cbc(crypto, &mac_key, VC_SYM_ENCIPHER, UK_NONE,
	    hex("01010001000000000000000000000000"), session));
	expect_ok(
	    vc_retail_mac(crypto, UK_ARRAY(session), UK_NONE, parts, 2, mac));
	expect_bytes(UK_ARRAY(mac), hex("EBECE14C7D6A4376"));
}

static void test_lengths(void **state)
{
	struct vc_sym key = { VC_SYM_AES, hex("00") };
	uint8_t out[32];

	(void)state;
	expect_code(vc_sym_ecb(crypto, &key, VC_SYM_ENCIPHER, hex(IV), out),
	    UK_ERR_ARGUMENT);
	key.key = hex(IV);
	expect_code(vc_sym_ecb(crypto, &key, VC_SYM_ENCIPHER, hex("00"), out),
	    UK_ERR_ARGUMENT);
	expect_code(
	    vc_sym_cbc(crypto, &key, VC_SYM_ENCIPHER, hex("00"), hex(IV), out),
	    UK_ERR_ARGUMENT);
	expect_ok(vc_sym_ecb(crypto, &key, VC_SYM_ENCIPHER, UK_NONE, out));
	key = (struct vc_sym){ VC_SYM_DES, hex("0123456789ABCD") };
	expect_code(vc_sym_ecb(crypto, &key, VC_SYM_ENCIPHER, hex(IV), out),
	    UK_ERR_ARGUMENT);
	key.key = hex(IV IV);
	expect_code(vc_sym_ecb(crypto, &key, VC_SYM_ENCIPHER, hex(IV), out),
	    UK_ERR_ARGUMENT);
	expect_code(vc_retail_mac(crypto, hex("00"), UK_NONE, NULL, 0, out),
	    UK_ERR_ARGUMENT);
	expect_code(vc_retail_mac(crypto, hex(IV), hex("00"), NULL, 0, out),
	    UK_ERR_ARGUMENT);
	assert_false(uk_is_ok(vc_cmac(crypto, hex("0011"), NULL, 0, out)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cbc),
		cmocka_unit_test(test_sm4),
		cmocka_unit_test(test_des),
		cmocka_unit_test(test_cmac),
		cmocka_unit_test(test_retail_mac),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
