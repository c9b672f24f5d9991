/* One key for each transaction. Values: "Supplement to ANSI X9.24-3-2017, Test
 * Vectors" 2.2 and 2.3, and ANSI X9.24-1:2009, A.4. */
#include "cmocka_all.h"
#include "crypto_fixture.h"
#include "dukpt.h"
#include "fixtures.h"
#include "secret.h"

/* --- AES ------------------------------------------------------------------ */

#define ID      "1234567890123456"
#define INITIAL "1273671EA26AC29AFA4D1084127652A1"

static void initial_key(void **state)
{
	uint8_t key[UK_DUKPT_KEY];

	(void)state;
	expect_ok(uk_dukpt_initial(
	    crypto, hex("FEDCBA9876543210F1F1F1F1F1F1F1F1"), hex(ID), key));
	expect_bytes(UK_ARRAY(key), hex(INITIAL));
	expect_code(uk_dukpt_initial(crypto, hex("FEDC"), hex(ID), key),
	    UK_ERR_ARGUMENT);
	expect_code(
	    uk_dukpt_initial(crypto, hex("FEDCBA9876543210F1F1F1F1F1F1F1F1"),
		hex("1234"), key),
	    UK_ERR_ARGUMENT);
}

static const struct {
	const char *counter, *pin, *mac, *data;
} banks[] = {
	{ "00000001", "AF8CB133A78F8DC2D1359F18527593FB",
	    "A2DC23DE6FDE0824A2BC321E08E4B8B7",
	    "A35C412EFD41FDB98B69797C02DCD08F" },
	{ "00000008", "4D9DF3FBEE3448FC3E676D04320A90F5",
	    "6FD572E5D59E618875F193484F9178FB",
	    "650F34204ABD4E57764D61AC3D266FB1" },
	{ "00000003", "7D69F01F3B45449F62C7816ECE723268", NULL, NULL },
	/* 8675309: fourteen bits; from moov-io/dukpt */
	{ "00845FED", "D1DDA386AA4A556AF0119FDCB5D132C6", NULL, NULL },
};

static void banks_side(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(banks) / sizeof(banks[0]); i++) {
		struct uk_dukpt_keys k;
		uint8_t ksn[UK_DUKPT_KSN];
		uk_buf b = UK_BUF(ksn);

		uk_put(&b, hex(ID));
		uk_put(&b, hex(banks[i].counter));
		expect_ok(
		    uk_dukpt_keys(crypto, hex(INITIAL), UK_ARRAY(ksn), &k));
		expect_bytes(UK_ARRAY(k.pin), hex(banks[i].pin));
		if (banks[i].mac == NULL)
			continue;
		expect_bytes(UK_ARRAY(k.mac), hex(banks[i].mac));
		expect_bytes(UK_ARRAY(k.data), hex(banks[i].data));
	}
}

static void no_such_ksn(void **state)
{
	static const char *const bad[] = {
		"123456789012345600000000",   /* no transaction */
		"12345678901234560001FFFF",   /* seventeen bits */
		"1234567890123456000001",     /* short */
		"12345678901234560000000100", /* long */
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct uk_dukpt_keys k;

		expect_code(
		    uk_dukpt_keys(crypto, hex(INITIAL), hex(bad[i]), &k),
		    UK_ERR_FORMAT);
	}
}

/* PIN keys of the first transactions, as other people's terminals make them
 * (the fixtures of Forage's Android terminal). */
static const char *const first[] = {
	"AF8CB133A78F8DC2D1359F18527593FB",
	"D30BDC73EC9714B000BEC66BDB7B6D09",
	"7D69F01F3B45449F62C7816ECE723268",
	"91A0588318EC2673214271F70137896E",
	"35A43BC9EFEB09C756204B57E3FB7D4D",
	"02DCC6CD1201A3A2CA7099559C862123",
	"6ECF912F3B18CA11A7A27BB60705FD09",
	"4D9DF3FBEE3448FC3E676D04320A90F5",
	"B4273D0F8804829572AFF61FA2BC417F",
	"BA7CF1ABF6B4A23A16A07CDE63F3514C",
	"FBB09B064691293A3FFBA322F2C55014",
	"6743311B691A3065561BB075EB39DA2D",
	"0BAC7E46F72C543F06C7144080E2AD4B",
	"3453AA079FF413D9FF51E6055F03B664",
	"4A22D5A8B6B6C06292EAAC6A1353C369",
	"A09C63853B707708DEAB907BA778C191",
	"0C30F0D8D070B90FF25D83B6E23BC1A4",
};

static void terminals_side(void **state)
{
	struct uk_dukpt d;

	(void)state;
	expect_ok(uk_dukpt_load(crypto, &d, hex(INITIAL), hex(ID)));
	expect_bytes(
	    UK_ARRAY(d.registers[0]), hex("4F21B565BAD9835E112B6465635EAE44"));
	expect_bytes(
	    UK_ARRAY(d.registers[31]), hex("9DC56486499A2E857FDEFC4740641EA8"));
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		uint8_t ksn[UK_DUKPT_KSN];
		struct uk_dukpt_keys k;

		expect_ok(uk_dukpt_next(crypto, &d, ksn, &k));
		expect_bytes(UK_ARRAY(k.pin), hex(first[i]));
		assert_int_equal(ksn[11], i + 1);
	}
}

/* After the first: its register is empty; after the second: a new key. */
static void used_keys_are_gone(void **state)
{
	static const uint8_t nothing[UK_DUKPT_KEY];
	uint8_t ksn[UK_DUKPT_KSN];
	struct uk_dukpt_keys k;
	struct uk_dukpt d;

	(void)state;
	expect_ok(uk_dukpt_load(crypto, &d, hex(INITIAL), hex(ID)));
	expect_ok(uk_dukpt_next(crypto, &d, ksn, &k));
	expect_bytes(UK_ARRAY(d.registers[0]), UK_ARRAY(nothing));
	assert_int_equal(d.used & 1, 0);
	expect_ok(uk_dukpt_next(crypto, &d, ksn, &k));
	expect_bytes(
	    UK_ARRAY(d.registers[0]), hex("031504E530365CF81264238540518318"));
	expect_bytes(UK_ARRAY(d.registers[1]), UK_ARRAY(nothing));
}

/* Where sixteen bits are set, the next counter is not one more, and the bank
 * makes the same key; the last counter of all is the last. */
static void counters_end(void **state)
{
	uint8_t ksn[UK_DUKPT_KSN];
	struct uk_dukpt_keys at_terminal, at_bank;
	struct uk_dukpt d;

	(void)state;
	expect_ok(uk_dukpt_load(crypto, &d, hex(INITIAL), hex(ID)));
	for (uint32_t n = 1; n < 0x10003; n++) {
		expect_ok(uk_dukpt_next(crypto, &d, ksn, &at_terminal));
		if (n != 0xffff && n < 0x10000)
			continue;
		expect_ok(uk_dukpt_keys(
		    crypto, hex(INITIAL), UK_ARRAY(ksn), &at_bank));
		expect_bytes(UK_ARRAY(at_terminal.pin), UK_ARRAY(at_bank.pin));
	}
	d.counter = 0xffff0000;
	d.used |= UINT32_C(1) << 16;
	expect_ok(uk_dukpt_next(crypto, &d, ksn, &at_terminal));
	assert_int_equal(d.counter, 0);
	expect_code(
	    uk_dukpt_next(crypto, &d, ksn, &at_terminal), UK_ERR_CONDITIONS);
	d.counter = 1; /* an earlier state, whose key is gone */
	d.used &= ~UINT32_C(1);
	expect_code(
	    uk_dukpt_next(crypto, &d, ksn, &at_terminal), UK_ERR_CONDITIONS);
}

/* --- triple DES ----------------------------------------------------------- */

#define INITIAL_TDES "6AC292FAA1315B4D858AB3A3D7D5933A"

static void initial_key_tdes(void **state)
{
	uint8_t key[UK_DUKPT_KEY];

	(void)state;
	expect_ok(uk_dukpt_tdes_initial(crypto,
	    hex("0123456789ABCDEFFEDCBA9876543210"),
	    hex("FFFF9876543210E0001F"), key));
	expect_bytes(UK_ARRAY(key), hex(INITIAL_TDES));
	expect_code(uk_dukpt_tdes_initial(crypto,
			hex("0123456789ABCDEFFEDCBA9876543210"),
			hex("9876543210E00001"), key),
	    UK_ERR_ARGUMENT);
}

static const struct {
	const char *ksn, *key;
} currents[] = {
	{ "FFFF9876543210E00001", "042666B49184CFA368DE9628D0397BC9" },
	{ "FFFF9876543210E00002", "C46551CEF9FD24B0AA9AD834130D3BC7" },
	{ "FFFF9876543210E00003", "0DF3D9422ACA56E547676D07AD6BADFA" },
	{ "FFFF9876543210E00007", "0C8F780B7C8B49D0AE84A9EB2A6CE660" },
	{ "FFFF9876543210E00015", "E161D1956A61F6D2F37AFD7F9CC3699A" },
	{ "FFFF9876543210EFF800", "F9CDFEBF4F5B1D9EB3EC12454527E176" },
	{ "FFFF9876543210EFFC00", "F9430DF975082491C77BE4EF4FDB91EE" },
	{ "FFFF9876543210F00000", "AA4D58DB653EC74A48C75F2F047DD2B5" },
};

static void current_keys_tdes(void **state)
{
	uint8_t key[UK_DUKPT_KEY];

	(void)state;
	for (size_t i = 0; i < sizeof(currents) / sizeof(currents[0]); i++) {
		expect_ok(uk_dukpt_tdes_current(
		    crypto, hex(INITIAL_TDES), hex(currents[i].ksn), key));
		expect_bytes(UK_ARRAY(key), hex(currents[i].key));
	}
	expect_code(uk_dukpt_tdes_current(crypto, hex(INITIAL_TDES),
			hex("FFFF9876543210E00000"), key),
	    UK_ERR_FORMAT);
	expect_code(uk_dukpt_tdes_current(crypto, hex(INITIAL_TDES),
			hex("FFFF9876543210EFFC01"), key),
	    UK_ERR_FORMAT); /* eleven bits */
}

/* A.4.2: the track "4012345678909D987", filled with zeros. */
static void keys_tdes(void **state)
{
	struct uk_dukpt_keys k;
	uint8_t room[32];
	uk_buf out = UK_BUF(room), track;
	uint8_t text[24] = { 0 };

	(void)state;
	track = (uk_buf)UK_BUF(text);
	uk_put_str(&track, "4012345678909D987");
	expect_ok(uk_dukpt_tdes_keys(
	    crypto, hex(INITIAL_TDES), hex("FFFF9876543210E00001"), &k));
	expect_ok(uk_cipher_block(crypto, UK_CIPHER_3DES, true, UK_ARRAY(k.pin),
	    hex("041274EDCBA9876F"), &out));
	expect_bytes(uk_buf_view(&out), hex("1B9C1845EB993A7A"));
	out.len = 0;
	expect_ok(uk_cipher_cbc(crypto, UK_CIPHER_3DES, true, UK_ARRAY(k.data),
	    UK_NONE, UK_ARRAY(text), &out));
	expect_bytes(uk_buf_view(&out),
	    hex("FC0D53B7EA1FDA9EE68AAF2E70D9B9506229BE2AA993F04F"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(initial_key),
		cmocka_unit_test(banks_side),
		cmocka_unit_test(no_such_ksn),
		cmocka_unit_test(terminals_side),
		cmocka_unit_test(used_keys_are_gone),
		cmocka_unit_test(counters_end),
		cmocka_unit_test(initial_key_tdes),
		cmocka_unit_test(current_keys_tdes),
		cmocka_unit_test(keys_tdes),
	};

	return cmocka_run_group_tests(tests, open_crypto, close_crypto);
}
