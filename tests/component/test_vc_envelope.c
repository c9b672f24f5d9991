/*
 * A key pair from the key centre in its envelope: profile section 4.1. The
 * centre is plain OpenSSL (SM2 encryption, SM4); the pair is that of GB/T
 * 32918.5, annex A, so that the standard's own cipher text is the judge, and
 * what OpenSSL encrypts.
 */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "der.h"
#include "fixtures.h"
#include "mem.h"
#include "tlv.h"
#include "vc_vectors.h"

#define MSE         "002241B806800170840103"
#define PSO         "002A80867500" SM2_C1 SM2_C3 SM2_C2 "00"
#define READ_PUBLIC "00468100000005AC038401030000"
#define SM4_KEY     "0123456789ABCDEFFEDCBA9876543210"
#define ZERO32                                                                 \
	"0000000000000000000000000000000000000000000000000000000000000000"
#define SM2_OTHER                                                              \
	"0000000000000000000000000000000000000000000000000000000000000005"

enum { COMMAND_MAX = 512, POINT = 65 };

/* --- the key centre --------------------------------------------------------
 */

/* C1 || C3 || C2 from GM/T 0009's SEQUENCE { x, y, C3, C2 }. */
static void put_raw_cipher(uk_bytes der, uk_buf *out)
{
	uk_bytes seq;
	uk_reader r;
	uk_tlv t;

	expect_ok(uk_tlv_only(der, UK_DER_SEQUENCE, &seq));
	r = uk_read(seq);
	uk_put_u8(out, 0x04);
	for (size_t i = 0; i < 4; i++) {
		assert_true(uk_tlv_next(&r, &t));
		if (i < 2)
			uk_put_padded(out, t.value, 32);
		else
			uk_put(out, t.value);
	}
}

static void put_encrypted(uk_bytes point, uk_bytes text, uk_buf *out)
{
	EVP_PKEY *key = sm2_public(point);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t der[512];
	size_t n = sizeof(der);

	assert_int_equal(EVP_PKEY_encrypt_init(ctx), 1);
	assert_int_equal(EVP_PKEY_encrypt(ctx, der, &n, text.p, text.n), 1);
	put_raw_cipher(uk_view(der, n), out);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
}

static void put_sm4(uk_bytes key, uk_bytes text, uk_buf *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *room = uk_put_room(out, text.n);
	int n = 0;

	assert_int_equal(
	    EVP_EncryptInit_ex(ctx, EVP_sm4_ecb(), NULL, key.p, NULL), 1);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	assert_int_equal(
	    EVP_EncryptUpdate(ctx, room, &n, text.p, (int)text.n), 1);
	assert_int_equal(n, (int)text.n);
	EVP_CIPHER_CTX_free(ctx);
}

/* What it puts together, and what may be wrong with it. NULL is as usual. */
struct envelope {
	const char *head;    /* reference, type, usage, opening key */
	const char *sm4;     /* the key in it */
	const char *scalar;  /* before it is enciphered */
	const char *point;   /* as announced */
	const char *seal_to; /* the key that it is for; NULL: the card's 01 */
	const char *wrapped; /* instead of a good one */
	const char *more;
};

static const char * or (const char *given, const char *usual)
{
	return given == NULL ? usual : given;
}

static uk_bytes point_of(struct vc_card *card, const char *read)
{
	static uint8_t storage[POINT];
	uk_buf b = UK_BUF(storage);

	uk_put(&b, uk_bytes_last(answer_of(card, read), POINT));
	return uk_buf_view(&b);
}

static uk_bytes command_of(struct vc_card *card, const struct envelope *e)
{
	static uint8_t storage[COMMAND_MAX];
	uk_bytes to = e->seal_to == NULL
			  ? point_of(card, "00468100000005AC038401010000")
			  : hex(e->seal_to);
	uk_buf b = UK_BUF(storage);
	size_t lc, all, at;

	uk_put(&b, hex("00DB3FFF00"));
	lc = b.len;
	uk_put_u16(&b, 0);
	all = uk_tlv_begin(&b, 0x7f48);
	uk_put(&b, hex(or (e->head, "840103 800121")));
	uk_put_tlv(&b, 0x86, hex(or (e->point, SM2_POINT)));
	at = uk_tlv_begin(&b, 0x87);
	if (e->wrapped != NULL)
		uk_put(&b, hex(e->wrapped));
	else
		put_encrypted(to, hex(or (e->sm4, SM4_KEY)), &b);
	uk_tlv_end(&b, at);
	at = uk_tlv_begin(&b, 0x8b);
	put_sm4(hex(SM4_KEY), hex(or (e->scalar, ZERO32 SM2_D)), &b);
	uk_tlv_end(&b, at);
	uk_put(&b, hex(or (e->more, "")));
	uk_tlv_end(&b, all);
	storage[lc] = (uint8_t)((b.len - lc - 2) >> 8);
	storage[lc + 1] = (uint8_t)(b.len - lc - 2);
	assert_false(b.bad);
	return uk_buf_view(&b);
}

static unsigned put(struct vc_card *card, const struct envelope *e)
{
	return sw_of(vc_card_transmit(card, command_of(card, e)));
}

static const struct envelope usual = { 0 };

/* --- cards ------------------------------------------------------------------
 */

static int set_up(void **state)
{
	*state = card_in_use(NULL, 0x21, false);
	return 0;
}

static void expect_deciphers(struct vc_card *card)
{
	static uint8_t storage[COMMAND_MAX];
	uk_buf b = UK_BUF(storage);
	uk_bytes text = hex(SM4_KEY "5EC2E7"), out;

	expect_sw(card, MSE, 0x9000);
	expect_apdu(card, PSO, SM2_TEXT "9000"); /* the standard's */
	uk_put(&b, hex("002A80867500"));
	put_encrypted(hex(SM2_POINT), text, &b); /* OpenSSL's */
	storage[4] = (uint8_t)(b.len - 5);
	uk_put_u8(&b, 0);
	out = vc_card_transmit(card, uk_buf_view(&b));
	assert_int_equal(sw_of(out), 0x9000);
	expect_bytes(uk_bytes_first(out, out.n - 2), text);
}

/* --- good ones ---------------------------------------------------------------
 */

static void test_import(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	assert_int_equal(put(card, &usual), 0x9000);
	expect_apdu(card, READ_PUBLIC, "7F49438641" SM2_POINT "9000");
	expect_deciphers(card);
	/* It deciphers, and signs nothing. */
	expect_sw(card, "0088400320" VC_HASH "00", 0x6A80);
	expect_sw(card, "0088410303 414243 00", 0x6A80);
}

/* GM/T 0009 has the scalar alone; usage and opening key may be said. */
static void test_other_forms(void **state)
{
	static const struct envelope rows[] = {
		{ .scalar = SM2_D },
		{ .head = "840103 800121 950102" },
		{ .head = "830101 840103 800121" },
		{ .head = "800121 840103 950102 830101", .scalar = SM2_D },
	};
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(put(card, &rows[i]), 0x9000);
		expect_deciphers(card);
		expect_sw(card, "00DB3FFF06 7F4803 840103", 0x9000);
	}
}

/* A further key that signs opens one as well. */
static void test_other_opener(void **state)
{
	struct vc_card *card = *state;
	struct envelope e = { .head = "830104 840103 800121",
		.seal_to = SM2_POINT,
		.point = NULL };

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(
	    card, "00DB3FFF2E 7F482B 840104 800121 950101 8820" SM2_D, 0x9000);
	assert_int_equal(put(card, &e), 0x9000);
	expect_deciphers(card);
	/* One that deciphers only does not: it may be a centre's itself. */
	expect_sw(
	    card, "00DB3FFF2E 7F482B 840104 800121 950102 8820" SM2_D, 0x9000);
	assert_int_equal(put(card, &e), 0x6A80);
}

/* --- refusals ----------------------------------------------------------------
 */

static const struct {
	struct envelope e;
	unsigned sw;
} refused[] = {
	/* for another card, another SM4 key, another scalar or point */
	{ { .seal_to = SM2_POINT }, 0x6A80 },
	{ { .sm4 = "0123456789ABCDEFFEDCBA9876543211" }, 0x6A80 },
	{ { .scalar = ZERO32 SM2_OTHER }, 0x6A80 },
	{ { .scalar = SM2_OTHER }, 0x6A80 },
	{ { .point = SM2_C1 }, 0x6A80 },
	{ { .scalar = ZERO32 SM2_ORDER_1 }, 0x6A80 },
	{ { .scalar = ZERO32 ZERO32 }, 0x6A80 },
	{ { .scalar = SM2_D SM2_D }, 0x6A80 }, /* no zeros before it */
	/* lengths */
	{ { .scalar = "00000000000000000000000000000000" SM2_D }, 0x6A80 },
	{ { .scalar = ZERO32 ZERO32 SM2_D }, 0x6A80 },
	{ { .sm4 = SM4_KEY "00" }, 0x6A80 },
	{ { .sm4 = "0123456789ABCDEF" }, 0x6A80 },
	{ { .point = SM2_D }, 0x6A80 },
	/* cipher text: empty, C3 of another, a point off the curve */
	{ { .wrapped = "" }, 0x6A80 },
	{ { .wrapped = SM2_C1 SM2_C3 SM4_KEY }, 0x6A80 },
	{ { .wrapped = "04" VC_HASH VC_HASH SM2_C3 SM4_KEY }, 0x6A80 },
	/* type, usage, references */
	{ { .head = "840103 800111" }, 0x6A80 },
	{ { .head = "840103 800199" }, 0x6A80 },
	{ { .head = "840103" }, 0x6A80 },
	{ { .head = "840103 800121 950101" }, 0x6A80 },
	{ { .head = "840103 800121 950103" }, 0x6A80 },
	{ { .head = "840101 800121" }, 0x6A88 },
	{ { .head = "840102 800121" }, 0x6A88 },
	{ { .head = "840110 800121" }, 0x6A88 },
	{ { .head = "830102 840103 800121" }, 0x6A88 }, /* key 02 never */
	{ { .head = "830100 840103 800121" }, 0x6A88 },
	{ { .head = "830105 840103 800121" }, 0x6A88 },
	{ { .head = "830110 840103 800121" }, 0x6A88 },
	{ { .head = "830103 840103 800121" }, 0x6A80 }, /* itself */
	{ { .head = "83020101 840103 800121" }, 0x6A80 },
	/* numbers beside it, something twice or unknown */
	{ { .more = "8820" SM2_D }, 0x6A80 },
	{ { .more = "830101 830101" }, 0x6A80 },
	{ { .more = "8641" SM2_POINT }, 0x6A80 },
	{ { .more = "990101" }, 0x6A80 },
};

static void test_refusals_leave_nothing(void **state)
{
	struct vc_card *card = *state;
	uint8_t storage[256];
	uk_buf before = UK_BUF(storage);

	expect_sw(card, VC_LOGIN, 0x9000);
	uk_put(&before, answer_of(card, "00CA010100"));
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		unsigned sw = put(card, &refused[i].e);

		if (sw != refused[i].sw)
			fail_msg("row %zu: %04X", i, sw);
		expect_sw(card, READ_PUBLIC, 0x6A88);
	}
	expect_bytes(answer_of(card, "00CA010100"), uk_buf_view(&before));
	/* And what was there stays. */
	assert_int_equal(put(card, &usual), 0x9000);
	assert_int_equal(put(card, &refused[0].e), 0x6A80);
	expect_deciphers(card);
}

static void test_who_may(void **state)
{
	struct vc_card *card = *state;

	assert_int_equal(put(card, &usual), 0x6982);
	assert_int_equal(put(card, &refused[0].e), 0x6982); /* not opened */
	expect_sw(card, VC_CONSENT, 0x9000);
	assert_int_equal(put(card, &usual), 0x6982);
	/* The officer makes keys, but key 01 is not the officer's. */
	expect_sw(card, "00200083" VC_PUK, 0x9000);
	assert_int_equal(put(card, &usual), 0x6982);
	expect_sw(card, VC_LOGIN, 0x9000);
	assert_int_equal(put(card, &usual), 0x9000);
}

static void test_creation_state(void **state)
{
	struct vc_card *card = card_in_creation(NULL, 0x21, false);

	(void)state;
	assert_int_equal(put(card, &usual), 0x9000);
	expect_apdu(card, READ_PUBLIC, "7F49438641" SM2_POINT "9000");
	vc_card_close(&card);
}

static void test_card_without_sm2(void **state)
{
	struct vc_card *card = card_in_use(NULL, 0x11, false);
	const struct envelope e = { .seal_to = SM2_POINT };

	(void)state;
	expect_sw(card, VC_LOGIN, 0x9000);
	assert_int_equal(put(card, &e), 0x6A80); /* key 01 is P-256 */
	vc_card_close(&card);
}

/* --- what fails underneath ---------------------------------------------------
 */

static void test_out_of_memory(void **state)
{
	struct vc_card *card = *state;
	unsigned nth = 1;
	unsigned sw;

	expect_sw(card, VC_LOGIN, 0x9000);
	for (bool touched = true; touched; nth++) {
		uk_bytes command = command_of(card, &usual);
		long live = uk_mem_live();

		uk_mem_fail_nth(nth);
		sw = sw_of(vc_card_transmit(card, command));
		touched = uk_mem_calls() >= nth;
		uk_mem_fail_nth(0);
		assert_int_equal(sw, touched ? 0x6581 : 0x9000);
		if (touched) {
			assert_int_equal(uk_mem_live(), live);
			expect_sw(card, READ_PUBLIC, 0x6A88);
		}
	}
	assert_true(nth > 3);
	expect_deciphers(card);
}

static void test_failed_write(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	vc_store_fail_nth(1);
	assert_int_equal(put(card, &usual), 0x6581);
	vc_store_fail_nth(0);
	expect_sw(card, READ_PUBLIC, 0x6A88);
	assert_int_equal(put(card, &usual), 0x9000);
	expect_deciphers(card);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, vc_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_import),
		TEST(test_other_forms),
		TEST(test_other_opener),
		TEST(test_refusals_leave_nothing),
		TEST(test_who_may),
		cmocka_unit_test(test_creation_state),
		cmocka_unit_test(test_card_without_sm2),
		TEST(test_out_of_memory),
		TEST(test_failed_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
