/* The virtual card's fixture. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "der.h"
#include "fixtures.h"
#include "hex.h"
#include "tlv.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <stdio.h>

enum { HEX_MAX = 2048, BANKS = 2 };

void expect_apdu_at(struct vc_card *card, const char *command,
    const char *answer, const char *file, int line)
{
	expect_bytes_at(
	    vc_card_transmit(card, hex(command)), hex(answer), file, line);
}

unsigned sw_of(uk_bytes answer)
{
	uk_reader r = uk_read(uk_bytes_last(answer, 2));

	return uk_get_u16(&r);
}

void expect_sw_at(struct vc_card *card, const char *command, unsigned sw,
    const char *file, int line)
{
	unsigned got = sw_of(vc_card_transmit(card, hex(command)));

	if (got == sw)
		return;
	print_error("%s: got %04X, want %04X\n", command, got, sw);
	_fail(file, line);
}

uk_bytes answer_of(struct vc_card *card, const char *command)
{
	uk_bytes answer = vc_card_transmit(card, hex(command));

	if (sw_of(answer) != 0x9000)
		fail_msg("%s: got %04X", command, sw_of(answer));
	return uk_bytes_first(answer, answer.n - 2);
}

/* --- the bank
 * ---------------------------------------------------------------------- */

static EVP_PKEY *bank(size_t which)
{
	static EVP_PKEY *keys[BANKS];

	if (keys[which] == NULL)
		keys[which] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	assert_non_null(keys[which]);
	return keys[which];
}

static void put_hex_text(uk_buf *out, uk_bytes v)
{
	uk_put_hex(out, v);
}

static void put_bank_key(struct vc_card *card)
{
	uint8_t point[65];
	char text[HEX_MAX] = "";
	uk_buf b = uk_buf_over(text, sizeof(text) - 1);
	size_t n;

	assert_int_equal(
	    EVP_PKEY_get_octet_string_param(bank(0),
		OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof(point), &n),
	    1);
	uk_put_str(&b, "00DB3FFF4C7F49468301108641");
	put_hex_text(&b, UK_ARRAY(point));
	uk_put_str(&b, "850101");
	/* Lc: 3 + 3 + 67 + 3 bytes */
	expect_sw(card, text, 0x9000);
}

const char *proof_command(
    uk_bytes serial, uk_bytes challenge, uk_bytes hash, bool lie)
{
	static char text[HEX_MAX];
	uint8_t message[256], der[80], raw[64];
	uk_buf m = UK_BUF(message), sig = UK_BUF(raw);
	uk_buf out = uk_buf_over(text, sizeof(text) - 1);
	size_t n = sizeof(der);
	uint8_t lc = (uint8_t)(hash.n + 64);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	/* Profile, section 6. */
	uk_put_str(&m, "ukey bank proof 1");
	uk_put(&m, serial);
	uk_put(&m, challenge);
	uk_put(&m, hash);
	assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL,
			     bank(lie ? 1 : 0), NULL),
	    1);
	assert_int_equal(EVP_DigestSign(ctx, der, &n, message, m.len), 1);
	EVP_MD_CTX_free(ctx);
	expect_ok(uk_sig_from_der(uk_view(der, n), 32, &sig));
	uk_put_str(&out, "00823010");
	put_hex_text(&out, uk_view(&lc, 1));
	put_hex_text(&out, hash);
	put_hex_text(&out, UK_ARRAY(raw));
	text[out.len] = 0;
	return text;
}

unsigned prove(struct vc_card *card, uk_bytes hash, bool lie)
{
	uint8_t kept[8 + 16];
	uk_buf b = UK_BUF(kept);
	uk_bytes serial;

	assert_true(uk_tlv_find(answer_of(card, "00CA010100"), 0x81, &serial));
	uk_put(&b, serial);
	uk_put(&b, answer_of(card, "0084000010"));
	return sw_of(vc_card_transmit(
	    card, hex(proof_command(uk_bytes_first(UK_ARRAY(kept), 8),
		      uk_bytes_from(UK_ARRAY(kept), 8), hash, lie))));
}

/* --- cards
 * ------------------------------------------------------------------------- */

struct vc_card *card_in_creation(
    const char *path, unsigned type, bool with_bank)
{
	struct vc_card *card = NULL;
	char generate[64];

	expect_ok(vc_apps_open(path, VC_STORE_CREATE, &card));
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, "0024018110" VC_PIN16, 0x9000);
	expect_sw(card, "0024018310" VC_PUK16, 0x9000);
	for (unsigned ref = 1; ref <= 2; ref++) {
		(void)snprintf(generate, sizeof(generate),
		    "00460000000008AC068001%02X8401%02X0000", type, ref);
		expect_sw(card, generate, 0x9000);
	}
	if (with_bank)
		put_bank_key(card);
	return card;
}

struct vc_card *card_in_use(const char *path, unsigned type, bool with_bank)
{
	struct vc_card *card = card_in_creation(path, type, with_bank);

	expect_sw(card, "00440000", 0x9000);
	expect_sw(card, VC_SELECT, 0x9000);
	return card;
}

int vc_set_up(void **state)
{
	*state = card_in_use(NULL, 0x11, false);
	return 0;
}

int vc_set_up_bank(void **state)
{
	*state = card_in_use(NULL, 0x11, true);
	return 0;
}

int vc_set_up_creation(void **state)
{
	*state = card_in_creation(NULL, 0x11, true);
	return 0;
}

int vc_tear_down(void **state)
{
	struct vc_card *card = *state;

	vc_card_close(&card);
	return 0;
}

/* --- judging
 * ----------------------------------------------------------------------- */

static const char *group_of(size_t point)
{
	return point == 65 ? "P-256" : point == 97 ? "P-384" : "P-521";
}

static EVP_PKEY *from_params(const char *name, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	return key;
}

EVP_PKEY *public_of(struct vc_card *card, unsigned ref)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	char command[64];
	uk_bytes template, v, e;
	BIGNUM *n = NULL, *exponent = NULL;
	EVP_PKEY *key;

	(void)snprintf(
	    command, sizeof(command), "00468100000005AC038401%02X0000", ref);
	expect_ok(uk_tlv_only(answer_of(card, command), 0x7f49, &template));
	if (uk_tlv_find(template, 0x86, &v)) {
		OSSL_PARAM_BLD_push_utf8_string(
		    build, OSSL_PKEY_PARAM_GROUP_NAME, group_of(v.n), 0);
		OSSL_PARAM_BLD_push_octet_string(
		    build, OSSL_PKEY_PARAM_PUB_KEY, v.p, v.n);
		return from_params("EC", build);
	}
	assert_true(uk_tlv_find(template, 0x81, &v));
	assert_true(uk_tlv_find(template, 0x82, &e));
	n = BN_bin2bn(v.p, (int)v.n, NULL);
	exponent = BN_bin2bn(e.p, (int)e.n, NULL);
	assert_true(BN_is_word(exponent, 65537));
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent);
	key = from_params("RSA", build);
	BN_free(n);
	BN_free(exponent);
	return key;
}

EVP_PKEY *sm2_public(uk_bytes point)
{
	static const uint8_t head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07,
		0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
		0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00 };
	uint8_t storage[128];
	uk_buf spki = UK_BUF(storage);
	const unsigned char *p = storage;
	EVP_PKEY *key;

	uk_put(&spki, UK_ARRAY(head));
	uk_put(&spki, point);
	key = d2i_PUBKEY(NULL, &p, (long)spki.len);
	assert_non_null(key);
	return key;
}

bool ecdsa_good(EVP_PKEY *key, uk_bytes hash, uk_bytes sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t coded[160];
	uk_buf der = UK_BUF(coded);
	bool good;

	expect_ok(uk_sig_to_der(sig, &der));
	good = EVP_PKEY_verify_init(ctx) == 1 &&
	       EVP_PKEY_verify(ctx, coded, der.len, hash.p, hash.n) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good;
}
