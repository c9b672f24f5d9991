/* Keys and cryptograms of payment cards. Published values: the tests of pyemv
 * (github.com/knovichikhin/pyemv), named beside them; all others were computed
 * by tests/system/emv_bank.py, which has its own ciphers and is checked with
 * the same published values. */
#include "issuer.h"

#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "fixtures.h"

#define IMK "0123456789ABCDEFFEDCBA9876543210"

static const struct {
	enum bank_scheme scheme;
	const char *pan;
	uint8_t sequence;
	const char *key;
} keys[] = {
	{ BANK_SCHEME_PBOC, "6222021234567890", 1,
	    "922634640B9DEA7383F180FE1968AB38" },
	{ BANK_SCHEME_PBOC_SM4, "6222021234567890", 1,
	    "A87EB268025440E97FB1B379DE8B215A" },
	/* option B; a short one */
	{ BANK_SCHEME_CSK, "6222021234567890123", 7,
	    "D676BCEA0279FEBFCBC7EC3D6B4FDC19" },
	{ BANK_SCHEME_CSK, "622202123456", 99,
	    "61EA1C43768AFD20C1BC04EAB0C243E3" },
};

static void card_keys(void **state)
{
	uint8_t key[BANK_CARD_KEY], room[8];
	uk_buf check = UK_BUF(room);

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		expect_ok(bank_card_key(crypto, keys[i].scheme, hex(IMK),
		    uk_view_str(keys[i].pan), keys[i].sequence, key));
		expect_bytes(UK_ARRAY(key), hex(keys[i].key));
	}
	/* pyemv: only the check value of this one is published */
	expect_ok(bank_card_key(crypto, BANK_SCHEME_CSK, hex(IMK),
	    uk_view_str("9901234567890123"), 45, key));
	expect_ok(uk_cipher_block(crypto, UK_CIPHER_3DES, true, UK_ARRAY(key),
	    hex("0000000000000000"), &check));
	expect_bytes(uk_bytes_first(uk_buf_view(&check), 2), hex("1DA5"));
	expect_code(bank_card_key(crypto, BANK_SCHEME_CSK, hex("00"),
			uk_view_str("9901234567890123"), 45, key),
	    UK_ERR_ARGUMENT);
	expect_code(bank_card_key(crypto, BANK_SCHEME_COUNT, hex(IMK),
			uk_view_str("9901234567890123"), 45, key),
	    UK_ERR_ARGUMENT);
}

/* The 37 bytes that docs/virtual-card.md says a cryptogram is of. */
#define DATA                                                                   \
	"0000000001000000000000000156000000000001562401010012345678"           \
	"7C00001C03A0B802"

static const struct {
	enum bank_scheme scheme;
	const char *card_key, *session_key, *ac, *arpc;
} transactions[] = {
	/* pyemv: the session key; the rest by emv_bank.py */
	{ BANK_SCHEME_CSK, IMK, "E9FB384AF807B940FEDCEA613461B0C4",
	    "03C0723F6166D7A4", "F3CC4AA9729FACDB" },
	{ BANK_SCHEME_PBOC, "922634640B9DEA7383F180FE1968AB38",
	    "3B9276CBF87992D90BB6A464087C23C8", "DE1C547EFACDA102",
	    "15ED4F4CB6CB75E0" },
	{ BANK_SCHEME_PBOC_SM4, "A87EB268025440E97FB1B379DE8B215A",
	    "C4B82EAC2C7D17DA1BF0F89CA3A56C9D", "BAC7BC9F65F5B147",
	    "B7D992AEDCA27D2F" },
};

static void sessions(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t key[BANK_CARD_KEY], ac[BANK_AC], arpc[BANK_AC];
		enum bank_scheme s = transactions[i].scheme;

		expect_ok(bank_session_key(
		    crypto, s, hex(transactions[i].card_key), 0x1c, key));
		expect_bytes(UK_ARRAY(key), hex(transactions[i].session_key));
		expect_ok(
		    bank_cryptogram(crypto, s, UK_ARRAY(key), hex(DATA), ac));
		expect_bytes(UK_ARRAY(ac), hex(transactions[i].ac));
		expect_ok(bank_arpc_1(
		    crypto, s, UK_ARRAY(key), UK_ARRAY(ac), hex("3030"), arpc));
		expect_bytes(UK_ARRAY(arpc), hex(transactions[i].arpc));
	}
}

/* pyemv, README: cryptogram and both answers; the first with the card's key. */
static void published(void **state)
{
	static const char card[] = "F84315C7B95BD3B0C74694922C3808B0",
			  session[] = "3F736BF9D27664348A04E2ABE10DEEC0";
	uint8_t ac[BANK_AC], one[BANK_AC], two[BANK_ARPC_2];

	(void)state;
	expect_ok(bank_cryptogram(crypto, BANK_SCHEME_CSK, hex(session),
	    hex("0123456789ABCDEF0123456789ABCDEF"), ac));
	expect_bytes(UK_ARRAY(ac), hex("4B46013359B7A58B"));
	expect_ok(bank_arpc_1(crypto, BANK_SCHEME_CSK, hex(card), UK_ARRAY(ac),
	    hex("0000"), one));
	expect_bytes(UK_ARRAY(one), hex("F8C9CECAABD55AD1"));
	expect_ok(bank_arpc_2(crypto, BANK_SCHEME_CSK, hex(session),
	    UK_ARRAY(ac), hex("00000000"), UK_NONE, two));
	expect_bytes(UK_ARRAY(two), hex("7DFB1188"));
	expect_ok(bank_arpc_2(crypto, BANK_SCHEME_CSK, hex(session),
	    UK_ARRAY(ac), hex("00000000"), hex("1234567890ABCDEF"), two));
	expect_bytes(UK_ARRAY(two), hex("4962B76C"));
	expect_code(bank_arpc_2(crypto, BANK_SCHEME_CSK, hex(session),
			UK_ARRAY(ac), hex("000000"), UK_NONE, two),
	    UK_ERR_ARGUMENT);
	expect_code(bank_arpc_1(crypto, BANK_SCHEME_CSK, hex(card),
			UK_ARRAY(ac), hex("00"), one),
	    UK_ERR_ARGUMENT);
}

/* The objects of one payment, and DATA of them. */
#define OBJECTS                                                                \
	"9F0206000000000100 9F0306000000000000 9F1A020156 95050000000000"      \
	"5F2A020156 9A03240101 9C0100 9F370412345678 82027C00 9F3602001C"

static void what_is_signed(void **state)
{
	struct uk_emv_set s = { .count = 0 };
	uint8_t room[BANK_SIGNED_MAX];
	uk_buf b = UK_BUF(room);

	(void)state;
	expect_ok(uk_emv_collect(&s, hex(OBJECTS "9F1008 07010103A0B80201")));
	expect_ok(bank_signed_data(&s, &b));
	expect_bytes(uk_buf_view(&b), hex(DATA));
	s = (struct uk_emv_set){ .count = 0 };
	expect_ok(uk_emv_collect(&s, hex(OBJECTS "9F100607010103A0B8")));
	expect_code(bank_signed_data(&s, &b), UK_ERR_FORMAT);
	s = (struct uk_emv_set){ .count = 0 };
	expect_ok(uk_emv_collect(&s, hex("9F02050000000001")));
	expect_code(bank_signed_data(&s, &b), UK_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_keys),
		cmocka_unit_test(sessions),
		cmocka_unit_test(published),
		cmocka_unit_test(what_is_signed),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
