/* IsoApplet: keys made and put, signatures and deciphering. OpenSSL is the
 * judge, and has the numbers of the curves. */
#include "iso_card.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "hex.h"
#include "tlv.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdio.h>

enum { TEXT_MAX = 6000 };

#define MSE(p2, alg, ref) "002241" p2 "06 8001" alg " 8401" ref
#define SHA256_INFO       "3031300D060960864801650304020105000420"

/* --- what a test says to the card ------------------------------------------
 */

/* header || length in the extended form || data || Le. */
static const char *command(const char *header, uk_bytes data, const char *le)
{
	static char text[TEXT_MAX];
	uint8_t n[2] = { (uint8_t)(data.n >> 8), (uint8_t)data.n };
	uk_buf b = uk_buf_over(text, sizeof(text) - 1);

	uk_put_str(&b, header);
	uk_put_str(&b, "00");
	uk_put_hex(&b, UK_ARRAY(n));
	uk_put_hex(&b, data);
	uk_put_str(&b, le);
	expect_ok(uk_buf_result(&b));
	text[b.len] = 0;
	return text;
}

static void put_number(uk_buf *b, unsigned tag, const BIGNUM *n, int size)
{
	uint8_t bytes[600];

	assert_int_equal(BN_bn2binpad(n, bytes, size), size);
	uk_put_tlv(b, tag, uk_view(bytes, (size_t)size));
}

/* 81 to 87 of a curve that OpenSSL knows by name. */
static uk_bytes curve(int nid)
{
	static uint8_t storage[1000];
	uk_buf b = UK_BUF(storage);
	EC_GROUP *g = EC_GROUP_new_by_curve_name(nid);
	BIGNUM *p = BN_new(), *a = BN_new(), *bb = BN_new();
	uint8_t point[200];
	int size = (EC_GROUP_get_degree(g) + 7) / 8;
	size_t n;

	assert_int_equal(EC_GROUP_get_curve(g, p, a, bb, NULL), 1);
	n = EC_POINT_point2oct(g, EC_GROUP_get0_generator(g),
	    POINT_CONVERSION_UNCOMPRESSED, point, sizeof(point), NULL);
	put_number(&b, 0x81, p, size);
	put_number(&b, 0x82, a, size);
	put_number(&b, 0x83, bb, size);
	uk_put_tlv(&b, 0x84, uk_view(point, n));
	put_number(&b, 0x85, EC_GROUP_get0_order(g), size);
	uk_put_tlv_u16(&b, 0x87, 1);
	expect_ok(uk_buf_result(&b));
	BN_free(p);
	BN_free(a);
	BN_free(bb);
	EC_GROUP_free(g);
	return uk_buf_view(&b);
}

/* OpenSSL's key with this curve and the 86 of 7F49. */
static EVP_PKEY *public_key(const char *group, uk_bytes answer)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;
	uk_bytes inside, point;

	expect_ok(uk_tlv_only(answer, 0x7f49, &inside));
	assert_true(uk_tlv_find(inside, 0x86, &point));
	OSSL_PARAM_BLD_push_utf8_string(
	    build, OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	OSSL_PARAM_BLD_push_octet_string(
	    build, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n);
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool verifies(
    EVP_PKEY *key, const char *pad, const char *md, uk_bytes hash, uk_bytes sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool good = EVP_PKEY_verify_init(ctx) == 1;

	if (pad != NULL)
		good = good &&
		       EVP_PKEY_CTX_ctrl_str(ctx, "rsa_padding_mode", pad) == 1;
	if (md != NULL)
		good = good && EVP_PKEY_CTX_ctrl_str(ctx, "digest", md) == 1;
	if (pad != NULL && pad[1] == 's') /* "pss" */
		good = good && EVP_PKEY_CTX_ctrl_str(
				   ctx, "rsa_pss_saltlen", "digest") == 1;
	good = good && EVP_PKEY_verify(ctx, sig.p, sig.n, hash.p, hash.n) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good;
}

/* --- curves ----------------------------------------------------------------
 */

static void test_generate_p256(void **state)
{
	uk_bytes answer;
	EVP_PKEY *key;

	expect_sw(*state, MSE("00", "EC", "00"), 0x9000);
	answer = answer_of(*state, "00460000 0000CF" ISO_P256 "0000");
	/* OpenSC compares each number with what it sent. */
	expect_bytes(uk_bytes_first(answer, 5 + 34 * 3 + 67 + 34),
	    hex("7F49820112" ISO_P256_P ISO_P256_A ISO_P256_B ISO_P256_G
		    ISO_P256_N));
	expect_bytes(
	    uk_bytes_first(uk_bytes_last(answer, 71), 3), hex("864104"));
	expect_bytes(uk_bytes_last(answer, 4), hex("87020001"));
	key = public_key("P-256", answer);
	expect_sw(*state, MSE("B6", "21", "00"), 0x9000);
	assert_true(verifies(key, NULL, NULL, hex(VC_HASH),
	    answer_of(*state, "002A9E9A20" VC_HASH "00")));
	/* Longer than the curve: cut as FIPS 186-4, 6.4 has it. */
	assert_true(verifies(key, NULL, NULL, hex(VC_HASH64),
	    answer_of(*state, "002A9E9A40" VC_HASH64 "00")));
	assert_true(verifies(key, NULL, NULL, hex(VC_HASH20),
	    answer_of(*state, "002A9E9A14" VC_HASH20 "00")));
	expect_sw(*state, "002A9E9A41" VC_HASH64 "0000", 0x6700);
	expect_sw(*state, "002A9E9A", 0x6700);
	EVP_PKEY_free(key);
}

/* Version 0.6 hashes what it gets with SHA-1, and gets it in pieces. */
static void test_sha1_on_card(void **state)
{
	uk_bytes answer;
	EVP_PKEY *key;
	/* sha1sum of "abc": FIPS 180-2, A.1; of nothing */
	uk_bytes abc = hex("A9993E364706816ABA3E25717850C26C9CD0D89D"),
		 nothing = hex("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709");

	expect_sw(*state, MSE("00", "EC", "03"), 0x9000);
	answer = answer_of(*state, "00460000 0000CF" ISO_P256 "0000");
	key = public_key("P-256", answer);
	expect_sw(*state, MSE("B6", "21", "03"), 0x9000);
	assert_true(verifies(
	    key, NULL, NULL, abc, answer_of(*state, "002A9E9A03 616263 00")));
	expect_sw(*state, "102A9E9A01 61", 0x9000);
	expect_sw(*state, "102A9E9A01 62", 0x9000);
	assert_true(verifies(
	    key, NULL, NULL, abc, answer_of(*state, "002A9E9A01 63 00")));
	assert_true(verifies(
	    key, NULL, NULL, nothing, answer_of(*state, "002A9E9A00")));
	EVP_PKEY_free(key);
}

static void test_other_curves(void **state)
{
	static const struct {
		int nid;
		const char *name;
	} rows[] = {
		{ NID_X9_62_prime192v1, "prime192v1" },
		{ NID_secp224r1, "secp224r1" },
		{ NID_secp256k1, "secp256k1" }, /* a = 0 */
		{ NID_brainpoolP256r1, "brainpoolP256r1" },
		{ NID_brainpoolP320r1, "brainpoolP320r1" },
		{ NID_secp384r1, "secp384r1" },
		{ NID_brainpoolP512r1, "brainpoolP512r1" },
		{ NID_secp521r1, "secp521r1" },
	};
	EVP_PKEY *key;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_sw(*state, MSE("00", "EC", "0F"), 0x9000);
		key = public_key(rows[i].name,
		    answer_of(*state,
			command("00460000", curve(rows[i].nid), "0000")));
		expect_sw(*state, MSE("B6", "21", "0F"), 0x9000);
		assert_true(verifies(key, NULL, NULL, hex(VC_HASH),
		    answer_of(*state, "002A9E9A20" VC_HASH "00")));
		EVP_PKEY_free(key);
	}
}

static void test_no_curve(void **state)
{
	static const struct {
		const char *data;
		unsigned sw;
	} rows[] = {
		{ "0046000000", 0x6984 },
		{ "0046000001 81", 0x6984 },
		{ "0046000003 810101", 0x6A81 },
		{ "0046000022" ISO_P256_P, 0x6984 },
		/* without cofactor, with two of them, with an empty one */
		{ "00460000CB" ISO_P256_P ISO_P256_A ISO_P256_B ISO_P256_G
			ISO_P256_N "00",
		    0x6984 },
		{ "00460000D0" ISO_P256_P ISO_P256_A ISO_P256_B ISO_P256_G
			ISO_P256_N "8703000001 00",
		    0x6984 },
		{ "00460000CD" ISO_P256_P ISO_P256_A ISO_P256_B ISO_P256_G
			ISO_P256_N "8700 00",
		    0x6984 },
		{ "00460000CF" ISO_P256_P ISO_P256_A ISO_P256_B ISO_P256_G
			ISO_P256_N "87020000 00",
		    0x6984 },
		/* p is no prime */
		{ "00460000CF"
		  "8120" VC_HASH ISO_P256_A ISO_P256_B ISO_P256_G ISO_P256_N
		  "87020001 00",
		    0x6984 },
		{ "00460000CF"
		  "8120"
		  "0000000000000000000000000000000000000000000000000000"
		  "000000000000" ISO_P256_A ISO_P256_B ISO_P256_G ISO_P256_N
		  "87020001 00",
		    0x6984 },
		/* G is not on the curve: b is a for once */
		{ "00460000CF" ISO_P256_P ISO_P256_A
		  "8320FFFFFFFF00000001000000000000000000000000"
		  "FFFFFFFFFFFFFFFFFFFFFFFC" ISO_P256_G ISO_P256_N
		  "87020001 00",
		    0x6984 },
		/* the order is p */
		{ "00460000CF" ISO_P256_P ISO_P256_A ISO_P256_B ISO_P256_G
		  "8520FFFFFFFF00000001000000000000000000000000"
		  "FFFFFFFFFFFFFFFFFFFFFFFF"
		  "87020001 00",
		    0x6984 },
		{ "0046010000", 0x6A86 },
		{ "0046420000", 0x6A86 },
	};

	expect_sw(*state, MSE("00", "EC", "00"), 0x9000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_sw(*state, rows[i].data, rows[i].sw);
	/* SM2's is left to others. */
	expect_sw(*state, command("00460000", curve(NID_sm2), "0000"), 0x6984);
	expect_sw(*state, MSE("B6", "21", "00"), 0x6F00); /* nothing was made */
}

/* --- MSE -------------------------------------------------------------------
 */

static void test_mse(void **state)
{
	static const struct {
		const char *command;
		unsigned sw;
	} rows[] = {
		{ MSE("00", "F3", "0F"), 0x9000 },
		{ MSE("00", "F3", "10"), 0x6984 },
		{ MSE("00", "F3", "FF"), 0x6984 },
		{ MSE("00", "F1", "00"), 0x6A81 },
		{ MSE("00", "11", "00"), 0x6A81 },
		{ MSE("A4", "11", "00"), 0x6A81 },
		{ MSE("B6", "F3", "00"), 0x6A81 },
		{ MSE("B8", "12", "00"), 0x6A81 },
		{ MSE("B8", "21", "00"), 0x6A81 },
		{ "002281B606800111840100", 0x6A81 },
		{ "0022F300", 0x6A81 },
		{ "002241B600", 0x6984 },
		{ "002241B603800111", 0x6984 },
		{ "002241B603840100", 0x6984 },
		{ "002241B60780020011840100", 0x6984 },
		{ "002241B605 8001118401", 0x6984 },
		/* a place that is empty is an accident */
		{ MSE("B6", "11", "05"), 0x6F00 },
		{ MSE("B6", "21", "05"), 0x6F00 },
		{ MSE("B8", "11", "05"), 0x6F00 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_sw(*state, rows[i].command, rows[i].sw);
}

static void test_algorithms_of_version_0(void **state)
{
	expect_sw(*state, MSE("00", "F5", "00"), 0x6A81);
	expect_sw(*state, MSE("B6", "12", "00"), 0x6A81);
}

static void test_without_environment(void **state)
{
	expect_sw(*state, "002A9E9A20" VC_HASH "00", 0x6985);
	expect_sw(*state, "002A808602 0000 00", 0x6A81);
	expect_sw(*state, "002A808602 0100 00", 0x6A80);
	expect_sw(*state, "0046420000", 0x6985);
	expect_sw(*state, "002A9E9B20" VC_HASH "00", 0x6A86);
	/* One environment for everything: 6A81, as it is for making keys. */
	expect_sw(*state, MSE("00", "EC", "00"), 0x9000);
	expect_sw(*state, "002A9E9A20" VC_HASH "00", 0x6985);
	expect_sw(*state, "002A808602 0000 00", 0x6A81);
}

static void test_all_want_the_pin(void **state)
{
	expect_sw(*state, ISO_SELECT, 0x9000);
	expect_sw(*state, MSE("00", "EC", "00"), 0x6982);
	expect_sw(*state, "002A9E9A20" VC_HASH "00", 0x6982);
	expect_sw(*state, "002A808602 0000 00", 0x6982);
	expect_sw(*state, "0046420000", 0x6982);
	expect_sw(*state, "00DB3FFF02 7F48", 0x6982);
}

/* --- RSA -------------------------------------------------------------------
 */

static EVP_PKEY *rsa_public(uk_bytes answer)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;
	uk_bytes inside, n, e;
	BIGNUM *bn, *be;

	expect_ok(uk_tlv_only(answer, 0x7f49, &inside));
	assert_true(uk_tlv_find(inside, 0x81, &n));
	assert_true(uk_tlv_find(inside, 0x82, &e));
	expect_bytes(e, hex("010001"));
	bn = BN_bin2bn(n.p, (int)n.n, NULL);
	be = BN_bin2bn(e.p, (int)e.n, NULL);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, bn);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, be);
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(bn);
	BN_free(be);
	return key;
}

/* 00 || what OpenSSL enciphers "hello" to, with PKCS#1 padding or none. */
static uk_bytes cipher_of(EVP_PKEY *key, uk_bytes plain, int padding)
{
	static uint8_t out[1 + 512];
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	uk_buf b = UK_BUF(out);
	uint8_t *room;
	size_t n = (size_t)EVP_PKEY_get_size(key);

	uk_put_u8(&b, 0);
	room = uk_put_room(&b, n);
	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, room, &n, plain.p, plain.n), 1);
	EVP_PKEY_CTX_free(ctx);
	return uk_buf_view(&b);
}

static void check_pss(struct vc_card *card, EVP_PKEY *key)
{
	static const struct {
		const char *command, *hash, *name;
	} rows[] = {
		{ "002A9E9A14" VC_HASH20 "00", VC_HASH20, "SHA1" },
		{ "002A9E9A1C" VC_HASH20 "0011223344556677 00",
		    VC_HASH20 "0011223344556677", "SHA224" },
		{ "002A9E9A20" VC_HASH "00", VC_HASH, "SHA256" },
		{ "002A9E9A40" VC_HASH64 "00", VC_HASH64, "SHA512" },
	};

	expect_sw(card, MSE("B6", "12", "00"), 0x9000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(verifies(key, "pss", rows[i].name,
		    hex(rows[i].hash), answer_of(card, rows[i].command)));
	}
	expect_sw(
	    card, "002A9E9A10 00112233445566778899AABBCCDDEEFF 00", 0x6700);
	expect_sw(card, "002A9E9A", 0x6700);
}

static void check_decipher(struct vc_card *card, EVP_PKEY *key)
{
	uint8_t block[256] = { 0x00, 0x02 };
	uk_bytes cipher;

	expect_sw(card, MSE("B8", "11", "00"), 0x9000);
	cipher = cipher_of(key, uk_view_str("hello"), RSA_PKCS1_PADDING);
	expect_apdu(
	    card, command("002A8086", cipher, "0000"), "68656C6C6F9000");
	cipher = cipher_of(key, UK_NONE, RSA_PKCS1_PADDING);
	expect_apdu(card, command("002A8086", cipher, "0000"), "9000");
	/* Padding that is none: no zero; seven bytes; the wrong type. */
	for (size_t i = 2; i < sizeof(block); i++)
		block[i] = 0x55;
	cipher = cipher_of(key, UK_ARRAY(block), RSA_NO_PADDING);
	expect_sw(card, command("002A8086", cipher, "0000"), 0x6A80);
	block[9] = 0;
	cipher = cipher_of(key, UK_ARRAY(block), RSA_NO_PADDING);
	expect_sw(card, command("002A8086", cipher, "0000"), 0x6A80);
	block[9] = 0x55;
	block[10] = 0;
	cipher = cipher_of(key, UK_ARRAY(block), RSA_NO_PADDING);
	expect_sw(card, command("002A8086", cipher, "0000"), 0x9000);
	block[1] = 1;
	cipher = cipher_of(key, UK_ARRAY(block), RSA_NO_PADDING);
	expect_sw(card, command("002A8086", cipher, "0000"), 0x6A80);
	/* Lengths, padding indicator, a number above the modulus. */
	expect_sw(card,
	    command("002A8086", uk_bytes_first(cipher, 256), "0000"), 0x6700);
	expect_sw(card, "002A8086", 0x6700);
	expect_sw(card, "002A808601 81", 0x6A80);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = i == 0 ? 0 : 0xff;
	expect_sw(card, command("002A8086", UK_ARRAY(block), "0000"), 0x6700);
}

static void test_rsa2048(void **state)
{
	EVP_PKEY *key;
	uint8_t long_input[246] = { 0x01 };

	expect_sw(*state, MSE("00", "F3", "00"), 0x9000);
	expect_sw(*state, "0046000000", 0x6A86);
	key = rsa_public(answer_of(*state, "00464200000000"));
	assert_int_equal(EVP_PKEY_get_bits(key), 2048);

	expect_sw(*state, MSE("B6", "21", "00"), 0x6984);
	expect_sw(*state, MSE("B6", "11", "00"), 0x9000);
	assert_true(verifies(key, "pkcs1", "SHA256", hex(VC_HASH),
	    answer_of(*state, "002A9E9A33" SHA256_INFO VC_HASH "00")));
	/* Without Le, as case 3: all of it; less is refused. */
	assert_int_equal(
	    answer_of(*state, "002A9E9A33" SHA256_INFO VC_HASH).n, 256);
	expect_sw(*state, "002A9E9A33" SHA256_INFO VC_HASH "80", 0x6C00);
	assert_int_equal(
	    answer_of(
		*state, command("002A9E9A",
			    uk_bytes_first(UK_ARRAY(long_input), 245), "0000"))
		.n,
	    256);
	expect_sw(
	    *state, command("002A9E9A", UK_ARRAY(long_input), "0000"), 0x6700);
	expect_sw(*state, "002A9E9A", 0x6700);
	check_pss(*state, key);
	check_decipher(*state, key);
	EVP_PKEY_free(key);

	/* The place gets another key, and the environment does not notice. */
	expect_sw(*state, MSE("00", "EC", "00"), 0x9000);
	expect_sw(*state, "00460000 0000CF" ISO_P256 "0000", 0x9000);
	expect_sw(*state, MSE("B6", "11", "00"), 0x6984);
}

static void test_rsa4096(void **state)
{
	EVP_PKEY *key;

	expect_sw(*state, MSE("00", "F5", "01"), 0x9000);
	key = rsa_public(answer_of(*state, "00464200000000"));
	assert_int_equal(EVP_PKEY_get_bits(key), 4096);
	expect_sw(*state, MSE("B6", "11", "01"), 0x9000);
	expect_sw(*state, "002A9E9A33" SHA256_INFO VC_HASH "00", 0x6C00);
	assert_true(verifies(key, "pkcs1", "SHA256", hex(VC_HASH),
	    answer_of(*state, "002A9E9A000033" SHA256_INFO VC_HASH "0000")));
	EVP_PKEY_free(key);
}

/* --- PUT DATA --------------------------------------------------------------
 */

static void put_param(uk_buf *b, unsigned tag, EVP_PKEY *key, const char *name)
{
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
	put_number(b, tag, n, 128);
	BN_clear_free(n);
}

/* 7F48 of OpenSSL's key. */
static uk_bytes rsa_parts(EVP_PKEY *key)
{
	static uint8_t storage[1000];
	uk_buf b = UK_BUF(storage);
	size_t at = uk_tlv_begin(&b, 0x7f48);

	put_param(&b, 0x92, key, OSSL_PKEY_PARAM_RSA_FACTOR1);
	put_param(&b, 0x93, key, OSSL_PKEY_PARAM_RSA_FACTOR2);
	put_param(&b, 0x94, key, OSSL_PKEY_PARAM_RSA_COEFFICIENT1);
	put_param(&b, 0x95, key, OSSL_PKEY_PARAM_RSA_EXPONENT1);
	put_param(&b, 0x96, key, OSSL_PKEY_PARAM_RSA_EXPONENT2);
	uk_tlv_end(&b, at);
	return uk_buf_view(&b);
}

static void test_put_is_off(void **state)
{
	expect_sw(*state, MSE("00", "F3", "00"), 0x9000);
	expect_sw(*state, "00DB3FFF03 7F4800", 0x6900);
	expect_sw(*state, "00DB3FFE03 7F4800", 0x6A86);
}

static int set_up_import(void **state)
{
	*state = iso_card_open("isoapplet", true);
	return 0;
}

static void test_put_rsa(void **state)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	uint8_t copy[1000];
	uk_buf b = UK_BUF(copy);

	expect_sw(*state, "00DB3FFF03 7F4800", 0x6985);
	expect_sw(*state, MSE("00", "F3", "02"), 0x9000);
	expect_sw(*state, "00DB3FFF03 7F4900", 0x6A80);
	expect_sw(*state, "00DB3FFF03 7F4800", 0x6984);
	expect_sw(*state, "00DB3FFF03 7F4801", 0x6984);
	expect_sw(*state, "00DB3FFF04 7F480000", 0x6984);
	expect_sw(*state, command("00DB3FFF", rsa_parts(key), ""), 0x9000);
	expect_sw(*state, MSE("B6", "11", "02"), 0x9000);
	assert_true(verifies(key, "pkcs1", "SHA256", hex(VC_HASH),
	    answer_of(*state, "002A9E9A33" SHA256_INFO VC_HASH "00")));
	/* dp of another exponent, and a q that is no prime. */
	uk_put(&b, rsa_parts(key));
	copy[b.len - 1] ^= 1;
	expect_sw(*state, MSE("00", "F3", "03"), 0x9000);
	expect_sw(*state, command("00DB3FFF", uk_buf_view(&b), ""), 0x6984);
	copy[b.len - 1] ^= 1;
	copy[5 + 2 * 131 - 1] ^= 2;
	expect_sw(*state, command("00DB3FFF", uk_buf_view(&b), ""), 0x6984);
	expect_sw(*state, MSE("B6", "11", "03"), 0x6F00);
	/* RSA-4096 never works. */
	expect_sw(*state, MSE("00", "F5", "03"), 0x9000);
	expect_sw(*state, command("00DB3FFF", rsa_parts(key), ""), 0x6985);
	EVP_PKEY_free(key);
}

static void test_put_curve(void **state)
{
	/* RFC 6979, A.2.5: x is the private key, U its point on P-256. */
	static const char *x =
	    "8820C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E8"
	    "9B127B8A622B120F6721";
	uk_bytes point = hex(
	    "7F4943864104"
	    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
	    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
	EVP_PKEY *key = public_key("P-256", point);
	char put[1000];

	expect_sw(*state, MSE("00", "EC", "04"), 0x9000);
	expect_sw(*state, "00DB3FFF03 7F4800", 0x6A80);
	expect_sw(*state, "00DB3FFF02 E000", 0x6984);
	/* without a scalar; cut; whole */
	expect_sw(*state, "00DB3FFF 0000D2 E081CF" ISO_P256, 0x6984);
	(void)snprintf(
	    put, sizeof(put), "00DB3FFF 0000F3 E081F1 %s%.66s", ISO_P256, x);
	expect_sw(*state, put, 0x6984);
	(void)snprintf(
	    put, sizeof(put), "00DB3FFF 0000F4 E081F1 %s%s", ISO_P256, x);
	expect_sw(*state, put, 0x9000);
	expect_sw(*state, MSE("B6", "21", "04"), 0x9000);
	assert_true(verifies(key, NULL, NULL, hex(VC_HASH),
	    answer_of(*state, "002A9E9A20" VC_HASH "00")));
	/* Zero, and the order, are no private keys. */
	expect_sw(*state, MSE("00", "EC", "05"), 0x9000);
	expect_sw(*state, "00DB3FFF 0000D5 E081D2" ISO_P256 "880100", 0x6984);
	(void)snprintf(put, sizeof(put), "00DB3FFF 0000F4 E081F1 %s88%s",
	    ISO_P256, &ISO_P256_N[2]);
	expect_sw(*state, put, 0x6984);
	expect_sw(*state, MSE("B6", "21", "05"), 0x6F00);
	EVP_PKEY_free(key);
}

int main(void)
{
#define ONE(test)                                                              \
	cmocka_unit_test_setup_teardown(test, iso_set_up_1, vc_tear_down)
#define ZERO(test)                                                             \
	cmocka_unit_test_setup_teardown(test, iso_set_up_0, vc_tear_down)
#define IMPORT(test)                                                           \
	cmocka_unit_test_setup_teardown(test, set_up_import, vc_tear_down)
	const struct CMUnitTest tests[] = {
		ONE(test_generate_p256),
		ZERO(test_sha1_on_card),
		ONE(test_other_curves),
		ONE(test_no_curve),
		ONE(test_mse),
		ZERO(test_mse),
		ZERO(test_algorithms_of_version_0),
		ONE(test_without_environment),
		ONE(test_all_want_the_pin),
		ONE(test_rsa2048),
		ONE(test_rsa4096),
		ONE(test_put_is_off),
		ZERO(test_put_is_off),
		IMPORT(test_put_rsa),
		IMPORT(test_put_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
