/* Kinds and instances of applications: installing and removing, selection,
 * classes, traits, logical channels, life cycles. The kinds here exist for this
 * test alone. */
#include "vcard_fixture.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "vc_old_card.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- two kinds -------------------------------------------------------------
 */

struct toy {
	struct vc_app app;
	bool status;
};

static unsigned forgets, agains;

static struct vc_nv_id note_of(const struct vc_app *app)
{
	return vc_home_id(&app->home, VC_NV_DATA, 1);
}

static uk_err toy_install(struct vc_app *app, uk_bytes params)
{
	if (uk_bytes_eq(params, uk_view_str("bad")))
		return uk_fail(UK_ERR_FORMAT);
	return vc_nv_put(app->home.nv, note_of(app), params);
}

static void toy_forget(struct vc_app *app)
{
	((struct toy *)app)->status = false;
	forgets++;
}

static uint16_t toy_select(
    struct vc_app *app, const struct vc_select *how, uk_buf *out)
{
	if (how->form == 0x04)
		return UK_SW_FUNCTION;
	agains += how->again;
	uk_put(out, vc_app_aid(app));
	return UK_SW_OK;
}

static uk_bytes toy_label(struct vc_app *app)
{
	(void)app;
	return uk_view_str("toy");
}

static bool toy_takes(uint8_t cla)
{
	return cla == 0x00 || cla == 0x80 || cla == 0x84;
}

/* 10: the class byte and the data. 12: sets the status. 14: tells it. 16: the
 * parameters of installation. */
static uint16_t toy_echo(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	(void)app;
	uk_put_u8(out, cmd->cla);
	uk_put(out, cmd->data);
	return UK_SW_OK;
}

static uint16_t toy_set(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	(void)cmd;
	(void)out;
	((struct toy *)app)->status = true;
	return UK_SW_OK;
}

static uint16_t toy_tell(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	(void)cmd;
	(void)out;
	return ((struct toy *)app)->status ? UK_SW_OK : UK_SW_SECURITY;
}

static uint16_t toy_note(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	uk_bytes v;

	(void)cmd;
	if (!vc_nv_get(app->home.nv, note_of(app), &v))
		return UK_SW_NO_REF;
	uk_put(out, v);
	return UK_SW_OK;
}

static uint16_t toy_file(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	(void)app;
	uk_put(out, cmd->data);
	return UK_SW_OK;
}

static const struct vc_command toy_commands[] = { { 0x10, toy_echo },
	{ 0x12, toy_set }, { 0x14, toy_tell }, { 0x16, toy_note } };
static const struct vc_command plain_commands[] = { { 0x10, toy_echo },
	{ 0x12, toy_set }, { 0x14, toy_tell }, { 0xa4, toy_file } };

static const struct vc_app_ops toy_ops = {
	.name = "toy",
	.package = VC_AID(0xa0, 0, 0, 0, 9, 1),
	.module = VC_AID(0xa0, 0, 0, 0, 9, 1, 1),
	.aid = VC_AID(0xa0, 0, 0, 0, 9, 1, 1, 1),
	.traits = { .multi = true },
	.size = sizeof(struct toy),
	.commands = toy_commands,
	.command_count = 4,
	.takes_class = toy_takes,
	.install = toy_install,
	.forget = toy_forget,
	.select = toy_select,
	.label = toy_label,
};

/* Alone on its channel, no chaining, no extended length, files of its own, not
 * in EF.DIR, and the default. */
static const struct vc_app_ops plain_ops = {
	.name = "plain",
	.package = VC_AID(0xa0, 0, 0, 0, 9, 2),
	.module = VC_AID(0xa0, 0, 0, 0, 9, 2, 1),
	.aid = VC_AID(0xa0, 0, 0, 0, 9, 2, 1, 1),
	.privileges = { VC_PRIV_DEFAULT_SELECTED },
	.traits = { .no_chaining = true,
	    .short_only = true,
	    .own_files = true },
	.size = sizeof(struct toy),
	.commands = plain_commands,
	.command_count = 4,
	.install = toy_install,
	.forget = toy_forget,
	.select = toy_select,
};

static const struct vc_app_ops *const kinds[] = { &toy_ops, &plain_ops };

static struct vc_card *new_card(const char *path)
{
	struct vc_card *card = NULL;

	expect_ok(vc_card_open(kinds, 2, path, VC_STORE_CREATE, &card));
	return card;
}

static int set_up(void **state)
{
	*state = new_card(NULL);
	return 0;
}

static int tear_down(void **state)
{
	struct vc_card *card = *state;

	vc_card_close(&card);
	return 0;
}

static void install(
    struct vc_card *card, const char *kind, const char *aid, const char *params)
{
	expect_ok(vc_card_install(card, kind, hex(aid), uk_view_str(params)));
}

#define TOY1  "A000000009010101"
#define TOY2  "A000000009010102"
#define PLAIN "A000000009020101"

/* --- coming and going ------------------------------------------------------
 */

static void test_instances(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "00A4040000", 0x6A82);
	expect_apdu(card, "00B09E0000", "9000"); /* nothing on it */
	install(card, "toy", "", "one");
	install(card, "toy", TOY2, "two");
	install(card, "plain", "", "three");
	expect_apdu(card, "00B09E0000",
	    "610F 4F08" TOY1 "5003 746F79 610F 4F08" TOY2 "5003 746F79 9000");
	expect_apdu(card, "00A4040008" TOY2 "00", TOY2 "9000");
	expect_apdu(card, "0016000000", "74776F 9000");
	expect_apdu(card, "00A4040005A00000000900", TOY1 "9000");
	expect_apdu(card, "0016000000", "6F6E65 9000");
	expect_apdu(card, "00A4040205A00000000900", TOY2 "9000");
	expect_apdu(card, "00A4040205A00000000900", PLAIN "9000");
	expect_sw(card, "00A4040205A00000000900", 0x6A82);
	expect_apdu(card, "00A4040006A0000000090200", PLAIN "9000");
}

static void test_refused_installs(void **state)
{
	struct vc_card *card = *state;
	char aid[24];

	install(card, "toy", "", "");
	expect_code(
	    vc_card_install(card, "toy", UK_NONE, UK_NONE), UK_ERR_EXISTS);
	expect_code(
	    vc_card_install(card, "plain", hex(TOY1), UK_NONE), UK_ERR_EXISTS);
	expect_code(
	    vc_card_install(card, "none", UK_NONE, UK_NONE), UK_ERR_NOT_FOUND);
	expect_code(vc_card_install(card, "toy", hex("A0000000"), UK_NONE),
	    UK_ERR_FORMAT);
	expect_code(vc_card_install(card, "toy",
			hex("A00000000901010101010101010101010101"), UK_NONE),
	    UK_ERR_FORMAT);
	expect_code(vc_card_install(card, "toy", hex(TOY2), uk_view_str("bad")),
	    UK_ERR_FORMAT);
	assert_null(vc_card_app(card, hex(TOY2)));
	for (int i = 1; i < VC_INSTANCES_MAX; i++) {
		(void)snprintf(aid, sizeof(aid), "A0000000090103%02X", i);
		install(card, "toy", aid, "");
	}
	expect_code(
	    vc_card_install(card, "toy", hex(TOY2), UK_NONE), UK_ERR_TOO_SMALL);
}

static void test_remove(void **state)
{
	struct vc_card *card = *state;

	install(card, "toy", "", "one");
	install(card, "toy", TOY2, "two");
	expect_sw(card, "00A4040008" TOY1, 0x6108);
	expect_ok(vc_card_remove(card, hex(TOY1)));
	expect_code(vc_card_remove(card, hex(TOY1)), UK_ERR_NOT_FOUND);
	expect_sw(card, "0016000000", 0x6D00);
	expect_sw(card, "00A4040008" TOY1, 0x6A82);
	expect_apdu(card, "00B09E0000", "610F 4F08" TOY2 "5003 746F79 9000");
	/* Its number is free again, and nothing of it is left. */
	install(card, "plain", "", "new");
	expect_apdu(card, "00A4040008" TOY2 "00", TOY2 "9000");
	expect_apdu(card, "0016000000", "74776F 9000");
	assert_int_equal(vc_card_app(card, hex(PLAIN))->home.app, 1);
	assert_int_equal(vc_card_app(card, hex(TOY2))->home.app, 2);
}

/* --- selecting -------------------------------------------------------------
 */

static void test_forget_and_again(void **state)
{
	struct vc_card *card = *state;

	install(card, "toy", "", "");
	install(card, "toy", TOY2, "");
	expect_sw(card, "00A4040008" TOY1 "00", 0x9000);
	expect_sw(card, "00120000", 0x9000);
	forgets = agains = 0;
	/* Selected again: that is the kind's own affair. */
	expect_sw(card, "00A4040008" TOY1 "00", 0x9000);
	assert_int_equal(agains, 1);
	expect_sw(card, "00140000", 0x9000);
	/* Selections that fail change nothing. */
	expect_sw(card, "00A4040408" TOY2 "00", 0x6A81);
	expect_sw(card, "00A4040C05A0000000AA", 0x6A82);
	expect_sw(card, "00140000", 0x9000);
	assert_int_equal(forgets, 0);
	expect_sw(card, "00A4040008" TOY2 "00", 0x9000);
	assert_int_equal(forgets, 1);
	expect_sw(card, "00A4040008" TOY1 "00", 0x9000);
	expect_sw(card, "00140000", 0x6982);
	expect_sw(card, "00120000", 0x9000);
	forgets = 0;
	expect_sw(card, "00A4000C", 0x9000);
	assert_int_equal(forgets, 1);
	assert_int_equal(agains, 1);
}

static void test_classes(void **state)
{
	static const struct {
		const char *command, *answer;
	} rows[] = {
		{ "0010000000", "00 9000" },
		{ "8010000000", "80 9000" },
		{ "8410000000", "84 9000" },
		{ "0410000000", "6E00" },
		{ "8810000000", "6E00" },
		{ "C010000000", "6E00" },
		{ "A010000000", "6E00" },
		{ "8110000000", "6881" },
		{ "4010000000", "6881" },
		/* 7816-4, 5.3.3: chaining in either class */
		{ "90100000 02 AABB", "9000" },
		{ "80100000 01 CC 00", "80AABBCC 9000" },
		{ "90100000 02 AABB", "9000" },
		{ "00100000 01 CC 00", "6883" },
	};
	struct vc_card *card = *state;

	install(card, "toy", "", "");
	expect_sw(card, "8010000000", 0x6E00); /* the MF takes 00 */
	expect_sw(card, "00A4040008" TOY1, 0x6108);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_apdu(card, rows[i].command, rows[i].answer);
}

static void test_traits(void **state)
{
	struct vc_card *card = *state;

	install(card, "plain", "", "");
	/* It is the default from the next reset on. */
	expect_sw(card, "0010000000", 0x6D00);
	vc_card_reset(card);
	expect_apdu(card, "0010000000", "00 9000");
	expect_apdu(card, "10100000 02 AABB", "6884");
	expect_apdu(card, "00100000 000002 AABB 0000", "6700");
	expect_apdu(card, "8010000000", "6E00");
	/* 3F00 and the empty name are files of its own. */
	expect_apdu(card, "00A4000002 3F00 00", "3F00 9000");
	expect_apdu(card, "0010000000", "00 9000");
	expect_apdu(card, "00A4000000", "9000");
	expect_apdu(card, "0010000000", "00 9000");
}

/* --- logical channels ------------------------------------------------------
 */

static void test_channels_open_and_close(void **state)
{
	struct vc_card *card = *state;

	expect_sw(card, "0170000001", 0x6881);
	expect_apdu(card, "0070000001", "01 9000");
	expect_apdu(card, "0070000001", "02 9000");
	expect_apdu(card, "00700003", "9000"); /* 7816-4: a given number */
	expect_sw(card, "0070000001", 0x6A81);
	expect_sw(card, "00700003", 0x6A81);
	expect_sw(card, "00700004", 0x6A81);
	expect_sw(card, "00708000", 0x6A86); /* the basic one stays */
	expect_sw(card, "00708004", 0x6881);
	expect_sw(card, "00700100", 0x6A86);
	expect_sw(card, "00700000 01 00", 0x6700);
	expect_apdu(card, "00708002", "9000");
	expect_sw(card, "00708002", 0x6881);
	expect_sw(card, "0270000001", 0x6881);
	expect_apdu(card, "03708000", "9000"); /* itself */
	expect_sw(card, "0370000001", 0x6881);
	expect_apdu(card, "0170000001", "02 9000");
	vc_card_reset(card);
	expect_sw(card, "0170000001", 0x6881);
	expect_sw(card, "0270000001", 0x6881);
}

static void test_channels_have_states(void **state)
{
	struct vc_card *card = *state;

	install(card, "toy", "", "");
	install(card, "toy", TOY2, "");
	expect_apdu(card, "0070000001", "01 9000");
	expect_sw(card, "00A4040008" TOY1 "00", 0x9000);
	expect_sw(card, "0110000000", 0x6D00); /* the MF, there */
	expect_sw(card, "01A4040008" TOY2, 0x6108);
	/* Chains and answers do not get into each other's way. */
	expect_apdu(card, "10100000 01 AA", "9000");
	expect_apdu(card, "11100000 01 BB", "9000");
	expect_apdu(card, "00100000 01 A0", "6103");
	expect_apdu(card, "01100000 01 B0 00", "00BBB0 9000");
	expect_apdu(card, "01C0000000", "6985");
	expect_apdu(card, "00C0000000", "00AAA0 9000");
	/* The class is without the channel's bits, also the proprietary one. */
	expect_apdu(card, "8510000000", "84 9000");
	/* One instance, two channels: its status is its own, and ends with the
	 * last of them. */
	expect_sw(card, "01A4040008" TOY1 "00", 0x9000);
	expect_sw(card, "00120000", 0x9000);
	expect_sw(card, "01140000", 0x9000);
	expect_sw(card, "00A4000C", 0x9000);
	expect_sw(card, "01140000", 0x9000);
	expect_apdu(card, "01708000", "9000");
	expect_apdu(card, "0070000001", "01 9000");
	expect_sw(card, "01A4040008" TOY1 "00", 0x9000);
	expect_sw(card, "01140000", 0x6982);
	/* A channel opened from another one begins where that is. */
	expect_apdu(card, "0170000001", "02 9000");
	expect_apdu(card, "0210000000", "00 9000");
}

static void test_one_channel_only(void **state)
{
	struct vc_card *card = *state;

	install(card, "plain", "", "");
	expect_sw(card, "00A4040008" PLAIN "00", 0x9000);
	expect_apdu(card, "0070000001", "01 9000");
	expect_sw(card, "0110000000", 0x6D00); /* not even as the default */
	expect_sw(card, "01A4040008" PLAIN "00", 0x6985);
	expect_sw(
	    card, "00A4040008" PLAIN "00", 0x9000); /* again is no other */
	expect_sw(card, "00120000", 0x9000);
	install(card, "toy", "", "");
	expect_sw(card, "00A4040008" TOY1 "00", 0x9000);
	expect_sw(card, "01A4040008" PLAIN "00", 0x9000);
	expect_sw(card, "01140000", 0x6982);
	expect_sw(card, "00A4040008" PLAIN "00", 0x6985);
	expect_sw(card, "0010000000", 0x9000); /* the toy is still selected */
}

static void test_ukey_is_on_the_basic_channel(void **state)
{
	struct vc_card *card = card_in_use(NULL, 0x11, false);

	(void)state;
	expect_apdu(card, "0070000001", "01 9000");
	expect_sw(card, "01A4040008F0756B65792E303100", 0x6881);
	expect_sw(card, "01A4000C", 0x9000); /* the MF can be read there */
	expect_apdu(
	    card, "01B09E0000", "6110 4F08F0756B65792E3031 5004756B6579 9000");
	expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "01200081", 0x6D00);
	expect_sw(card, "00200081", 0x9000);
	vc_card_close(&card);
}

/* --- life cycles -----------------------------------------------------------
 */

static void set_life(struct vc_card *card, const char *aid, uint8_t life)
{
	struct vc_app *app = vc_card_app(card, hex(aid));

	expect_ok(vc_app_set_life(app, life));
	expect_ok(vc_nv_commit(app->home.nv));
	assert_int_equal(vc_app_life(app), life);
}

static void test_life_cycles(void **state)
{
	struct vc_card *card = *state;
	struct vc_app *app;

	install(card, "toy", "", "");
	install(card, "plain", "", "");
	app = vc_card_app(card, hex(TOY1));
	assert_int_equal(vc_app_life(app), VC_LIFE_SELECTABLE);
	set_life(card, TOY1, VC_LIFE_INSTALLED);
	expect_sw(card, "00A4040008" TOY1 "00", 0x6A82);
	expect_apdu(card, "00A4040005A00000000900", PLAIN "9000");
	expect_sw(card, "00A4000C", 0x9000 /* plain's own */);
	vc_card_reset(card);
	set_life(card, PLAIN, VC_LIFE_SELECTABLE | VC_LIFE_LOCKED);
	vc_card_reset(card);
	expect_apdu(card, "00B09E0000", "9000");
	set_life(card, TOY1, 0x1f); /* a state of its own */
	expect_sw(card, "00A4040008" TOY1 "00", 0x9000);
	expect_ok(
	    vc_registry_set_card_life(app->home.registry, VC_CARD_LOCKED));
	expect_ok(vc_nv_commit(app->home.nv));
	expect_sw(card, "00A4040008" TOY1 "00", 0x6A82);
}

/* --- failures --------------------------------------------------------------
 */

static void test_failed_writes(void **state)
{
	struct vc_card *card = *state;

	install(card, "toy", "", "one");
	vc_store_fail_nth(1);
	expect_code(
	    vc_card_install(card, "toy", hex(TOY2), UK_NONE), UK_ERR_IO);
	vc_store_fail_nth(1);
	expect_code(vc_card_remove(card, hex(TOY1)), UK_ERR_IO);
	vc_store_fail_nth(0);
	expect_sw(card, "00A4040008" TOY2 "00", 0x6A82);
	expect_sw(card, "00A4040008" TOY1 "00", 0x9000);
	expect_apdu(card, "0016000000", "6F6E65 9000");
	install(card, "toy", TOY2, "two");
	expect_ok(vc_card_remove(card, hex(TOY1)));
}

static uk_err come_and_go(void *arg)
{
	struct vc_card *card = arg;

	UK_TRY(
	    vc_card_install(card, "toy", hex(TOY2), uk_view_str("parameters")));
	return vc_card_remove(card, hex(TOY2));
}

static void test_out_of_memory(void **state)
{
	struct vc_card *card = *state;
	unsigned runs = 0;
	uk_err err;

	install(card, "toy", "", "one");
	do {
		uk_mem_fail_nth(++runs);
		err = come_and_go(card);
		uk_mem_fail_nth(0);
		/* Whichever of the two failed, the card is a whole one. */
		if (!uk_is_ok(err)) {
			expect_code(err, UK_ERR_MEMORY);
			if (vc_card_app(card, hex(TOY2)) != NULL)
				expect_ok(vc_card_remove(card, hex(TOY2)));
		}
		expect_apdu(card, "00A4040008" TOY1 "00", TOY1 "9000");
		expect_apdu(card, "0016000000", "6F6E65 9000");
	} while (!uk_is_ok(err) && runs < 100);
	assert_in_range(runs, 5, 99);
	uk_mem_fail_nth(1);
	expect_sw(card, "0070000001", 0x6581);
	uk_mem_fail_nth(0);
	expect_apdu(card, "0070000001", "01 9000");
}

/* --- files of cards --------------------------------------------------------
 */

static char path[64], lock[80];

static int name_file(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof(path), "/tmp/vc_apps_%d", (int)getpid());
	(void)snprintf(lock, sizeof(lock), "%s.lock", path);
	return 0;
}

static int remove_file(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(lock);
	return 0;
}

static void test_survives(void **state)
{
	struct vc_card *card = new_card(path);

	(void)state;
	install(card, "toy", TOY2, "two");
	install(card, "plain", "", "");
	install(card, "toy", "", "one");
	expect_ok(vc_card_remove(card, hex(PLAIN)));
	set_life(card, TOY1, 0x0f);
	vc_card_close(&card);
	expect_ok(vc_card_open(kinds, 2, path, VC_STORE_WRITE, &card));
	expect_apdu(card, "00B09E0000",
	    "610F 4F08" TOY2 "5003 746F79 610F 4F08" TOY1 "5003 746F79 9000");
	assert_int_equal(vc_app_life(vc_card_app(card, hex(TOY1))), 0x0f);
	expect_apdu(card, "00A4040008" TOY1 "00", TOY1 "9000");
	expect_apdu(card, "0016000000", "6F6E65 9000");
	vc_card_close(&card);
	/* A program without that kind. */
	expect_code(vc_card_open(kinds + 1, 1, path, VC_STORE_WRITE, &card),
	    UK_ERR_UNSUPPORTED);
}

static void write_old_card(void)
{
	uk_bytes v = hex(VC_OLD_CARD);
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, v.p, v.n), v.n);
	(void)close(fd);
}

static void expect_old_card(enum vc_store_mode mode)
{
	struct vc_card *card = NULL;

	expect_ok(vc_apps_open(path, mode, &card));
	expect_apdu(
	    card, "00B09E0000", "6110 4F08F0756B65792E3031 5004756B6579 9000");
	expect_bytes(
	    uk_bytes_first(uk_bytes_from(answer_of(card, VC_SELECT), 17), 14),
	    hex("80020102 8108 0123456789ABCDEF"));
	if (mode == VC_STORE_WRITE)
		expect_sw(card, VC_LOGIN, 0x9000);
	expect_sw(card, "00200081", mode == VC_STORE_WRITE ? 0x9000 : 0x63C3);
	vc_card_close(&card);
}

static void test_card_of_before(void **state)
{
	struct vc_card *card = NULL;

	(void)state;
	write_old_card();
	expect_old_card(VC_STORE_READ);
	expect_old_card(VC_STORE_WRITE);
	expect_old_card(VC_STORE_WRITE); /* written with a registry now */
	expect_code(vc_card_open(kinds, 2, path, VC_STORE_READ, &card),
	    UK_ERR_UNSUPPORTED);
}

#define TEST(f)      cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define FILE_TEST(f) cmocka_unit_test_setup_teardown(f, name_file, remove_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_instances),
		TEST(test_refused_installs),
		TEST(test_remove),
		TEST(test_forget_and_again),
		TEST(test_classes),
		TEST(test_traits),
		TEST(test_channels_open_and_close),
		TEST(test_channels_have_states),
		TEST(test_one_channel_only),
		cmocka_unit_test(test_ukey_is_on_the_basic_channel),
		TEST(test_life_cycles),
		TEST(test_failed_writes),
		TEST(test_out_of_memory),
		FILE_TEST(test_survives),
		FILE_TEST(test_card_of_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
