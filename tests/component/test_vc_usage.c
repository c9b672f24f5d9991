/* Further keys 03 to 0F and what they may be used for: profile section 4. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "tlv.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* GENERATE with a usage byte: type, reference, usage as two hex digits each. */
#define MAKE(type, ref, usage)                                                 \
	"0046000000000BAC098001" type "8401" ref "9501" usage "0000"
#define SIGN(alg, ref) "0088" alg ref "20" VC_HASH "00"

static void test_which_usage_goes_with_which_type(void **state)
{
	static const struct {
		const char *command;
		unsigned sw;
	} rows[] = {
		{ MAKE("11", "03", "01"), 0x9000 },
		{ MAKE("11", "03", "04"), 0x9000 },
		{ MAKE("11", "03", "05"), 0x9000 },
		{ MAKE("11", "03", "00"), 0x6A80 },
		{ MAKE("11", "03", "02"), 0x6A80 },
		{ MAKE("11", "03", "08"), 0x6A80 },
		{ MAKE("11", "03", "10"), 0x6A80 },
		{ MAKE("12", "03", "05"), 0x9000 },
		{ MAKE("13", "03", "04"), 0x9000 },
		{ MAKE("21", "03", "03"), 0x9000 },
		{ MAKE("21", "03", "04"), 0x6A80 },
		{ MAKE("21", "03", "08"), 0x6A80 },
		{ MAKE("01", "03", "04"), 0x6A80 },
		{ MAKE("01", "03", "1B"), 0x6A80 },
		/* keys 01 and 02 have no choice */
		{ MAKE("11", "01", "01"), 0x9000 },
		{ MAKE("11", "02", "01"), 0x9000 },
		{ MAKE("11", "01", "05"), 0x6A80 },
		{ MAKE("11", "02", "04"), 0x6A80 },
		/* two bytes of usage */
		{ "0046000000000CAC0A8001118401039502010400", 0x6700 },
		{ "0046000000000CAC0A800111840103950201040000", 0x6A80 },
	};
	struct vc_card *card = *state;

	expect_sw(card, "00200083" VC_PUK, 0x9000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_sw(card, rows[i].command, rows[i].sw);
}

static void test_usage_rules_signing(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, MAKE("11", "03", "04"), 0x9000);
	expect_sw(card, SIGN("30", "03"), 0x6A80);
	expect_sw(card, "002241A406800130840103", 0x6A88);
	expect_sw(card, MAKE("11", "0F", "05"), 0x9000);
	expect_sw(card, SIGN("30", "0F"), 0x9000);
	expect_sw(card, "002241A40680013084010F", 0x9000);
	expect_sw(card, "0088000020" VC_HASH "00", 0x9000);
	/* A failed GENERATE leaves key and usage as they were. */
	expect_sw(card, MAKE("11", "0F", "02"), 0x6A80);
	vc_store_fail_nth(1);
	expect_sw(card, MAKE("11", "0F", "04"), 0x6581);
	vc_store_fail_nth(0);
	expect_sw(card, SIGN("30", "0F"), 0x9000);
	/* A new key without the byte signs only. */
	expect_sw(card, "00460000000008AC068001118401030000", 0x9000);
	expect_sw(card, SIGN("30", "03"), 0x9000);
	/* The order: key, algorithm, input, login. */
	expect_sw(card, MAKE("21", "04", "02"), 0x9000);
	expect_sw(card, "0020FF81", 0x9000);
	expect_sw(card, SIGN("30", "05"), 0x6A88);
	expect_sw(card, SIGN("40", "04"), 0x6A80);
	expect_sw(card, "0088300F03AABBCC00", 0x6A80);
	expect_sw(card, SIGN("30", "0F"), 0x6982);
}

static void test_creation_state_opens_no_further_key(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, MAKE("11", "03", "05"), 0x9000);
	expect_sw(card, SIGN("30", "01"), 0x9000);
	expect_sw(card, SIGN("30", "03"), 0x6982);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, SIGN("30", "03"), 0x9000);
}

/* --- cards made before there was a usage byte -----------------------------
 */

/* The file of vc_nv.h as version 1 had it: no usage objects (01 01 01 xx). */
static void make_old(const char *path)
{
	static uint8_t content[65536], older[65536];
	uk_buf out = UK_BUF(older);
	FILE *f = fopen(path, "r+");
	uk_bytes card, name;
	uk_reader r;
	uk_tlv t;
	size_t at;

	assert_non_null(f);
	expect_ok(
	    uk_tlv_only(uk_view(content, fread(content, 1, sizeof(content), f)),
		0xe0, &card));
	at = uk_tlv_begin(&out, 0xe0);
	r = uk_read(card);
	UK_TLV_EACH (r, t) {
		if (t.tag == 0x80)
			uk_put_tlv_u8(&out, 0x80, 0x01);
		else if (uk_tlv_find(t.value, 0x81, &name) &&
			 !uk_bytes_eq(uk_bytes_first(name, 3), hex("010101")))
			uk_put(&out, t.whole);
	}
	uk_tlv_end(&out, at);
	rewind(f);
	assert_int_equal(fwrite(older, 1, out.len, f), out.len);
	assert_int_equal(ftruncate(fileno(f), (off_t)out.len), 0);
	assert_int_equal(fclose(f), 0);
}

static void test_older_card(void **state)
{
	char path[] = "/tmp/vc_usage_XXXXXX", lock[64];
	struct vc_card *card;

	(void)state;
	assert_int_equal(close(mkstemp(path)), 0);
	assert_int_equal(unlink(path), 0);
	card = card_in_use(path, 0x11, false);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, MAKE("11", "03", "05"), 0x9000);
	vc_card_close(&card);
	make_old(path);
	expect_ok(vc_apps_open(path, VC_STORE_WRITE, &card));
	expect_sw(card, VC_SELECT, 0x9000);
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, SIGN("30", "01"), 0x9000);
	expect_sw(card, SIGN("30", "03"), 0x9000);
	vc_card_close(&card);
	expect_ok(vc_apps_open(path, VC_STORE_WRITE, &card));
	vc_card_close(&card);
	(void)snprintf(lock, sizeof(lock), "%s.lock", path);
	(void)unlink(lock);
	(void)unlink(path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, vc_set_up, vc_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_which_usage_goes_with_which_type),
		TEST(test_usage_rules_signing),
		cmocka_unit_test_setup_teardown(
		    test_creation_state_opens_no_further_key,
		    vc_set_up_creation, vc_tear_down),
		cmocka_unit_test(test_older_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
