/* PSO: DECIPHER and raw RSA: profile section 4. What must come out is
 * published, or was put in by plain OpenSSL. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "vc_vectors.h"

#include <openssl/rsa.h>
#include <stdio.h>

#define RSA_KEY(usage)                                                         \
	"00DB3FFF0001147F4882010F 840103 800101 9501" usage "928180" JWE_P     \
	"938180" JWE_Q
#define CURVE(sizes, type, usage, n, d)                                        \
	"00DB3FFF" sizes "840103 8001" type "9501" usage "88" n d
#define MSE(alg)       "002241B8068001" alg "840103"
#define RSA_PSO(input) "002A80860001 0100" input "0000"
#define FF32           "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
#define P256_PSO       "002A80864200" P256_GR "00"
#define SM2_PSO        "002A80867500" SM2_C1 SM2_C3 SM2_C2 "00"

static const char p256_key[] = CURVE("2E7F482B", "11", "04", "20", P256_I);
static const char sm2_key[] = CURVE("2E7F482B", "21", "02", "20", SM2_D);

static void in_use(struct vc_card *card, const char *key, const char *mse)
{
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, key, 0x9000);
	expect_sw(card, mse, 0x9000);
}

/* --- RSA ------------------------------------------------------------------ */

/* RFC 8017, 7.2.2: 00 02 PS 00 M. */
static void test_rsa_published(void **state)
{
	struct vc_card *card = *state;
	uk_bytes block;

	in_use(card, RSA_KEY("02"), MSE("50"));
	block = answer_of(card, RSA_PSO(JWE_CIPHER));
	assert_int_equal(block.n, 256);
	expect_bytes(uk_bytes_first(block, 2), hex("0002"));
	expect_bytes(uk_bytes_last(block, 33), hex("00" JWE_KEY));
}

static void test_rsa_input(void **state)
{
	struct vc_card *card = *state;

	in_use(card, RSA_KEY("02"), MSE("50"));
	expect_sw(card, RSA_PSO(JWE_N), 0x6A80); /* not less than the modulus */
	expect_sw(card, "002A808600010101" JWE_CIPHER "0000", 0x6A80);
	expect_sw(card, "002A8086000102 00" JWE_CIPHER "00 0000", 0x6A80);
	expect_sw(card, "002A80860100", 0x6A80);
	expect_sw(card, "002A8086", 0x6A80);
	expect_sw(card, "002A8087000101 00" JWE_CIPHER "0000", 0x6A86);
	expect_sw(card, RSA_PSO(JWE_CIPHER), 0x9000);
}

/* In parts, and the answer in parts: a reader without extended length. */
static void test_rsa_chained(void **state)
{
	struct vc_card *card = *state;
	static const char cipher[] = JWE_CIPHER;
	char first[300], second[300];
	uk_bytes block;

	in_use(card, RSA_KEY("02"), MSE("50"));
	(void)snprintf(first, sizeof(first), "102A80868000%.254s", cipher);
	(void)snprintf(second, sizeof(second), "002A808681%s", &cipher[254]);
	expect_apdu(card, first, "9000");
	expect_sw(card, second, 0x6100);
	block = answer_of(card, "00C0000000");
	assert_int_equal(block.n, 256);
	expect_bytes(uk_bytes_last(block, 33), hex("00" JWE_KEY));
}

/* Any number that OpenSSL encrypts comes back, for each length of key. */
static void test_rsa_by_openssl(void **state)
{
	static const struct {
		const char *make;
		size_t size;
	} rows[] = {
		{ "0046000000000BAC098001018401039501020000", 256 },
		{ "0046000000000BAC098001028401039501020000", 384 },
	};
	struct vc_card *card = *state;
	static uint8_t command[7 + 1 + 512 + 2];
	static uint8_t plain[512], cipher[512];

	expect_sw(card, VC_LOGIN, 0x9000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = rows[i].size, size = rows[i].size;
		uk_buf b = UK_BUF(command);
		uk_bytes answer;
		EVP_PKEY_CTX *ctx;
		EVP_PKEY *key;

		expect_sw(card, rows[i].make, 0x9000);
		expect_sw(card, MSE("50"), 0x9000);
		key = public_of(card, 3);
		for (size_t at = 1; at < size; at++)
			plain[at] = (uint8_t)(at * 7);
		ctx = EVP_PKEY_CTX_new(key, NULL);
		assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
		assert_int_equal(
		    EVP_PKEY_encrypt(ctx, cipher, &n, plain, size), 1);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(key);
		uk_put(&b, hex("002A808600"));
		uk_put_u16(&b, (uint16_t)(size + 1));
		uk_put_u8(&b, 0);
		uk_put(&b, uk_view(cipher, size));
		uk_put_u16(&b, 0);
		answer = vc_card_transmit(card, uk_buf_view(&b));
		assert_int_equal(sw_of(answer), 0x9000);
		expect_bytes(
		    uk_bytes_first(answer, size), uk_view(plain, size));
	}
}

/* The same computation as a signature, for keys that were made for it. */
static void test_raw_rsa(void **state)
{
	struct vc_card *card = *state;
	uk_bytes block;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, RSA_KEY("08"), 0x9000);
	block = answer_of(card, "00880003000100" JWE_CIPHER "0000");
	assert_int_equal(block.n, 256);
	expect_bytes(uk_bytes_last(block, 33), hex("00" JWE_KEY));
	expect_sw(card, "00880003000100" JWE_N "0000", 0x6A80);
	expect_sw(card, "0088000320" VC_HASH "00", 0x6A80);
	expect_sw(card, "00880103000100" JWE_CIPHER "0000", 0x6A80);
	expect_sw(card, "0088130320" VC_HASH "00", 0x6A80); /* does not sign */
	expect_sw(card, "002241A406800100840103", 0x9000);
	expect_sw(card, "00880000000100" JWE_CIPHER "0000", 0x9000);
	expect_sw(card, MSE("50"), 0x6A88); /* and deciphers not */
	expect_sw(card, "0020FF81", 0x9000);
	expect_sw(card, "00880003000100" JWE_N "0000", 0x6A80);
	expect_sw(card, "00880003000100" JWE_CIPHER "0000", 0x6982);
	/* A key that signs does no raw RSA, nor does key 01. */
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, RSA_KEY("03"), 0x9000);
	expect_sw(card, "00880003000100" JWE_CIPHER "0000", 0x6A80);
	expect_sw(card, "00885003000100" JWE_CIPHER "0000", 0x6A80);
}

/* --- ECDH ----------------------------------------------------------------- */

/* RFC 5903, section 8. */
static void test_ecdh_published(void **state)
{
	struct vc_card *card = *state;

	in_use(card, p256_key, MSE("60"));
	expect_apdu(card, P256_PSO, P256_SHARED "9000");
	in_use(card, CURVE("3E7F483B", "12", "04", "30", P384_I), MSE("60"));
	expect_apdu(card, "002A80866200" P384_GR "00", P384_SHARED "9000");
	in_use(card, CURVE("507F484D", "13", "05", "42", P521_I), MSE("60"));
	expect_apdu(card, "002A80868600" P521_GR "00", P521_SHARED "9000");
}

static void test_ecdh_input(void **state)
{
	static const char *const inputs[] = {
		/* x and y that do not belong together; x not below p */
		"42 00 04" VC_HASH VC_HASH,
		"42 00 04" FF32 FF32,
		/* compressed, hybrid, infinity, another curve's */
		"22 00 02 "
		"D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC755"
		"4494BF63",
		"42 00 06 "
		"D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC755"
		"4494BF63"
		"56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872"
		"AB",
		"02 00 00",
		"42 00" SM2_POINT,
		"62 00" P384_GR,
		/* too short, too long, padding indicator */
		"41 00 04" VC_HASH "00112233445566778899AABBCCDDEEFF0123456789A"
		"BCDEFFEDCBA98765432",
		"43 00" P256_GR "00",
		"42 01" P256_GR,
		"41" P256_GR,
		"01 00",
	};
	struct vc_card *card = *state;
	char command[512];

	in_use(card, p256_key, MSE("60"));
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		(void)snprintf(
		    command, sizeof(command), "002A8086 %s 00", inputs[i]);
		expect_sw(card, command, 0x6A80);
	}
	expect_apdu(card, P256_PSO, P256_SHARED "9000");
}

/* --- SM2 ------------------------------------------------------------------ */

static void test_sm2_published(void **state)
{
	struct vc_card *card = *state;

	in_use(card, sm2_key, MSE("70"));
	expect_apdu(card, SM2_PSO, SM2_TEXT "9000");
}

static void test_sm2_input(void **state)
{
	struct vc_card *card = *state;

	in_use(card, sm2_key, MSE("70"));
	/* C3 or C2 of another text, the old order C1 C2 C3 */
	expect_sw(card, "002A80867500" SM2_C1 VC_HASH SM2_C2 "00", 0x6A80);
	expect_sw(card,
	    "002A80867500" SM2_C1 SM2_C3
	    "21886CA989CA9C7D58087307CA93092D651EFB 00",
	    0x6A80);
	expect_sw(card, "002A80867500" SM2_C1 SM2_C2 SM2_C3 "00", 0x6A80);
	/* no C2, no C1, a point off the curve, another curve's */
	expect_sw(card, "002A80866200" SM2_C1 SM2_C3 "00", 0x6A80);
	expect_sw(card, "002A80863400" SM2_C3 SM2_C2 "00", 0x6A80);
	expect_sw(
	    card, "002A8086750004" VC_HASH VC_HASH SM2_C3 SM2_C2 "00", 0x6A80);
	expect_sw(card, "002A80867500" P256_GR SM2_C3 SM2_C2 "00", 0x6A80);
	expect_apdu(card, SM2_PSO, SM2_TEXT "9000");
}

/* --- who, when ------------------------------------------------------------ */

static void test_order_and_login(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, P256_PSO, 0x6985); /* no environment */
	in_use(card, p256_key, MSE("60"));
	expect_sw(card, "0020FF81", 0x9000);
	expect_sw(card, "002A80864200 04" VC_HASH VC_HASH "00", 0x6A80);
	expect_sw(card, P256_PSO, 0x6982);
	expect_sw(card, VC_CONSENT, 0x9000); /* consent is no login */
	expect_sw(card, P256_PSO, 0x6982);
	expect_sw(card, "00200082", 0x9000); /* and not used up */
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, P256_PSO, 0x9000);
	expect_sw(card, P256_PSO, 0x9000);
	/* The key changes under the environment. */
	expect_sw(card, sm2_key, 0x9000);
	expect_sw(card, P256_PSO, 0x6A80);
	expect_sw(card, "00DB3FFF06 7F4803 840103", 0x9000);
	expect_sw(card, P256_PSO, 0x6A88);
	/* SELECT forgets it. */
	in_use(card, p256_key, MSE("60"));
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, P256_PSO, 0x6985);
	expect_sw(card, MSE("60"), 0x9000);
	vc_card_reset(card);
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, P256_PSO, 0x6985);
}

static void test_environment(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, MSE("60"), 0x6A88); /* no such key */
	in_use(card, p256_key, MSE("60"));
	expect_sw(card, MSE("50"), 0x6A80); /* alg does not fit */
	expect_sw(card, MSE("70"), 0x6A80);
	expect_sw(card, MSE("30"), 0x6A80);
	expect_sw(card, MSE("61"), 0x6A80);
	expect_sw(card, MSE("80"), 0x6A80);
	expect_sw(card, "002241B803840103", 0x6A80);
	expect_sw(card, "002241B803800160", 0x6A80);
	expect_sw(card, "002241B806800130840101", 0x6A88); /* not for this */
	expect_sw(card, "002241B806800130840102", 0x6A88);
	expect_sw(card, "002241B606800160840103", 0x6A88);
	expect_sw(card, "002241A406800160840103", 0x6A88);
	expect_sw(card, P256_PSO, 0x9000); /* the good one still holds */
	/* A key that only signs. */
	expect_sw(card, CURVE("2E7F482B", "11", "01", "20", P256_I), 0x9000);
	expect_sw(card, MSE("60"), 0x6A88);
	expect_sw(card, P256_PSO, 0x6A80);
	/* One that does both: the right command for each. */
	expect_sw(card, CURVE("2E7F482B", "11", "05", "20", P256_I), 0x9000);
	expect_sw(card, P256_PSO, 0x9000);
	expect_sw(card, "0088300320" VC_HASH "00", 0x9000);
	expect_sw(card, "0088600341" P256_GR "00", 0x6A80);
	expect_sw(card, "002241A406800160840103", 0x6A80);
	expect_sw(card, MSE("30"), 0x6A80);
}

/* Personalised, but not yet somebody's: no secret comes out without login. */
static void test_creation_state(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, p256_key, 0x9000);
	expect_sw(card, MSE("60"), 0x9000);
	expect_sw(card, P256_PSO, 0x6982);
}

/* The card keeps no copy of what it gave away. */
static void test_answers_are_wiped(void **state)
{
	struct vc_card *card = *state;
	uk_bytes secret;

	in_use(card, p256_key, MSE("60"));
	secret = answer_of(card, P256_PSO);
	expect_bytes(secret, hex(P256_SHARED));
	vc_card_reset(card);
	for (size_t i = 0; i < secret.n; i++)
		assert_int_equal(secret.p[i], 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, vc_set_up, vc_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rsa_published),
		TEST(test_rsa_input),
		TEST(test_rsa_chained),
		TEST(test_rsa_by_openssl),
		TEST(test_raw_rsa),
		TEST(test_ecdh_published),
		TEST(test_ecdh_input),
		TEST(test_sm2_published),
		TEST(test_sm2_input),
		TEST(test_order_and_login),
		TEST(test_environment),
		TEST(test_answers_are_wiped),
		cmocka_unit_test_setup_teardown(
		    test_creation_state, vc_set_up_creation, vc_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
