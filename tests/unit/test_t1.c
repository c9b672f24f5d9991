/*
 * T=1 from the reader's side, block by block. The situations are those of
 * ISO/IEC 7816-3:2006, annex A: exchanges without error, with an erroneous
 * block in either direction, chaining, S-blocks, resynchronisation. The blocks
 * were written by hand from 11.3; their last byte is the exclusive or of the
 * others.
 */
#include "contact.h"

#include "cmocka_all.h"
#include "fixtures.h"

#include <string.h>

/* What the reader must send, and what the card then says; "": it is silent. */
struct row {
	const char *sent, *said;
};

static const struct row *script;
static uint8_t out[300], in[300];
static size_t out_n, in_n, in_at;

static bool present(void *arg)
{
	(void)arg;
	return true;
}

static void say(const char *text)
{
	uk_buf b = UK_BUF(in);

	uk_put(&b, hex(text));
	in_n = b.len;
	in_at = 0;
}

static void reset(void *arg)
{
	(void)arg;
	say("3B 80 81 31 04 45 71"); /* IFSC 4 */
}

static void off(void *arg)
{
	(void)arg;
}

static bool can(void *arg, uint8_t fi_di)
{
	(void)arg, (void)fi_di;
	return true;
}

static void use(void *arg, const struct trm_speed *s)
{
	(void)arg, (void)s;
}

static bool put(void *arg, uint8_t c)
{
	(void)arg;
	assert_true(out_n < sizeof(out));
	out[out_n++] = c;
	return true;
}

static enum trm_heard get(void *arg, uint8_t *c, uint64_t wait_us)
{
	(void)arg, (void)wait_us;
	if (out_n > 0) { /* the reader has finished its block */
		assert_non_null(script->sent);
		expect_bytes(uk_view(out, out_n), hex(script->sent));
		out_n = 0;
		say(script->said);
		script++;
	}
	if (in_at == in_n)
		return TRM_SILENCE;
	*c = in[in_at++];
	return TRM_HEARD;
}

static void complain(void *arg)
{
	(void)arg;
	fail(); /* not with T=1 */
}

static unsigned asked;

static void waiting(void *arg)
{
	(void)arg;
	asked++;
}

static const struct trm_contacts hw = { present, reset, off, can, use, put, get,
	complain, waiting };

#define IFSD                                                                   \
	{                                                                      \
		"00C101FE3E", "00E101FE1E"                                     \
	}
#define END                                                                    \
	{                                                                      \
		NULL, NULL                                                     \
	}

static struct trm_contact contact;

static uk_err play(const struct row *rows, const char *command, uk_buf *answer)
{
	uk_err err;
	uint8_t storage[TRM_ATR_CHARS];
	uk_buf atr = UK_BUF(storage);

	script = rows;
	out_n = in_n = asked = 0;
	trm_contact_init(&contact, &hw, NULL);
	expect_ok(trm_contact_power(&contact, &atr));
	err = trm_contact_transmit(&contact, hex(command), answer);
	assert_null(script->sent); /* all of it was said */
	return err;
}

static void keeps_to_the_scenarios(void **state)
{
	static const struct {
		const char *command, *answer;
		unsigned asked;
		struct row rows[12];
	} cases[] = {
		/* no error: I(0,0), I(0,0) */
		{ "00840001", "9000", 0,
		    { IFSD, { "0000040084000181", "0000029000 92" }, END } },
		/* chaining by the reader: I(0,1), R(1), I(1,0) */
		{ "008400000855", "9000", 0,
		    { IFSD, { "00200400840000A0", "00900090" },
			{ "004002 0855 1F", "0000029000 92" }, END } },
		/* chaining by the card: I(0,1), R(1), I(1,0) */
		{ "00840001", "11229000", 0,
		    { IFSD, { "0000040084000181", "002002112211" },
			{ "00900090", "0040029000D2" }, END } },
		/* the card's block is spoilt: R(0) with EDC error, again */
		{ "00840001", "9000", 0,
		    { IFSD, { "0000040084000181", "0000029001 92" },
			{ "00810081", "0000029000 92" }, END } },
		/* something follows a block that is complete and whose sum
		 * is right: it is not believed */
		{ "00840001", "9000", 0,
		    { IFSD, { "0000040084000181", "0000029000 92 00" },
			{ "00810081", "0000029000 92" }, END } },
		/* a character was lost and another one came: by chance the
		 * sum of the first three of five is right */
		{ "00840001", "9000", 0,
		    { IFSD, { "0000040084000181", "000000 00 9000 92" },
			{ "00810081", "0000029000 92" }, END } },
		/* the card is silent: R(0), other error */
		{ "00840001", "9000", 0,
		    { IFSD, { "0000040084000181", "" },
			{ "00820082", "0000029000 92" }, END } },
		/* the reader's block is spoilt: R(0), I(0,0) again */
		{ "00840001", "9000", 0,
		    { IFSD, { "0000040084000181", "00810081" },
			{ "0000040084000181", "0000029000 92" }, END } },
		/* the reader's R-block is spoilt: R(1), R(0) again */
		{ "00840001", "9000", 0,
		    { IFSD, { "0000040084000181", "0000029001 92" },
			{ "00810081", "00910091" },
			{ "00800080", "0000029000 92" }, END } },
		/* more time: S(WTX) both ways */
		{ "00840001", "9000", 1,
		    { IFSD, { "0000040084000181", "00C30102C0" },
			{ "00E30102E0", "0000029000 92" }, END } },
		/* the response is lost: R(0), the request again */
		{ "00840001", "9000", 2,
		    { IFSD, { "0000040084000181", "00C30102C0" },
			{ "00E30102E0", "" }, { "00820082", "00C30102C0" },
			{ "00E30102E0", "0000029000 92" }, END } },
		/* another IFSC within a chain: the next piece is longer */
		{ "0084000003AABBCC", "9000", 0,
		    { IFSD, { "00200400840000A0", "00C10110D0" },
			{ "00E10110F0", "00900090" },
			{ "00400403AABBCC9A", "0000029000 92" }, END } },
		/* a block that comes twice is not taken twice */
		{ "00840001", "11229000", 0,
		    { IFSD, { "0000040084000181", "002002112211" },
			{ "00900090", "002002112211" },
			{ "00920092", "0040029000D2" }, END } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t storage[32];
		uk_buf answer = UK_BUF(storage);

		expect_ok(play(cases[i].rows, cases[i].command, &answer));
		expect_bytes(uk_buf_view(&answer), hex(cases[i].answer));
		assert_int_equal(asked, cases[i].asked);
	}
}

/* After these the command's fate is not known, and it is not sent again. */
static void gives_up_cleanly(void **state)
{
	static const struct {
		bool active;
		struct row rows[12];
	} cases[] = {
		/* three in a row: S(RESYNCH), then both begin anew */
		{ true, { IFSD, { "0000040084000181", "" }, { "00820082", "" },
			    { "00820082", "" }, { "00C000C0", "00E000E0" },
			    IFSD, END } },
		/* not even that is answered, three times: deactivation */
		{ false, { IFSD, { "0000040084000181", "" }, { "00820082", "" },
			     { "00820082", "" }, { "00C000C0", "" },
			     { "00C000C0", "" }, { "00C000C0", "" }, END } },
		/* the card gives up: S(ABORT) both ways */
		{ true, { IFSD, { "0000040084000181", "00C200C2" },
			    { "00E200E2", "00900090" },
			    { "00C000C0", "00E000E0" }, IFSD, END } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t storage[32];
		uk_buf answer = UK_BUF(storage);

		assert_true(uk_is(play(cases[i].rows, "00840001", &answer),
		    UK_ERR_CARD_MUTE));
		assert_int_equal(answer.len, 0);
		assert_int_equal(contact.active, cases[i].active);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_to_the_scenarios),
		cmocka_unit_test(gives_up_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
