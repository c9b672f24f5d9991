/*
 * The classes of bugs that other middleware for cards has had, by the names
 * under which they became known: one test for each, for every driver that could
 * have it. The answers are made by hand.
 *
 * What stands in files and certificates is test_hostile_files. Others stand
 * with what they are about: key history URL (CVE-2026-40510, test_piv_card),
 * TokenInfo, PIN entries and file lengths (CVE-2021-42778, -42782,
 * CVE-2020-26570, test_p15_card), empty PIN and generated keys (CVE-2023-40660,
 * CVE-2024-8443, test_piv_use; broken_keys of test_p15_make,
 * half_a_public_key_is_refused of test_ukey_card), enrolment (CVE-2023-40661,
 * test_hostile_bounds), padding oracles (CVE-2023-5992, test_p11_cipher).
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "p15/p15_driver.h"
#include "piv_script.h"

#include <stdio.h>
#include <string.h>

/* --- the channel ---------------------------------------------------------- */

/* CVE-2025-49010: pieces longer than GET RESPONSE asked for, and longer than
 * there is room for. */
static void cve_2025_49010_get_response(void **state)
{
	static const struct {
		const char *first, *second;
	} rows[] = {
		{ "AAAA 6102", "BBBBBBBBBB 9000" },
		{ "AAAA 6102", "BBBBBB 6102" },
		{ "AAAAAAAAAA 9000", NULL },
		{ "6105", "BBBBBBBBBB 9000" },
		{ "AAAAAAAA 6100", "BB 9000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct script_step steps[] = {
			{ NULL, rows[i].first, UK_OK },
			{ NULL, rows[i].second, UK_OK },
		};
		uk_link *link = SCRIPT(steps);
		uk_cmd read = { .ins = 0xb0, .le = 4 };
		uint8_t room[64];
		uk_buf out = uk_buf_over(room, 4);
		uk_channel *ch;
		uint16_t sw;

		memset(room, 0x5a, sizeof(room));
		expect_ok(uk_channel_open(&link, &ch));
		expect_code(uk_channel_transmit(ch, &read, &out, &sw),
		    UK_ERR_TOO_SMALL);
		assert_int_equal(out.len, 0);
		for (size_t at = 4; at < sizeof(room); at++)
			assert_int_equal(room[at], 0x5a);
		uk_channel_close(&ch, UK_LEAVE_CARD);
	}
}

/* --- answers that are too short, too long, or no -------------------------- */

static const uint8_t hash[32] = { 1 };
static const uk_object piv_ec = {
	.kind = UK_OBJ_PRIVATE_KEY, .key_type = UK_KEY_P256, .key_bits = 256
};
static const uk_object piv_rsa = {
	.kind = UK_OBJ_PRIVATE_KEY, .key_type = UK_KEY_RSA, .key_bits = 1024
};
static const uk_object p15_rsa = { .kind = UK_OBJ_PRIVATE_KEY,
	.key_type = UK_KEY_RSA,
	.key_bits = 2048,
	.ref = 0x501500 };

static uk_err sign_into(uk_card *c, const uk_object *key, uk_buf *out)
{
	struct uk_sign_request r = { key,
		key->key_type == UK_KEY_RSA ? UK_SIG_PKCS1 : UK_SIG_ECDSA,
		UK_HASH_SHA256, UK_ARRAY(hash) };

	return uk_card_sign(c, &r, out);
}

static uk_err sign_ukey(uk_card *c, uk_buf *out)
{
	return sign_into(c, &key_1, out);
}

static uk_err sign_piv(uk_card *c, uk_buf *out)
{
	return sign_into(c, &piv_ec, out);
}

static uk_err sign_p15(uk_card *c, uk_buf *out)
{
	return sign_into(c, &p15_rsa, out);
}

static uk_err challenge(uk_card *c, uk_buf *out)
{
	uint8_t made[8];
	uk_err err = uk_card_challenge(c, made, sizeof(made));

	if (uk_is_ok(err))
		uk_put(out, UK_ARRAY(made));
	return err;
}

static uk_err derive_ukey(uk_card *c, uk_buf *out)
{
	static const uk_object key = { .kind = UK_OBJ_PRIVATE_KEY,
		.key_type = UK_KEY_P256,
		.key_bits = 256,
		.usage = UK_USE_DERIVE,
		.ref = 4 };
	static const uint8_t point[65] = { 0x04 };

	return uk_card_decipher(
	    c, &key, UK_DECIPHER_ECDH, UK_ARRAY(point), out);
}

static uk_err decipher_piv(uk_card *c, uk_buf *out)
{
	static const uint8_t in[128] = { 0 };

	return uk_card_decipher(
	    c, &piv_rsa, UK_DECIPHER_RSA, UK_ARRAY(in), out);
}

static uk_err public_ukey(uk_card *c, uk_buf *out)
{
	uk_public_key k;
	uk_err err = uk_card_read_public(c, &key_2, &k);

	if (uk_is_ok(err))
		uk_put(out, uk_view(k.point, k.point_len));
	return err;
}

#define OPEN_UKEY                                                              \
	{                                                                      \
		SELECT_UKEY, FCI_GOOD, UK_OK                                   \
	}
#define OPEN_ISO                                                               \
	{ "00A40000 02 5032 00", "6A82", UK_OK },                              \
	{                                                                      \
		"00CA0101 00", "0100 2F 9000", UK_OK                           \
	}
static const struct script_step to_ukey[] = { OPEN_UKEY };
static const struct script_step to_piv[] = { PIV_OPEN };
static const struct script_step to_iso[] = { OPEN_ISO };

#define FILL128 TEN16("5A5A5A5A5A5A5A5A")

/* What the card says in the end, and how many commands it agrees to before. */
static const struct answer_row {
	const char *name;
	const struct script_step *opening;
	size_t opening_steps;
	bool p15;
	size_t agreed; /* bare 9000 */
	const char *answer;
	uk_err (*ask)(uk_card *c, uk_buf *out);
} answers[] = {
	{ "ukey sign", to_ukey, 1, false, 0, SIG256, sign_ukey },
	{ "ukey challenge", to_ukey, 1, false, 0, "0102030405060708",
	    challenge },
	{ "ukey derive", to_ukey, 1, false, 1, HASH32, derive_ukey },
	{ "ukey public key", to_ukey, 1, false, 0,
	    "7F4943 8641 04" HASH32 HASH32, public_ukey },
	{ "piv sign", to_piv, PIV_OPEN_COMMANDS, false, 0,
	    "7C0A 8208 3006 020101 020102", sign_piv },
	{ "piv decipher", to_piv, PIV_OPEN_COMMANDS, false, 0,
	    "7C8183 828180" FILL128, decipher_piv },
	{ "isoapplet sign", to_iso, 2, true, 1, SIG256, sign_p15 },
};

enum { ANSWERS = sizeof(answers) / sizeof(answers[0]) };

static struct desk open_row(
    const struct answer_row *row, const struct script_step *steps, size_t n)
{
	const struct uk_selected s = { UK_ARRAY(uk_isoapplet_aid), UK_NONE };
	uk_link *link;
	struct desk d = { NULL, NULL };

	if (!row->p15)
		return desk_open(steps, n);
	link = script_link(steps, n);
	expect_ok(uk_channel_open(&link, &d.ch));
	expect_ok(uk_p15_ops.open(d.ch, &s, &d.card));
	return d;
}

/* Asks with the last exchange as told; what comes out must be all or nothing.
 */
static uk_err ask_row(
    const struct answer_row *row, size_t agreed, const char *last)
{
	struct script_step steps[16];
	size_t n = 0;
	uint8_t room[2 * UK_SIGNATURE_MAX];
	uk_buf out = uk_buf_over(room, UK_SIGNATURE_MAX);
	struct desk d;
	uk_err err;

	for (; n < row->opening_steps; n++)
		steps[n] = row->opening[n];
	for (size_t i = 0; i < agreed; i++)
		steps[n++] = (struct script_step){ NULL, "9000", UK_OK };
	steps[n++] = (struct script_step){ NULL, last, UK_OK };
	memset(room, 0x77, sizeof(room));
	d = open_row(row, steps, n);
	err = row->ask(d.card, &out);
	assert_true(uk_is_ok(err) || out.len == 0);
	for (size_t i = UK_SIGNATURE_MAX; i < sizeof(room); i++)
		assert_int_equal(room[i], 0x77);
	desk_close(&d);
	return err;
}

static const char *with_sw(uk_bytes v, const char *sw)
{
	static char text[4096];
	size_t at = 0;

	for (size_t i = 0; i < v.n; i++)
		at += (size_t)snprintf(
		    &text[at], sizeof(text) - at, "%02X", v.p[i]);
	snprintf(&text[at], sizeof(text) - at, "%s", sw);
	return text;
}

/* CVE-2024-45615 to -45620, CVE-2025-13763: 9000 with fewer bytes than the
 * answer has. The whole answer is good, no beginning of it is. */
static void cve_2024_45615_short_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ANSWERS; i++) {
		const struct answer_row *row = &answers[i];
		uk_bytes whole = hex(row->answer);
		uk_err err;

		err = ask_row(row, row->agreed, with_sw(whole, "9000"));
		if (!uk_is_ok(err))
			fail_msg("%s: %s", row->name, uk_err_text(err));
		for (size_t n = 0; n < whole.n; n++) {
			whole = hex(row->answer);
			err = ask_row(row, row->agreed,
			    with_sw(uk_bytes_first(whole, n), "9000"));
			if (uk_is_ok(err))
				fail_msg("%s: %zu bytes pass", row->name, n);
		}
	}
}

/* The same with a key whose directory entry says a length that no key has:
 * there is no number of bytes that would be right. */
static void keys_of_impossible_lengths(void **state)
{
	static const unsigned bits[] = { 0, 1, 7, 512, 4104, 0x10000,
		0xfffffff9, 0xffffffff };
	static const struct script_step steps[] = { OPEN_ISO,
		{ NULL, "9000", UK_OK }, { NULL, "9000", UK_OK } };

	(void)state;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		uk_object key = p15_rsa;
		struct uk_sign_request r = { &key, UK_SIG_PSS, UK_HASH_SHA256,
			UK_ARRAY(hash) };
		uint8_t room[UK_SIGNATURE_MAX];
		uk_buf sig = UK_BUF(room);
		struct desk d = open_row(&answers[ANSWERS - 1], steps, 4);

		key.key_bits = bits[i];
		assert_false(uk_is_ok(uk_card_sign(d.card, &r, &sig)));
		r.scheme = UK_SIG_PKCS1;
		assert_false(uk_is_ok(uk_card_sign(d.card, &r, &sig)));
		assert_int_equal(sig.len, 0);
		desk_close(&d);
	}
}

/* CVE-2024-45617 and kin: a refusal is a refusal, wherever it comes, even with
 * the answer beside it. */
static void cve_2024_45617_refusals(void **state)
{
	static const char *const words[] = { "6300", "63C2", "6400", "6581",
		"6700", "6982", "6985", "6A80", "6A88", "6B00", "6D00", "6F00",
		"9F00", "9100", "6001" };

	(void)state;
	for (size_t i = 0; i < ANSWERS * sizeof(words) / sizeof(words[0]);
	     i++) {
		const struct answer_row *row = &answers[i % ANSWERS];
		const char *sw = words[i / ANSWERS];
		uk_err err = ask_row(
		    row, row->agreed, with_sw(hex(row->answer), sw));

		assert_false(uk_is_ok(err));
		assert_false(uk_is(err, UK_ERR_PIN_WRONG));
		if (row->agreed > 0)
			assert_false(uk_is_ok(ask_row(row, 0, sw)));
	}
}

/* CVE-2020-26571, -26572 and kin: more than was asked for, in one piece. */
static void cve_2020_26572_long_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ANSWERS; i++) {
		const struct answer_row *row = &answers[i];
		char text[2100];
		size_t n;

		n = (size_t)snprintf(text, sizeof(text), "%s", row->answer);
		while (n < 2 * 800)
			n += (size_t)snprintf(&text[n], sizeof(text) - n, "5A");
		snprintf(&text[n], sizeof(text) - n, "9000");
		assert_false(uk_is_ok(ask_row(row, row->agreed, text)));
		/* ... and by one byte */
		snprintf(text, sizeof(text), "%s5A9000", row->answer);
		assert_false(uk_is_ok(ask_row(row, row->agreed, text)));
	}
}

/* The same for what is well-formed, and longer or shorter than the key is. */
static void cve_2020_26572_wrong_lengths_inside(void **state)
{
	static const struct {
		size_t row; /* of answers */
		const char *answer;
	} wrong[] = {
		{ 3, "7F4942 8640 04" HASH32 "000102030405060708090A0B0C0D0E0F"
		     "101112131415161718191A1B1C1D1E 9000" },
		{ 3, "7F4944 8642 04" HASH32 HASH32 "00 9000" },
		{ 4, "7C2A 8228 3026 0221 01" HASH32 "020101 9000" },
		{ 5, "7C02 8200 9000" },
		{ 5, "7C03 8201 5A 9000" },
		{ 5, "7C8184 828181 5A" FILL128 "9000" },
		{ 5, "7C8183 838180" FILL128 "9000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct answer_row *row = &answers[wrong[i].row];

		if (uk_is_ok(ask_row(row, row->agreed, wrong[i].answer)))
			fail_msg("%s: %s", row->name, wrong[i].answer);
	}
}

/* --- PINs ----------------------------------------------------------------- */

/* CVE-2023-40660: an empty PIN reaches no card, on no way. (With some cards
 * VERIFY without data asks whether somebody is logged in, and "yes" was taken
 * for a login.) */
static void cve_2023_40660_empty_pin(void **state)
{
	static const uk_pin empty = { 0, { 0 } }, good = { 6, "123456" };

	(void)state;
	for (size_t i = 0; i < ANSWERS; i++) {
		const struct answer_row *row = &answers[i];
		struct desk d = open_row(row, row->opening, row->opening_steps);
		size_t before = script_log.commands;

		for (int ref = UK_PIN_USER; ref <= UK_PIN_SO; ref++)
			assert_false(uk_is_ok(uk_card_verify(
			    d.card, (enum uk_pin_ref)ref, &empty)));
		assert_false(uk_is_ok(
		    uk_card_change_pin(d.card, UK_PIN_USER, &empty, &good)));
		assert_false(uk_is_ok(
		    uk_card_change_pin(d.card, UK_PIN_USER, &good, &empty)));
		assert_false(uk_is_ok(uk_card_unblock(d.card, &good, &empty)));
		assert_int_equal(script_log.commands, before);
		desk_close(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cve_2025_49010_get_response),
		cmocka_unit_test(cve_2024_45615_short_answers),
		cmocka_unit_test(keys_of_impossible_lengths),
		cmocka_unit_test(cve_2024_45617_refusals),
		cmocka_unit_test(cve_2020_26572_long_answers),
		cmocka_unit_test(cve_2020_26572_wrong_lengths_inside),
		cmocka_unit_test(cve_2023_40660_empty_pin),
	};

	return cmocka_run_group_tests_name("hostile_card", tests, NULL, NULL);
}
