/*
 * U-key: deciphering, key agreement and raw RSA. Command bytes by hand from
 * docs/card-profile.md, section 4; what comes out is judged by OpenSSL, whose
 * keys are brought to a virtual card.
 */
#include "cmocka_all.h"
#include "der.h"
#include "fixtures.h"
#include "ukey_live.h"
#include "ukey_script.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#define POINT "04" SIG64

static const uk_object rsa_3 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_RSA,
	.key_bits = 2048,
	.usage = UK_USE_DECRYPT | UK_USE_SIGN,
	.ref = 3 };
static const uk_object rsa_4k = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_RSA,
	.key_bits = 4096,
	.usage = UK_USE_UNWRAP,
	.ref = 15 };
static const uk_object ec_4 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_P256,
	.key_bits = 256,
	.usage = UK_USE_DERIVE,
	.ref = 4 };
static const uk_object sm2_5 = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_SM2,
	.key_bits = 256,
	.usage = UK_USE_DECRYPT,
	.ref = 5 };

/* --- what is sent -------------------------------------------------------- */

static const struct good_row {
	const uk_object *key;
	enum uk_decipher_scheme scheme;
	const char *input, *mse, *pso, *output;
} good[] = {
	/* 257 bytes of data: the extended form */
	{ &rsa_3, UK_DECIPHER_RSA, SIG256, "002241B8 06 800150 840103",
	    "002A8086 000101 00" SIG256 "0100", SIG256 },
	{ &rsa_4k, UK_DECIPHER_RSA, SIG256 SIG256, "002241B8 06 800150 84010F",
	    "002A8086 000201 00" SIG256 SIG256 "0000", SIG256 SIG256 },
	{ &ec_4, UK_DECIPHER_ECDH, POINT, "002241B8 06 800160 840104",
	    "002A8086 42 00" POINT "00", HASH32 },
	{ &sm2_5, UK_DECIPHER_SM2, POINT HASH32 "ABCD",
	    "002241B8 06 800170 840105",
	    "002A8086 64 00" POINT HASH32 "ABCD 00", "0102" },
};

static const char *with_9000(const char *hex_text)
{
	static char text[2 * UK_MODULUS_MAX + 8];

	snprintf(text, sizeof(text), "%s9000", hex_text);
	return text;
}

static void deciphers_as_the_profile_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct good_row *row = &good[i];
		const struct script_step steps[] = {
			{ SELECT_UKEY, FCI_GOOD, UK_OK },
			{ row->mse, "9000", UK_OK },
			{ row->pso, with_9000(row->output), UK_OK },
			/* the environment is still that */
			{ row->pso, with_9000(row->output), UK_OK },
		};
		struct desk d = DESK(steps);
		uint8_t room[2 * UK_MODULUS_MAX];
		uk_buf out = UK_BUF(room);

		assert_true(
		    uk_card_can_decipher(d.card, row->key, row->scheme));
		for (int twice = 0; twice < 2; twice++)
			expect_ok(uk_card_decipher(d.card, row->key,
			    row->scheme, hex(row->input), &out));
		expect_bytes(
		    uk_bytes_first(uk_buf_view(&out), hex(row->output).n),
		    hex(row->output));
		assert_int_equal(out.len, 2 * hex(row->output).n);
		assert_int_equal(script_log.secrets, 2);
		desk_close_after(&d, 4);
	}
}

/* After another key, a new transaction, a failure and a reset the environment
 * is not what it was, or may not be. */
static void the_environment_is_set_when_in_doubt(void **state)
{
#define MSE_4 "002241B8 06 800160 840104"
#define MSE_6 "002241B8 06 800160 840106"
#define PSO_4 "002A8086 42 00" POINT "00"
	const struct script_step steps[] = {
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ MSE_4, "9000", UK_OK },
		{ PSO_4, HASH32 "9000", UK_OK },
		{ MSE_6, "9000", UK_OK },
		{ PSO_4, HASH32 "9000", UK_OK },
		{ MSE_4, "9000", UK_OK },
		{ PSO_4, "6985", UK_OK },
		{ MSE_4, "9000", UK_OK },
		{ PSO_4, HASH32 "9000", UK_OK },
		{ SELECT_UKEY, FCI_GOOD, UK_OK },
		{ MSE_4, "9000", UK_OK },
		{ PSO_4, HASH32 "9000", UK_OK },
		/* begin */
		{ MSE_4, "9000", UK_OK },
		{ PSO_4, HASH32 "9000", UK_OK },
		{ MSE_6, "6A88", UK_OK },
		{ MSE_4, "9000", UK_OK },
		{ PSO_4, HASH32 "9000", UK_OK },
	};
	struct desk d = DESK(steps);
	uk_object ec_6 = ec_4;
	uint8_t room[8 * 32];
	uk_buf out = UK_BUF(room);

	(void)state;
	ec_6.ref = 6;
#define DERIVE(key)                                                            \
	uk_card_decipher(d.card, key, UK_DECIPHER_ECDH, hex(POINT), &out)
	expect_ok(DERIVE(&ec_4));
	expect_ok(DERIVE(&ec_6));
	expect_code(DERIVE(&ec_4), UK_ERR_CONDITIONS);
	expect_ok(DERIVE(&ec_4));
	expect_ok(uk_card_reselect(d.card));
	expect_ok(DERIVE(&ec_4));
	expect_ok(uk_channel_begin(d.ch));
	expect_ok(DERIVE(&ec_4));
	expect_code(DERIVE(&ec_6), UK_ERR_NOT_FOUND);
	expect_ok(DERIVE(&ec_4));
	uk_channel_end(d.ch, UK_LEAVE_CARD);
	desk_close_after(&d, 17);
}

/* --- what is refused ----------------------------------------------------- */

static void what_cannot_be_is_not_sent(void **state)
{
	static const struct {
		const uk_object *key;
		enum uk_decipher_scheme scheme;
		const char *input;
		size_t room;
		enum uk_code code;
	} rows[] = {
		/* the wrong scheme for the key, or a key that is not for it */
		{ &rsa_3, UK_DECIPHER_ECDH, POINT, 512, UK_ERR_UNSUPPORTED },
		{ &rsa_3, UK_DECIPHER_SM2, SIG256, 512, UK_ERR_UNSUPPORTED },
		{ &ec_4, UK_DECIPHER_RSA, SIG256, 512, UK_ERR_UNSUPPORTED },
		{ &ec_4, UK_DECIPHER_SM2, POINT HASH32 "00", 512,
		    UK_ERR_UNSUPPORTED },
		{ &sm2_5, UK_DECIPHER_ECDH, POINT, 512, UK_ERR_UNSUPPORTED },
		{ &key_1, UK_DECIPHER_RSA, SIG256, 512, UK_ERR_UNSUPPORTED },
		{ &key_2, UK_DECIPHER_ECDH, POINT, 512, UK_ERR_UNSUPPORTED },
		{ &rsa_3, (enum uk_decipher_scheme)3, SIG256, 512,
		    UK_ERR_UNSUPPORTED },
		/* the wrong input */
		{ &rsa_3, UK_DECIPHER_RSA, "", 512, UK_ERR_ARGUMENT },
		{ &rsa_3, UK_DECIPHER_RSA, SIG256 "00", 512, UK_ERR_ARGUMENT },
		{ &rsa_3, UK_DECIPHER_RSA, SIG64, 512, UK_ERR_ARGUMENT },
		{ &ec_4, UK_DECIPHER_ECDH, "", 512, UK_ERR_ARGUMENT },
		{ &ec_4, UK_DECIPHER_ECDH, "02" SIG64, 512, UK_ERR_ARGUMENT },
		{ &ec_4, UK_DECIPHER_ECDH, POINT "00", 512, UK_ERR_ARGUMENT },
		{ &sm2_5, UK_DECIPHER_SM2, "", 512, UK_ERR_ARGUMENT },
		{ &sm2_5, UK_DECIPHER_SM2, POINT HASH32, 512, UK_ERR_ARGUMENT },
		{ &sm2_5, UK_DECIPHER_SM2, "03" SIG64 HASH32 "00", 512,
		    UK_ERR_ARGUMENT },
		/* no room */
		{ &rsa_3, UK_DECIPHER_RSA, SIG256, 255, UK_ERR_TOO_SMALL },
		{ &ec_4, UK_DECIPHER_ECDH, POINT, 31, UK_ERR_TOO_SMALL },
	};
	const struct script_step steps[] = { { SELECT_UKEY, FCI_GOOD, UK_OK } };
	struct desk d = DESK(steps);
	uint8_t room[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uk_buf out = uk_buf_over(room, rows[i].room);

		expect_code(uk_card_decipher(d.card, rows[i].key,
				rows[i].scheme, hex(rows[i].input), &out),
		    rows[i].code);
		assert_int_equal(out.len, 0);
	}
	desk_close_after(&d, 1);
}

/* "Good", but not as many bytes as there must be. */
static void wrong_lengths_are_not_believed(void **state)
{
	static const char *const answers[] = { "9000", "01 9000",
		HASH32 "00 9000" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct script_step steps[] = {
			{ SELECT_UKEY, FCI_GOOD, UK_OK },
			{ MSE_4, "9000", UK_OK },
			{ PSO_4, answers[i], UK_OK },
		};
		struct desk d = DESK(steps);
		uint8_t room[64];
		uk_buf out = UK_BUF(room);

		expect_code(DERIVE(&ec_4), UK_ERR_CARD_MUTE);
		assert_int_equal(out.len, 0);
		desk_close_after(&d, 3);
	}
}

static const struct script_step deriving[] = {
	{ SELECT_UKEY, FCI_GOOD, UK_OK },
	{ MSE_4, "9000", UK_OK },
	{ PSO_4, "61 20", UK_OK },
	{ "00C0000020", HASH32 "9000", UK_OK },
};

static uk_err derive_once(void *failure, unsigned nth)
{
	struct desk d;
	uint8_t room[64];
	uk_buf out = UK_BUF(room);
	uk_err err = desk_open_broken(&d, deriving, 4, nth,
	    failure == NULL ? UK_OK : *(enum uk_code *)failure);

	if (uk_is_ok(err)) {
		err = DERIVE(&ec_4);
		assert_int_equal(out.len, uk_is_ok(err) ? 32 : 0);
		/* GET RESPONSE carries a secret as well */
		if (uk_is_ok(err))
			assert_int_equal(script_log.secrets, 2);
	}
	desk_close(&d);
	return err;
}

static uk_err derive_untouched(void *arg)
{
	return derive_once(arg, 0);
}

static void survives_everything(void **state)
{
	enum uk_code gone = UK_ERR_CARD_REMOVED;

	(void)state;
	assert_int_equal(fail_every_allocation(derive_untouched, NULL), 3);
	assert_int_equal(fail_every_exchange(derive_once, &gone, gone), 4);
}

/* --- before a whole card ------------------------------------------------- */

static const uk_object *bring(struct live *l, enum uk_key_type type,
    const struct uk_private_key *secret, uint32_t usage)
{
	const struct uk_new_object what = {
		.label = "brought", .usage = usage, .key_type = type
	};
	size_t at;

	live_login(l);
	expect_ok(uk_card_import(live_card(l), &what, secret, &at));
	assert_int_equal(live_card(l)->objects[at].key_type, type);
	assert_int_equal(live_card(l)->objects[at].id_len, 20);
	return &live_card(l)->objects[at];
}

/* d = 2, the other side's point G: x of 2G. SEC 2, 2.4.2, and the multiples of
 * G that NIST's test vectors for P-256 list. */
static void derives_what_the_standard_says(void **state)
{
	static const uint8_t two[] = { 2 };
	const struct uk_private_key secret = { .d = UK_ARRAY(two) };
	struct live *l = live_new();
	const uk_object *key = bring(l, UK_KEY_P256, &secret, UK_USE_DERIVE);
	uint8_t room[32];
	uk_buf out = UK_BUF(room);

	(void)state;
	expect_ok(uk_card_decipher(live_card(l), key, UK_DECIPHER_ECDH,
	    hex("04"
		"6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C"
		"2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837"
		"BF51F5"),
	    &out));
	expect_bytes(uk_buf_view(&out),
	    hex("7CF27B188D034F7E8A52380304B51AC3C08969E277F21B35A60B48FC476699"
		"78"));
	/* a point that is on no curve of ours */
	out = UK_BUF(room);
	expect_code(uk_card_decipher(live_card(l), key, UK_DECIPHER_ECDH,
			hex("04" HASH32 HASH32), &out),
	    UK_ERR_CARD_STATUS);
	assert_int_equal(out.len, 0);
	live_free(&l);
}

static size_t part_of(EVP_PKEY *key, const char *name, uint8_t *out, size_t cap)
{
	BIGNUM *n = NULL;
	int len;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
	assert_true((size_t)BN_num_bytes(n) <= cap);
	len = BN_bn2bin(n, out);
	BN_clear_free(n);
	return (size_t)len;
}

/* x^e mod n */
static void raise(EVP_PKEY *key, const uint8_t x[256], uint8_t out[256])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t n = 256;

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, out, &n, x, 256), 1);
	EVP_PKEY_CTX_free(ctx);
}

static void rsa_goes_back_and_forth(void **state)
{
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	uint8_t p[128], q[128], message[256] = { 0 }, cipher[256], room[256];
	size_t p_len = part_of(pair, OSSL_PKEY_PARAM_RSA_FACTOR1, p, 128);
	size_t q_len = part_of(pair, OSSL_PKEY_PARAM_RSA_FACTOR2, q, 128);
	const struct uk_private_key secret = { .p = { p, p_len },
		.q = { q, q_len } };
	struct live *l = live_new();
	const uk_object *key = bring(
	    l, UK_KEY_RSA, &secret, UK_USE_DECRYPT | UK_USE_SIGN);
	uk_buf out = UK_BUF(room);
	struct uk_sign_request r = {
		.key = key, .scheme = UK_SIG_RSA_RAW, .input = UK_ARRAY(message)
	};

	(void)state;
	for (size_t i = 1; i < sizeof(message); i++)
		message[i] = (uint8_t)(3 * i);
	raise(pair, message, cipher);
	expect_ok(uk_card_decipher(
	    live_card(l), key, UK_DECIPHER_RSA, UK_ARRAY(cipher), &out));
	expect_bytes(uk_buf_view(&out), UK_ARRAY(message));
	/* and as a signature */
	out = UK_BUF(room);
	assert_true(uk_card_can_sign(live_card(l), &r));
	expect_ok(uk_card_sign(live_card(l), &r, &out));
	raise(pair, room, cipher);
	expect_bytes(UK_ARRAY(cipher), UK_ARRAY(message));
	/* more than the modulus */
	out = UK_BUF(room);
	memset(message, 0xff, sizeof(message));
	expect_code(uk_card_sign(live_card(l), &r, &out), UK_ERR_CARD_STATUS);
	live_free(&l);
	EVP_PKEY_free(pair);
}

static EVP_PKEY *sm2_public(const uk_public_key *k)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	assert_int_equal(k->type, UK_KEY_SM2);
	OSSL_PARAM_BLD_push_utf8_string(
	    build, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0);
	OSSL_PARAM_BLD_push_octet_string(
	    build, OSSL_PKEY_PARAM_PUB_KEY, k->point, k->point_len);
	params = OSSL_PARAM_BLD_to_param(build);
	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	return key;
}

/* GB/T 35276: SEQUENCE { x, y, C3, C2 }; the card takes 04 x y, C3, C2. */
static void sm2_encrypt(EVP_PKEY *key, const char *text, uk_buf *out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t der[256];
	size_t n = sizeof(der);
	uk_reader r, seq;

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_encrypt(ctx, der, &n, (const uint8_t *)text, strlen(text)),
	    1);
	EVP_PKEY_CTX_free(ctx);
	r = uk_read(uk_view(der, n));
	seq = uk_der_enter(&r, UK_DER_SEQUENCE);
	uk_put_u8(out, 0x04);
	uk_put_padded(out, uk_der_get_uint(&seq), 32);
	uk_put_padded(out, uk_der_get_uint(&seq), 32);
	uk_put(out, uk_der_get(&seq, UK_DER_OCTETS));
	uk_put(out, uk_der_get(&seq, UK_DER_OCTETS));
	expect_ok(uk_read_end(&seq));
	expect_ok(uk_buf_result(out));
}

static void sm2_is_deciphered(void **state)
{
	static const uint8_t seven[] = { 7 };
	const struct uk_private_key secret = { .d = UK_ARRAY(seven) };
	struct live *l = live_new();
	const uk_object *key = bring(l, UK_KEY_SM2, &secret, UK_USE_DECRYPT);
	uint8_t cipher[256], room[64];
	uk_buf in = UK_BUF(cipher), out = UK_BUF(room);
	uk_public_key public;
	EVP_PKEY *peer;

	(void)state;
	expect_ok(uk_card_read_public(live_card(l), key, &public));
	peer = sm2_public(&public);
	sm2_encrypt(peer, "encryption standard", &in);
	expect_ok(uk_card_decipher(
	    live_card(l), key, UK_DECIPHER_SM2, uk_buf_view(&in), &out));
	expect_bytes(uk_buf_view(&out), uk_view_str("encryption standard"));
	/* C3 is wrong */
	cipher[70] ^= 1;
	out = UK_BUF(room);
	expect_code(uk_card_decipher(live_card(l), key, UK_DECIPHER_SM2,
			uk_buf_view(&in), &out),
	    UK_ERR_CARD_STATUS);
	assert_int_equal(out.len, 0);
	EVP_PKEY_free(peer);
	live_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deciphers_as_the_profile_says),
		cmocka_unit_test(the_environment_is_set_when_in_doubt),
		cmocka_unit_test(what_cannot_be_is_not_sent),
		cmocka_unit_test(wrong_lengths_are_not_believed),
		cmocka_unit_test(survives_everything),
		cmocka_unit_test(derives_what_the_standard_says),
		cmocka_unit_test(rsa_goes_back_and_forth),
		cmocka_unit_test(sm2_is_deciphered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
