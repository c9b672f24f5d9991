/*
 * How a card looks to its reader, what goes wrong with it on command, and its
 * transcript, written and played. The U-key in use answers; expected bytes are
 * worked out from ISO/IEC 7816-3 and -4 and docs/virtual-card.md.
 */
#include "vc_number.h"
#include "vc_plug.h"

#include "atr.h"
#include "cmocka_all.h"
#include "fixtures.h"
#include "vcard_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SELECT "00A4040C08F0756B65792E3031"
#define TRIES  "00200081"
#define VERIFY "002000810431323334"
#define WRONG  "002000810439393939"
#define EF_DIR "61104F08F0756B65792E30315004756B6579"

struct rig {
	char folder[64], card[96], lock[128], other[96], other_lock[128];
	char log[96], rules[96], temporary[128];
	struct vc_slot_option slot;
	struct vc_plug *plug;
	enum vc_outcome outcome;
	uint8_t got[4096];
	size_t n;
	bool delivered;
};

static void make_card(const char *path)
{
	struct vc_card *card = card_in_use(path, 0x11, false);

	vc_card_close(&card);
}

static int set_up(void **state)
{
	struct rig *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return -1;
	(void)snprintf(
	    g->folder, sizeof(g->folder), "%s", "/tmp/vc_plug_XXXXXX");
	if (mkdtemp(g->folder) == NULL)
		return -1;
	(void)snprintf(g->card, sizeof(g->card), "%s/card", g->folder);
	(void)snprintf(g->lock, sizeof(g->lock), "%s.lock", g->card);
	(void)snprintf(g->temporary, sizeof(g->temporary), "%s.new", g->card);
	(void)snprintf(g->other, sizeof(g->other), "%s/other", g->folder);
	(void)snprintf(
	    g->other_lock, sizeof(g->other_lock), "%s.lock", g->other);
	(void)snprintf(g->log, sizeof(g->log), "%s/log", g->folder);
	(void)snprintf(g->rules, sizeof(g->rules), "%s/rules", g->folder);
	make_card(g->card);
	g->slot.card = g->card;
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *g = *state;
	const char *const files[] = { g->card, g->lock, g->other, g->other_lock,
		g->log, g->rules, g->temporary };

	vc_plug_close(&g->plug);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)unlink(files[i]);
	assert_int_equal(rmdir(g->folder), 0);
	free(g);
	return 0;
}

static void plug_in(struct rig *g)
{
	vc_plug_close(&g->plug);
	expect_ok(vc_plug_open(&g->slot, &g->plug));
}

static void look(struct rig *g, const char *name, const char *value)
{
	assert_true(vc_look_set(&g->slot.look, name, value));
}

static void fault(struct rig *g, const char *rule)
{
	expect_ok(vc_faults_add(&g->plug->faults, rule, g->plug->commands));
}

static void deliver(void *to, enum vc_outcome outcome, uk_bytes answer)
{
	struct rig *g = to;
	uk_buf b = UK_BUF(g->got);

	uk_put(&b, answer);
	g->n = b.len;
	g->outcome = outcome;
	g->delivered = true;
}

static enum vc_outcome command(struct rig *g, const char *text)
{
	g->delivered = false;
	vc_plug_command(g->plug, hex(text), deliver, g);
	assert_true(g->delivered);
	return g->outcome;
}

static void expect(struct rig *g, const char *text, const char *answer)
{
	assert_int_equal(command(g, text), VC_ANSWERED);
	expect_bytes(uk_view(g->got, g->n), hex(answer));
}

/* --- numbers ---------------------------------------------------------------
 */

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool good;
		int64_t fixed, per_byte;
	} rows[] = {
		{ "0", true, 0, 0 },
		{ "5ms", true, 5000000, 0 },
		{ "1.5s", true, 1500000000, 0 },
		{ "250us", true, 250000, 0 },
		{ "0.1ms/B", true, 0, 100000 },
		{ "5ms+0.1ms/B", true, 5000000, 100000 },
		{ "0+1us/B", true, 0, 1000 },
		{ "3600s", true, INT64_C(3600000000000), 0 },
		{ "", false, 0, 0 },
		{ "5", false, 0, 0 },
		{ "5 ms", false, 0, 0 },
		{ "-5ms", false, 0, 0 },
		{ "0x5ms", false, 0, 0 },
		{ "1e3ms", false, 0, 0 },
		{ "3601s", false, 0, 0 },
		{ "nan", false, 0, 0 },
		{ "inf", false, 0, 0 },
		{ "ms", false, 0, 0 },
		{ "5ms+", false, 0, 0 },
		{ "5ms+1ms", false, 0, 0 },
		{ "+1ms/B", false, 0, 0 },
		{ "/B", false, 0, 0 },
	};
	unsigned long v;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t fixed, per_byte;
		bool good = vc_delay(rows[i].text, &fixed, &per_byte);

		if (good != rows[i].good)
			fail_msg("'%s'", rows[i].text);
		if (!good)
			continue;
		assert_int_equal(fixed, rows[i].fixed);
		assert_int_equal(per_byte, rows[i].per_byte);
	}
	assert_true(vc_number("10", 10, &v) && v == 10);
	assert_false(vc_number("11", 10, &v));
	assert_false(vc_number("", 10, &v));
	assert_false(vc_number(" 1", 10, &v));
	assert_false(vc_number("1x", 10, &v));
	assert_false(
	    vc_number("99999999999999999999999", (unsigned long)-1, &v));
}

/* --- looks -----------------------------------------------------------------
 */

/* Of T=0, ISO/IEC 7816-3:2006, 12.2.1: cases 1 to 4. */
static void test_t0(void **state)
{
	struct rig *g = *state;

	look(g, "lengths", "t0");
	plug_in(g);
	expect(g, "00A4000C", "9000");          /* case 1 */
	expect(g, "00B09E0000", "6C12");        /* case 2: not 256, but 18 */
	expect(g, "00B09E0012", EF_DIR "9000"); /* again, with the right Le */
	expect(g, "00B09E0002", "61109000");    /* fewer: as many as asked */
	expect(g, "00B09E0000", "6C12");
	expect(g, "00C0000012", "6985");     /* that is not fetched */
	expect(g, "00A4000C023F00", "9000"); /* case 3, no answer */
	expect(g, "00A40004023F00", "610C"); /* case 4: 12 bytes are there */
	expect(g, "00C0000002", "620A610A"); /* two, and ten are left */
	assert_int_equal(command(g, "00C0000000"), VC_ANSWERED);
	assert_int_equal(g->n, 10 + 2);
	expect_bytes(uk_view(&g->got[10], 2), hex("9000"));
	expect(g, "00C0000000", "6985");
	expect(g, "00A40004023F00", "610C");
	expect(g, "00A4000C", "9000"); /* another command: the answer is gone */
	expect(g, "00C000000C", "6985");
	expect(g, "00A40004023F00", "610C");
	vc_plug_reset(g->plug);
	expect(g, "00C000000C", "6985");
}

static void test_lengths(void **state)
{
	static const struct {
		const char *name, *extended, *chained, *atr;
	} rows[] = {
		/* TCK: all bytes behind T0 on, exclusive-or */
		{ "extended", "9000", "9000", "3B8A018073D401C054756B65793B" },
		{ "chaining", "6700", "9000", "3B8A018073D4018054756B65797B" },
		{ "short", "6700", "6884", "3B8A018073D4010054756B6579FB" },
		{ "t0", "6700", "9000", "3B8A018073D4018054756B65797B" },
	};
	struct rig *g = *state;
	uk_atr atr;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		look(g, "lengths", rows[i].name);
		plug_in(g);
		expect_bytes(vc_plug_atr(g->plug), hex(rows[i].atr));
		expect_ok(uk_atr_parse(vc_plug_atr(g->plug), &atr));
		expect(g, SELECT, "9000");
		expect(g, "00200081 000004 31323334", rows[i].extended);
		expect(g, "10200081 02 3132", rows[i].chained);
	}
}

static void test_atrs(void **state)
{
	static const char *const names[] = { "estonian-id", "openpgp", "t0",
		"yubikey-neo", "3B00" };
	static const char *const wrong[] = { "", "yubikey", "3B", "3B0",
		"3B8A018073D401C054756B65793C", /* TCK */
		("3BFF000000000000000000000000000000000000000000000000000000000"
		 "0000000000000") };
	struct rig *g = *state;
	uk_atr atr;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		look(g, "atr", names[i]);
		plug_in(g);
		expect_ok(uk_atr_parse(vc_plug_atr(g->plug), &atr));
		assert_false(uk_bytes_eq(vc_plug_atr(g->plug), vc_card_atr()));
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(vc_look_set(&g->slot.look, "atr", wrong[i]));
	assert_false(vc_look_set(&g->slot.look, "colour", "red"));
	assert_false(vc_look_set(&g->slot.look, "lengths", "long"));
	assert_false(vc_look_set(&g->slot.look, "speed", "0"));
	assert_false(vc_look_set(&g->slot.look, "key-time", "soon"));
}

/* 115200 baud, 12 bits a character: 104.166 us a byte; 8 bytes around it. */
static void test_speed(void **state)
{
	struct rig *g = *state;
	struct vc_look *l = &g->slot.look;

	look(g, "speed", "115200");
	assert_int_equal(vc_front_cost_ns(l, hex("00A4000C"), 2),
	    INT64_C(104166) * (8 + 4 + 2));
	look(g, "delay", "5ms+0.1ms/B");
	assert_int_equal(
	    vc_front_cost_ns(l, hex("00A4000C"), 2), 5000000 + 6 * 100000);
	look(g, "delay", "0");
	look(g, "key-time", "100ms");
	look(g, "generate-time", "8s");
	assert_int_equal(vc_front_cost_ns(l, hex("00A4000C"), 2), 0);
	assert_int_equal(vc_front_cost_ns(l, hex("0088300100"), 66), 100000000);
	assert_int_equal(vc_front_cost_ns(l, hex("002A9E9A00"), 66), 100000000);
	assert_int_equal(vc_front_cost_ns(l, hex("0087119E00"), 66), 100000000);
	assert_int_equal(
	    vc_front_cost_ns(l, hex("0046000000"), 66), INT64_C(8000000000));
	/* The answer is ready when that time has passed, and not before. */
	look(g, "delay", "1s");
	plug_in(g);
	vc_plug_command(g->plug, hex(SELECT), deliver, g);
	assert_false(g->delivered);
	assert_true(vc_plug_busy(g->plug));
	vc_plug_tick(g->plug, g->plug->due_ns - 1);
	assert_false(g->delivered);
	vc_plug_tick(g->plug, g->plug->due_ns);
	assert_true(g->delivered);
	expect_bytes(uk_view(g->got, g->n), hex("9000"));
	/* Pulled meanwhile, or nobody waits any more. */
	g->delivered = false;
	vc_plug_command(g->plug, hex(SELECT), deliver, g);
	vc_plug_pull(g->plug);
	assert_true(g->delivered && g->outcome == VC_PULLED);
	vc_plug_insert(g->plug);
	g->delivered = false;
	vc_plug_command(g->plug, hex(SELECT), deliver, g);
	vc_plug_forget(g->plug, NULL); /* somebody else */
	assert_true(vc_plug_busy(g->plug));
	vc_plug_forget(g->plug, g);
	vc_plug_tick(g->plug, INT64_MAX);
	assert_false(g->delivered);
}

/* --- faults ----------------------------------------------------------------
 */

static void test_rules_refused(void **state)
{
	static const char *const wrong[] = { "", "at", "at 5", "5 remove",
		"at 0 remove", "at x remove", "at 1 vanish", "at 1 remove now",
		"at 1 status", "at 1 status 63", "at 1 status 63C1 9000",
		"at 1 status 63C1FF", "ins 2 mute", "ins 200 mute",
		"chance 0 mute", "chance 101 mute", "every 0 mute",
		"at 1 delay", "at 1 delay 5", "at 1 truncate 0",
		"at 1 truncate", "at 1 tear 0", "at 1 swap" };
	struct rig *g = *state;
	struct vc_faults *f = &g->slot.faults;
	size_t line;
	FILE *file;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (!uk_is(vc_faults_add(f, wrong[i], 0), UK_ERR_FORMAT))
			fail_msg("'%s' is taken", wrong[i]);
	}
	assert_int_equal(f->count, 0);
	for (int i = 0; i < VC_FAULTS_MAX; i++)
		expect_ok(vc_faults_add(f, "every 2 mute", 0));
	expect_code(vc_faults_add(f, "every 2 mute", 0), UK_ERR_TOO_SMALL);
	vc_faults_drop(f, VC_FAULT_NONE);
	expect_code(vc_faults_load(f, g->rules, &line), UK_ERR_IO);
	assert_int_equal(line, 0);
	file = fopen(g->rules, "w");
	assert_non_null(file);
	(void)fputs(
	    "# a comment\n\nat 3 mute\nins 20 status 6983\nwhat\n", file);
	(void)fclose(file);
	expect_code(vc_faults_load(f, g->rules, &line), UK_ERR_FORMAT);
	assert_int_equal(line, 5);
	assert_int_equal(f->count, 2);
}

static void test_when(void **state)
{
	struct rig *g = *state;

	plug_in(g);
	fault(g, "at 2 status 6F01");
	fault(g, "every 3 status 6F02");
	fault(g, "ins 20 status 6F03");
	expect(g, SELECT, "9000");
	expect(g, SELECT, "6F01");
	expect(g, TRIES, "6F02"); /* the first rule that applies */
	expect(g, TRIES, "6F03");
	expect(g, SELECT, "9000");
	expect(g, SELECT, "6F02");
	vc_faults_drop(&g->plug->faults, VC_FAULT_NONE);
	expect(g, TRIES, "63C3");
	fault(g, "at 1 status 63C1"); /* counted from now; nothing is done */
	expect(g, WRONG, "63C1");
	expect(g, TRIES, "63C3");
}

static void test_chance_is_seeded(void **state)
{
	unsigned long seen[2] = { 0, 0 };
	struct rig *g = *state;

	for (int run = 0; run < 3; run++) {
		unsigned long hits = 0;

		plug_in(g);
		vc_faults_seed(&g->plug->faults, run < 2 ? 7 : 8);
		fault(g, "chance 20 status 6F00");
		for (int i = 0; i < 60; i++) {
			(void)command(g, TRIES);
			hits = hits << 1 | (g->got[0] == 0x6f);
		}
		if (run < 2)
			seen[run] = hits;
		else
			assert_int_not_equal(hits, seen[0]);
	}
	assert_int_equal(seen[0], seen[1]);
	assert_int_not_equal(seen[0], 0);
}

static void test_what(void **state)
{
	struct rig *g = *state;
	uint32_t events, resets;

	plug_in(g);
	fault(g, "at 1 mute");
	assert_int_equal(command(g, SELECT), VC_SILENT);
	fault(g, "at 1 truncate 3");
	expect(g, "00B09E0000", "61104F08F0756B65792E30315004756B65");
	fault(g, "at 1 truncate 60");
	assert_int_equal(command(g, "00B09E0000"), VC_SILENT);
	fault(g, "at 1 extend 5");
	(void)command(g, "00B09E0000");
	assert_int_equal(g->n, 18 + 5 + 2);
	expect_bytes(uk_view(g->got, 18), hex(EF_DIR));
	expect_bytes(uk_bytes_last(uk_view(g->got, g->n), 2), hex("9000"));
	fault(g, "at 1 random 4");
	(void)command(g, "00B09E0000");
	assert_int_equal(g->n, 6);
	expect_bytes(uk_view(&g->got[4], 2), hex("9000"));
	fault(g, "at 1 flip");
	(void)command(g, "00B09E0000");
	assert_int_equal(g->n, 20);
	expect_bytes(uk_view(g->got, 10), hex("61104F08F0756B65792E"));
	assert_false(uk_bytes_eq(uk_view(g->got, 18), hex(EF_DIR)));
	expect_bytes(uk_view(&g->got[18], 2), hex("9000"));
	fault(g, "at 1 flip"); /* nothing but the status: left alone */
	expect(g, "00A4000C", "9000");
	/* A reset by somebody: the command meets a card that forgot. */
	expect(g, SELECT, "9000");
	expect(g, VERIFY, "9000");
	fault(g, "at 1 reset");
	expect(g, TRIES, "6D00");
	g->plug->tells_resets = true;
	resets = g->plug->resets;
	fault(g, "at 1 reset");
	assert_int_equal(command(g, SELECT), VC_WAS_RESET);
	assert_int_equal(g->plug->resets, resets + 1);
	events = g->plug->events;
	fault(g, "at 1 remove");
	assert_int_equal(command(g, SELECT), VC_PULLED);
	assert_false(g->plug->inserted);
	assert_int_equal(g->plug->events, events + 1);
	vc_plug_insert(g->plug);
	fault(g, "at 1 delay 1s");
	g->delivered = false;
	vc_plug_command(g->plug, hex(SELECT), deliver, g);
	assert_false(g->delivered);
	vc_plug_tick(g->plug, INT64_MAX);
	assert_true(g->delivered);
}

static void test_swap(void **state)
{
	struct rig *g = *state;
	char rule[160];
	uint32_t events;

	make_card(g->other);
	plug_in(g);
	expect(g, SELECT, "9000");
	expect(g, WRONG, "63C2");
	(void)snprintf(rule, sizeof(rule), "at 1 swap %s", g->other);
	fault(g, rule);
	events = g->plug->events;
	assert_int_equal(command(g, TRIES), VC_PULLED);
	assert_true(g->plug->inserted);
	assert_int_equal(g->plug->events, events + 2);
	expect(g, SELECT, "9000");
	expect(g, TRIES, "63C3");
	/* And back; then one that is not there. */
	expect_ok(vc_plug_swap(g->plug, g->card));
	expect(g, SELECT, "9000");
	expect(g, TRIES, "63C2");
	fault(g, "at 1 swap /nonexistent/card");
	assert_int_equal(command(g, TRIES), VC_PULLED);
	assert_false(g->plug->inserted);
	vc_plug_insert(g->plug); /* there is nothing to put in */
	assert_false(g->plug->inserted);
	expect_code(
	    vc_plug_swap(g->plug, "/nonexistent/card"), UK_ERR_NOT_FOUND);
}

/*
 * Power fails while it writes. VERIFY writes twice: the counter, one lower, and
 * then restored. With the first torn, nothing was compared and nothing counted;
 * with the second, the try is spent although the PIN was right.
 */
static void test_tear(void **state)
{
	struct rig *g = *state;

	plug_in(g);
	expect(g, SELECT, "9000");
	fault(g, "at 1 tear 1");
	assert_int_equal(command(g, VERIFY), VC_PULLED);
	assert_int_equal(access(g->temporary, F_OK), 0);
	plug_in(g); /* as from a cold start */
	expect(g, SELECT, "9000");
	expect(g, TRIES, "63C3");
	fault(g, "at 1 tear 2");
	assert_int_equal(command(g, VERIFY), VC_PULLED);
	plug_in(g);
	expect(g, SELECT, "9000");
	expect(g, TRIES, "63C2");
	fault(g, "at 1 tear 1");
	assert_int_equal(command(g, WRONG), VC_PULLED);
	vc_plug_insert(g->plug);
	expect(g, SELECT, "9000");
	expect(g, TRIES, "63C2");
	fault(
	    g, "at 1 tear 9"); /* it does not write so often: done, and gone */
	assert_int_equal(command(g, VERIFY), VC_PULLED);
	vc_plug_insert(g->plug);
	expect(g, SELECT, "9000");
	expect(g, TRIES, "63C3");
}

/* --- transcripts -----------------------------------------------------------
 */

static void expect_log(struct rig *g, const char *text)
{
	char got[4096] = "";
	FILE *f = fopen(g->log, "r");

	assert_non_null(f);
	(void)!fread(got, 1, sizeof(got) - 1, f);
	(void)fclose(f);
	assert_string_equal(got, text);
}

#define HEAD "# ukey-vcard transcript 1\n@ 3b8a018073d401c054756b65793b\n"

static void record(struct rig *g)
{
	g->slot.transcript = g->log;
	plug_in(g);
	expect(g, SELECT, "9000");
	fault(g, "at 1 mute");
	(void)command(g, TRIES);
	expect(g, VERIFY, "9000");
	expect(g, TRIES, "9000");
	fault(g, "at 1 remove");
	(void)command(g, TRIES);
}

static void test_transcript(void **state)
{
	struct rig *g = *state;

	record(g);
	expect_log(g, HEAD "> 00a4040c08f0756b65792e3031\n< 9000\n"
			   "? 00200081\n"
			   "> 002000810431323334\n< 9000\n"
			   "> 00200081\n< 9000\n"
			   "! 00200081\n");
}

static void play(struct rig *g)
{
	g->slot.transcript = NULL;
	g->slot.card = g->log;
	vc_plug_close(&g->plug);
	expect_ok(vc_plug_replay(&g->slot, &g->plug));
}

static void test_replay(void **state)
{
	struct rig *g = *state;

	record(g);
	play(g);
	expect_bytes(vc_plug_atr(g->plug), vc_card_atr());
	expect(g, SELECT, "9000");
	assert_int_equal(command(g, TRIES), VC_SILENT);
	vc_plug_reset(g->plug); /* plays on */
	expect(g, VERIFY, "9000");
	expect(g, TRIES, "9000");
	assert_null(vc_plug_why(g->plug));
	assert_int_equal(command(g, TRIES), VC_SILENT);
	assert_null(vc_plug_why(g->plug));
	assert_int_equal(command(g, TRIES), VC_SILENT);
	assert_non_null(
	    strstr(vc_plug_why(g->plug), "log:11: one command more"));
}

static void test_replay_mismatch(void **state)
{
	struct rig *g = *state;

	record(g);
	play(g);
	expect(g, SELECT, "9000");
	assert_int_equal(command(g, VERIFY), VC_SILENT);
	assert_non_null(strstr(vc_plug_why(g->plug),
	    "log:5: the card was told 00200081 (9 bytes)"));
	/* For good. */
	assert_int_equal(command(g, TRIES), VC_SILENT);
}

/* What is not shown matches what is as long, and answers zeros. */
static void test_replay_redacted(void **state)
{
	struct rig *g = *state;

	g->slot.redact = true;
	record(g);
	play(g);
	expect(g, SELECT, "9000");
	assert_int_equal(command(g, TRIES), VC_SILENT);
	expect(g, WRONG, "9000");
	assert_int_equal(command(g, TRIES "0131"), VC_SILENT);
	assert_non_null(vc_plug_why(g->plug));
}

static void test_replay_of_lines(void **state)
{
	static const struct {
		const char *text;
		const char *answer; /* to 00C00000; NULL: it does not open */
		const char *why;    /* NULL: all is well */
	} rows[] = {
		{ "", NULL, NULL },
		{ "@ 3b00\n", NULL, NULL },
		{ "# ukey-vcard transcript 2\n@ 3b00\n", NULL, NULL },
		{ "# ukey-vcard transcript 1\n", NULL, NULL },
		{ "# ukey-vcard transcript 1\n> 00c00000\n", NULL, NULL },
		{ "# ukey-vcard transcript 1\n@ 3b0\n", NULL, NULL },
		{ HEAD "# remark\n\n> 00c00000\n# more\n< 6100\n", "6100",
		    NULL },
		{ HEAD "> 00c00000\r\n< (3 bytes not shown) 9000\r\n",
		    "0000009000", NULL },
		{ HEAD "> (4 bytes not shown)\n< 01 (1 bytes not shown)\n",
		    "0100", NULL },
		{ HEAD "@ 3b00\n> 00c00000\n< 6100\n", "6100", NULL },
		{ HEAD "> 00c00000\n", "", ":3: a command without" },
		{ HEAD "> 00c00000\n> 00c00000\n", "",
		    ":4: a command without" },
		{ HEAD "< 9000\n", "", ":3: an answer without" },
		{ HEAD "what\n", "", ":3: this is no line" },
		{ HEAD "> 00c0000\n", "", ":3: this is no line" },
		{ HEAD "> (0 bytes not shown)\n", "", ":3: this is no line" },
		{ HEAD "> (4 bytes)\n", "", ":3: this is no line" },
		{ HEAD "> (1 bytes not shown) (1 bytes not shown)\n", "",
		    ":3: this is no line" },
		{ HEAD "> (99999999999 bytes not shown)\n", "",
		    ":3: this is no line" },
		{ HEAD ">00c00000\n", "", ":3: this is no line" },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		FILE *f = fopen(g->log, "w");
		uk_err err;

		assert_non_null(f);
		(void)fputs(rows[i].text, f);
		(void)fclose(f);
		g->slot.card = g->log;
		vc_plug_close(&g->plug);
		err = vc_plug_replay(&g->slot, &g->plug);
		if (rows[i].answer == NULL) {
			expect_code(err, UK_ERR_FORMAT);
			continue;
		}
		expect_ok(err);
		(void)command(g, "00C00000");
		expect_bytes(uk_view(g->got, g->n), hex(rows[i].answer));
		if (rows[i].why == NULL)
			assert_null(vc_plug_why(g->plug));
		else
			assert_non_null(
			    strstr(vc_plug_why(g->plug), rows[i].why));
	}
	g->slot.card = "/nonexistent/log";
	vc_plug_close(&g->plug);
	expect_code(vc_plug_replay(&g->slot, &g->plug), UK_ERR_NOT_FOUND);
}

static uk_err open_both(void *arg)
{
	struct rig *g = arg;
	struct vc_plug *plug = NULL;
	uk_err err;

	g->slot.card = g->card;
	err = vc_plug_open(&g->slot, &plug);
	vc_plug_close(&plug);
	g->slot.card = g->log;
	if (uk_is_ok(err))
		err = vc_plug_replay(&g->slot, &plug);
	vc_plug_close(&plug);
	return err;
}

static void test_out_of_memory(void **state)
{
	struct rig *g = *state;

	record(g);
	vc_plug_close(&g->plug);
	g->slot.transcript = NULL;
	assert_true(fail_every_allocation(open_both, g) > 5);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		TEST(test_t0),
		TEST(test_lengths),
		TEST(test_atrs),
		TEST(test_speed),
		TEST(test_rules_refused),
		TEST(test_when),
		TEST(test_chance_is_seeded),
		TEST(test_what),
		TEST(test_swap),
		TEST(test_tear),
		TEST(test_transcript),
		TEST(test_replay),
		TEST(test_replay_mismatch),
		TEST(test_replay_redacted),
		TEST(test_replay_of_lines),
		TEST(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
