/* The PIV application's fixture. */
#include "piv_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "hex.h"
#include "tlv.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <stdio.h>

enum { BLOCK_MAX = 16 };

struct vc_card *piv_card(const char *kind, const char *path)
{
	struct vc_card *card;

	expect_ok(vc_apps_open(path, VC_STORE_CREATE, &card));
	expect_ok(vc_card_install(card, kind, UK_NONE, UK_NONE));
	expect_sw(card, PIV_SELECT, 0x9000);
	return card;
}

struct vc_app *piv_app(struct vc_card *card)
{
	struct vc_app *app = vc_card_app(card, hex(PIV_AID));

	assert_non_null(app);
	return app;
}

uk_bytes piv_block(
    const char *cipher, bool encipher, const char *key, uk_bytes block)
{
	static uint8_t made[2 * BLOCK_MAX];
	EVP_CIPHER *evp = EVP_CIPHER_fetch(NULL, cipher, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;

	assert_non_null(evp);
	assert_int_equal(
	    EVP_CipherInit_ex2(ctx, evp, hex(key).p, NULL, encipher, NULL), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
	assert_int_equal(
	    EVP_CipherUpdate(ctx, made, &n, block.p, (int)block.n), 1);
	assert_int_equal(n, (int)block.n);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(evp);
	return uk_view(made, block.n);
}

unsigned piv_admin(struct vc_card *card)
{
	uk_bytes challenge = answer_of(card, "0087039B047C02810000"), answer;
	char text[64] = "", command[96];

	assert_int_equal(challenge.n, 12); /* 7C 0A 81 08 ... */
	answer = piv_block(
	    "DES-EDE3-ECB", true, PIV_KEY, uk_bytes_last(challenge, 8));
	uk_hex_str(text, sizeof(text), answer);
	(void)snprintf(command, sizeof(command), "0087039B0C7C0A8208%s", text);
	return sw_of(vc_card_transmit(card, hex(command)));
}

void piv_import(
    struct vc_card *card, uint8_t slot, uint8_t alg, struct vc_key_parts parts)
{
	struct vc_app *app = piv_app(card);

	expect_ok(vc_piv_import_key(app, slot, alg, 0, &parts));
	expect_ok(vc_piv_save(app));
}

static EVP_PKEY *load(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
	assert_int_equal(
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	return key;
}

EVP_PKEY *piv_public(uk_bytes template)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	uk_bytes content, point, n, e;
	BIGNUM *modulus, *exponent;
	EVP_PKEY *key;

	expect_ok(uk_tlv_only(template, 0x7f49, &content));
	if (uk_tlv_find(content, 0x86, &point)) {
		OSSL_PARAM_BLD_push_utf8_string(build,
		    OSSL_PKEY_PARAM_GROUP_NAME,
		    point.n == 65 ? "P-256" : "P-384", 0);
		OSSL_PARAM_BLD_push_octet_string(
		    build, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n);
		return load("EC", build);
	}
	assert_true(uk_tlv_find(content, 0x81, &n));
	assert_true(uk_tlv_find(content, 0x82, &e));
	modulus = BN_bin2bn(n.p, (int)n.n, NULL);
	exponent = BN_bin2bn(e.p, (int)e.n, NULL);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus);
	OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent);
	key = load("RSA", build);
	BN_free(modulus);
	BN_free(exponent);
	return key;
}

int piv_set_up(void **state)
{
	*state = piv_card("piv", NULL);
	return 0;
}

int piv_yubico_set_up(void **state)
{
	*state = piv_card("piv-yubico", NULL);
	return 0;
}
