/*
 * The driver's changes on a whole card, and what is left when they are cut
 * short: after every failure, wherever it struck, a driver new to the card sees
 * either all the old objects or all the new ones, and the same change can be
 * made again.
 */
#include "cmocka_all.h"
#include "fixtures.h"
#include "folder_fixture.h"
#include "ukey_live.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t id_new[] = { 0xc1, 0xc2 };
static const uint8_t id_login[] = { 0xb1, 0xb2, 0xb3, 0xb4 };

#define B16        "0F0E0D0C0B0A09080706050403020100"
#define LONG_VALUE "3060" B16 B16 B16 B16 B16 "A0A1A2A3A4A5A6A7A8A9AAABACADAEAF"
/* P-256 with d = 1: the point is the generator. SEC 2, 2.4.2; RFC 5480. */
#define G_X "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
#define G_Y "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
#define SPKI_G                                                                 \
	"3059301306072A8648CE3D020106082A8648CE3D030107034200"                 \
	"04" G_X G_Y

/* --- the changes --------------------------------------------------------- */

static uk_err generate(struct live *l)
{
	const struct uk_new_object what = { .label = "made",
		.id = UK_ARRAY(id_new),
		.usage = UK_USE_SIGN | UK_USE_DERIVE,
		.key_type = UK_KEY_P256 };
	size_t at;

	return uk_card_generate(live_card(l), &what, &at);
}

/* SM2: what no other file tells must come from the public key's. */
static uk_err import(struct live *l)
{
	static const uint8_t d[] = { 0x02 };
	const struct uk_private_key secret = { .d = UK_ARRAY(d) };
	const struct uk_new_object what = { .label = "brought",
		.id = UK_ARRAY(id_new),
		.usage = UK_USE_SIGN | UK_USE_UNWRAP,
		.key_type = UK_KEY_SM2 };
	size_t at;

	return uk_card_import(live_card(l), &what, &secret, &at);
}

static uk_err store(struct live *l, enum uk_object_kind kind, uk_bytes id,
    const char *label, const char *value)
{
	const struct uk_new_object what = { .kind = kind,
		.label = label,
		.id = id,
		.application = kind == UK_OBJ_DATA ? "notes" : NULL,
		.value = hex(value) };
	size_t at = 99;
	uk_err err = uk_card_store(live_card(l), &what, &at);

	if (uk_is_ok(err)) {
		const uk_object *o = &live_card(l)->objects[at];

		assert_int_equal(o->kind, kind);
		assert_string_equal(o->label, label);
	}
	return err;
}

static uk_err store_certificate(struct live *l)
{
	return store(
	    l, UK_OBJ_CERTIFICATE, UK_ARRAY(id_new), "other", "3003020107");
}

static uk_err replace_other(struct live *l)
{
	return store(
	    l, UK_OBJ_CERTIFICATE, UK_ARRAY(id_new), "other", "300402020107");
}

static uk_err replace_login(struct live *l)
{
	return store(
	    l, UK_OBJ_CERTIFICATE, UK_ARRAY(id_login), "login", LONG_VALUE);
}

static uk_err shorten_login(struct live *l)
{
	return store(
	    l, UK_OBJ_CERTIFICATE, UK_ARRAY(id_login), "login", "300402020107");
}

static uk_err store_data(struct live *l)
{
	return store(l, UK_OBJ_DATA, UK_NONE, "note", B16);
}

static uk_err store_private(struct live *l)
{
	const struct uk_new_object what = { .kind = UK_OBJ_DATA,
		.label = "secret",
		.is_private = true,
		.value = hex(B16) };
	size_t at;

	return uk_card_store(live_card(l), &what, &at);
}

static uk_err store_public(struct live *l)
{
	return store(l, UK_OBJ_PUBLIC_KEY, UK_ARRAY(id_new), "friend", SPKI_G);
}

static uk_err destroy(
    struct live *l, enum uk_object_kind kind, const char *what)
{
	return uk_card_destroy(live_card(l), live_find(l, kind, what));
}

static uk_err destroy_key(struct live *l)
{
	return destroy(l, UK_OBJ_PRIVATE_KEY, "made");
}

static uk_err destroy_certificate(struct live *l)
{
	return destroy(l, UK_OBJ_CERTIFICATE, "login");
}

static uk_err destroy_data(struct live *l)
{
	return destroy(l, UK_OBJ_DATA, "note");
}

static uk_err destroy_public(struct live *l)
{
	return destroy(l, UK_OBJ_PUBLIC_KEY, "friend");
}

static uk_err rename_key(struct live *l)
{
	return uk_card_rename(live_card(l),
	    live_find(l, UK_OBJ_PRIVATE_KEY, "made"), "a longer name",
	    UK_ARRAY(id_login));
}

static uk_err rename_data(struct live *l)
{
	return uk_card_rename(live_card(l), live_find(l, UK_OBJ_DATA, "note"),
	    "n", UK_ARRAY(id_new));
}

static uk_err nothing(struct live *l)
{
	(void)l;
	return uk_ok();
}

static const struct change {
	const char *name;
	uk_err (*before)(struct live *l);
	uk_err (*make)(struct live *l);
	const char *appears; /* in the listing afterwards; NULL: */
	const char *goes;    /* ... what is not there any more */
} changes[] = {
	{ "generate", nothing, generate,
	    "1 'made' C1C2 private 1 modifiable 1 type 2/2 bits 256 usage 104 "
	    "auth 0 here 1 \n",
	    NULL },
	{ "store a certificate", nothing, store_certificate,
	    "0 'other' C1C2 private 0 modifiable 1 application '' value "
	    "3003020107\n",
	    NULL },
	{ "replace a further one", store_certificate, replace_other,
	    "value 300402020107\n", "3003020107" },
	{ "replace one at home", nothing, replace_login,
	    "value " LONG_VALUE "\n", "3003020101" },
	{ "replace it by a shorter one", replace_login, shorten_login,
	    "value 300402020107\n", LONG_VALUE },
	{ "store data", nothing, store_data,
	    "3 'note'  private 0 modifiable 1 application 'notes' value " B16
	    "\n",
	    NULL },
	{ "store a public key", nothing, store_public,
	    "2 'friend' C1C2 private 0 modifiable 1 type 2/2 bits 256 usage 0 "
	    "auth 0 here 0 04" G_X G_Y "\n",
	    NULL },
	{ "import", nothing, import,
	    "1 'brought' C1C2 private 1 modifiable 1 type 5/5 bits 256 usage "
	    "24 "
	    "auth 0 here 0 \n",
	    NULL },
	{ "destroy a key", generate, destroy_key, NULL, "made" },
	{ "destroy a certificate", nothing, destroy_certificate, NULL,
	    "3003020101" },
	{ "destroy data", store_data, destroy_data, NULL, "note" },
	{ "destroy a public key", store_public, destroy_public, NULL,
	    "friend" },
	{ "rename a key", generate, rename_key, "1 'a longer name' B1B2B3B4",
	    "made" },
	{ "rename data", store_data, rename_data, "3 'n' C1C2", "'note'" },
};

enum { CHANGES = sizeof(changes) / sizeof(changes[0]) };

static struct live *prepare(const struct change *ch)
{
	struct live *l = live_new();

	live_login(l);
	expect_ok(ch->before(l));
	expect_ok(uk_card_load_objects(live_card(l)));
	return l;
}

/* --- without trouble ----------------------------------------------------- */

static void every_change_is_seen_by_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHANGES; i++) {
		struct live *l = prepare(&changes[i]);
		char *text;

		expect_ok(changes[i].make(l));
		assert_true(live_card(l)->loaded);
		text = live_listing(l);
		if (changes[i].appears != NULL &&
		    strstr(text, changes[i].appears) == NULL)
			fail_msg("%s:\n%s", changes[i].name, text);
		if (changes[i].goes != NULL &&
		    strstr(text, changes[i].goes) != NULL)
			fail_msg("%s:\n%s", changes[i].name, text);
		live_expect_foreign(l);
		free(text);
		live_free(&l);
	}
}

/* The module's own list is the one that a newcomer would read, and needs no
 * second reading. */
static void the_list_is_up_to_date(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHANGES; i++) {
		struct live *l = prepare(&changes[i]);
		uint32_t version;

		expect_ok(changes[i].make(l));
		version = live_card(l)->info.content_version;
		live_fail(l, 0, REFUSED);
		expect_ok(uk_card_load_objects(live_card(l)));
		assert_int_equal(live_exchanges(l), 0);
		expect_ok(uk_card_reselect(live_card(l)));
		assert_true(live_card(l)->loaded);
		assert_int_equal(live_card(l)->info.content_version, version);
		live_free(&l);
	}
}

/* --- cut short ----------------------------------------------------------- */

static char *listing_after(const struct change *ch, bool made)
{
	struct live *l = prepare(ch);
	char *text;

	if (made)
		expect_ok(ch->make(l));
	text = live_listing(l);
	live_free(&l);
	return text;
}

/* What the driver that met the failure believes must be what is there, unless
 * it says that it does not know. */
static void expect_honest(struct live *l, enum live_failure how)
{
	uk_card *c = live_card(l);
	uint32_t version = c->info.content_version;

	if (how != REFUSED || !c->loaded)
		return;
	expect_ok(uk_card_reselect(c));
	assert_int_equal(c->info.content_version, version);
	assert_true(c->loaded);
}

/* true if the change was made before the failure struck. */
static bool cut_short(const struct change *ch, unsigned nth,
    enum live_failure how, const char *old, const char *new)
{
	struct live *l = prepare(ch);
	bool failed, made;
	char *text;
	uk_err err;

	live_fail(l, nth, how);
	err = ch->make(l);
	failed = live_failed(l);
	live_fail(l, 0, how);
	if (!failed)
		expect_ok(err);
	else if (how != REFUSED)
		expect_code(err, UK_ERR_CARD_REMOVED);
	expect_honest(l, how);
	text = live_listing(l);
	made = strcmp(text, new) == 0;
	if (!made && strcmp(text, old) != 0)
		fail_msg("%s, exchange %u lost (%d): neither\n%s\nnor\n%s\n"
			 "but\n%s",
		    ch->name, nth, how, old, new, text);
	if (uk_is_ok(err))
		assert_true(made);
	live_expect_foreign(l);
	if (!made) {
		free(text);
		live_login(l);
		expect_ok(ch->make(l));
		text = live_listing(l);
		assert_string_equal(text, new);
	}
	free(text);
	live_free(&l);
	return !failed;
}

static void every_exchange_may_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < CHANGES; i++) {
		char *old = listing_after(&changes[i], false);
		char *new = listing_after(&changes[i], true);

		for (int how = 0; how < LIVE_FAILURES; how++) {
			unsigned nth = 1;

			while (!cut_short(
			    &changes[i], nth, (enum live_failure)how, old, new))
				nth++;
			assert_in_range(nth, 5, 40);
		}
		free(old);
		free(new);
	}
}

/* --- private data --------------------------------------------------------- */

static uk_err read_secret(struct live *l, uk_blob *value)
{
	expect_ok(uk_card_load_objects(live_card(l)));
	return uk_card_read_object(
	    live_card(l), live_find(l, UK_OBJ_DATA, "secret"), value);
}

static void private_data_open_with_the_login(void **state)
{
	struct live *l = live_new();
	uk_blob value = { NULL, 0 };

	(void)state;
	live_login(l);
	expect_ok(store_private(l));
	expect_ok(read_secret(l, &value));
	expect_bytes(uk_blob_view(&value), hex(B16));
	expect_ok(uk_card_logout(live_card(l)));
	expect_code(read_secret(l, &value), UK_ERR_NOT_LOGGED_IN);
	live_insert(l);
	expect_code(read_secret(l, &value), UK_ERR_NOT_LOGGED_IN);
	live_login(l);
	expect_ok(read_secret(l, &value));
	expect_ok(destroy(l, UK_OBJ_DATA, "secret"));
	expect_bytes(live_raw(l, "00A4020C024601"), hex("6A82"));
	uk_blob_free(&value);
	live_free(&l);
}

/* --- starting anew ------------------------------------------------------- */

static void fill(struct live *l)
{
	live_login(l);
	expect_ok(generate(l));
	expect_ok(import(l));
	expect_ok(store_certificate(l));
	expect_ok(replace_login(l));
	expect_ok(store_data(l));
	expect_ok(store_private(l));
	expect_ok(store(l, UK_OBJ_PUBLIC_KEY, UK_NONE, "nobody's", SPKI_G));
}

static uk_err initialize(struct live *l)
{
	uk_pin puk;

	expect_ok(uk_pin_set(&puk, uk_view_str("12345678")));
	return uk_card_initialize(live_card(l), &puk, "Neu");
}

static void expect_new(struct live *l)
{
	char *text;

	assert_int_equal(live_card(l)->object_count, 4);
	text = live_listing(l);
	assert_non_null(strstr(text, "1 'login'"));
	assert_non_null(strstr(text, "1 'transfer'"));
	assert_non_null(strstr(text, LONG_VALUE));
	assert_non_null(strstr(text, "3003020102"));
	assert_non_null(strstr(text, "card 'Neu'"));
	free(text);
	live_expect_foreign(l);
	/* also what was in nobody's list */
	expect_bytes(live_raw(l, "0046810005AC0384010300"), hex("6A88"));
	expect_bytes(live_raw(l, "0046810005AC0384010F00"), hex("6A88"));
	expect_bytes(live_raw(l, "00A4020C024333"), hex("6A82"));
	expect_bytes(live_raw(l, "00A4020C02450F"), hex("6A82"));
	expect_bytes(live_raw(l, "00A4020C024601"), hex("6A82"));
}

static void starting_anew_leaves_the_banks_own(void **state)
{
	struct live *l = live_new();

	(void)state;
	fill(l);
	assert_true(live_raw(l, "004600000BAC0980011184010F95010100").n > 60);
	expect_bytes(
	    live_raw(l, "00E000000A62088302450F81020010"), hex("9000"));
	live_insert(l);
	expect_ok(initialize(l));
	/* nobody is logged in */
	expect_bytes(live_raw(l, "00200081"), hex("63C3"));
	expect_bytes(live_raw(l, "00200083"), hex("63C5"));
	expect_new(l);
	live_free(&l);
}

/* Not in one step, but it can always be finished. */
static void starting_anew_can_be_finished(void **state)
{
	unsigned nth = 1;
	bool failed = true;

	(void)state;
	for (; failed; nth++) {
		struct live *l = live_new();

		fill(l);
		live_insert(l);
		live_fail(l, nth, nth % 2 == 0 ? LOST_BEFORE : LOST_AFTER);
		(void)uk_is_ok(initialize(l));
		failed = live_failed(l);
		live_insert(l);
		expect_ok(uk_card_load_objects(live_card(l)));
		expect_ok(initialize(l));
		expect_new(l);
		live_free(&l);
	}
	assert_in_range(nth, 40, 100);
}

static void only_the_officer_starts_anew(void **state)
{
	struct live *l = live_new();
	uk_pin puk;

	(void)state;
	expect_ok(uk_pin_set(&puk, uk_view_str("87654321")));
	expect_code(
	    uk_card_initialize(live_card(l), &puk, "x"), UK_ERR_PIN_WRONG);
	expect_code(
	    uk_card_initialize(live_card(l), &puk, ""), UK_ERR_ARGUMENT);
	expect_code(
	    uk_card_initialize(live_card(l), &puk, NULL), UK_ERR_ARGUMENT);
	expect_code(uk_card_initialize(live_card(l), &puk,
			"thirty-three characters are a lot"),
	    UK_ERR_ARGUMENT);
	expect_code(
	    uk_card_initialize(live_card(l), &puk, "\xff"), UK_ERR_ARGUMENT);
	expect_bytes(live_raw(l, "00200083"), hex("63C4")); /* one try */
	live_free(&l);
}

/* --- remembered ----------------------------------------------------------- */

static const char *folder;

static int with_cache(void **state)
{
	(void)state;
	folder = folder_make();
	if (folder == NULL)
		return 1;
	uk_cache_use(folder);
	return 0;
}

static int without_cache(void **state)
{
	(void)state;
	uk_cache_use(NULL);
	return folder_remove();
}

/* live_listing reads everything that there is to read. */
static void a_card_seen_before(void **state)
{
	struct live *l = live_new();
	char *first, *again;

	(void)state;
	live_login(l);
	expect_ok(generate(l));
	expect_ok(store_certificate(l));
	expect_ok(store_data(l));
	expect_ok(store(l, UK_OBJ_PUBLIC_KEY, UK_NONE, "nobody's", SPKI_G));
	first = live_listing(l);
	assert_in_range(live_exchanges(l), 9, 20);
	again = live_listing(l);
	assert_int_equal(live_exchanges(l), 1); /* SELECT */
	assert_string_equal(first, again);
	free(again);
	/* another program changes it: all is read again, and then known */
	expect_bytes(live_raw(l, "00200081 04 31323334"), hex("9000"));
	expect_bytes(live_raw(l, "00D68B00 05 3003020177"), hex("9000"));
	again = live_listing(l);
	assert_in_range(live_exchanges(l), 9, 20);
	assert_non_null(strstr(again, "3003020177"));
	free(again);
	again = live_listing(l);
	assert_int_equal(live_exchanges(l), 1);
	assert_non_null(strstr(again, "3003020177"));
	free(again);
	free(first);
	live_free(&l);
}

static bool file_holds(const char *path, uk_bytes what)
{
	static uint8_t whole[UK_CACHE_SIZE_MAX];
	FILE *f = fopen(path, "re");
	size_t n;

	assert_non_null(f);
	n = fread(whole, 1, sizeof(whole), f);
	fclose(f);
	return memmem(whole, n, what.p, what.n) != NULL;
}

static uk_bytes wanted;
static unsigned seen, holding;

static int look_for(
    const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)where;
	if (type == FTW_F) {
		seen++;
		holding += file_holds(path, wanted);
	}
	return 0;
}

/* How many files of the cache hold these bytes. */
static unsigned remembered(uk_bytes what)
{
	wanted = what;
	seen = holding = 0;
	assert_int_equal(nftw(folder, look_for, 8, FTW_PHYS), 0);
	assert_in_range(seen, 1, UK_CACHE_FILES_MAX);
	return holding;
}

static void nothing_that_needs_a_login(void **state)
{
	struct live *l = live_new();
	uk_blob value = { NULL, 0 };
	uk_bytes cert = hex("3003020101"), secret = hex("5EC2E75EC2E75EC2E7");
	const struct uk_new_object what = { .kind = UK_OBJ_DATA,
		.label = "secret",
		.is_private = true,
		.value = secret };
	size_t at;

	(void)state;
	live_login(l);
	expect_ok(uk_card_store(live_card(l), &what, &at));
	live_insert(l);
	live_login(l);
	expect_ok(read_secret(l, &value));
	expect_bytes(uk_blob_view(&value), secret);
	expect_ok(uk_card_read_object(
	    live_card(l), live_find(l, UK_OBJ_CERTIFICATE, "login"), &value));
	live_free(&l);
	uk_blob_free(&value);
	assert_int_equal(remembered(secret), 0);
	assert_in_range(remembered(cert), 1, UK_CACHE_FILES_MAX);
}

int main(int argc, char **argv)
{
	/* Everything above again, with the cache at work. */
	bool cached = argc == 2 && strcmp(argv[1], "cached") == 0;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_change_is_seen_by_all),
		cmocka_unit_test(the_list_is_up_to_date),
		cmocka_unit_test(every_exchange_may_fail),
		cmocka_unit_test(private_data_open_with_the_login),
		cmocka_unit_test(starting_anew_leaves_the_banks_own),
		cmocka_unit_test(starting_anew_can_be_finished),
		cmocka_unit_test(only_the_officer_starts_anew),
	};
	const struct CMUnitTest with[] = {
		cmocka_unit_test(a_card_seen_before),
		cmocka_unit_test(nothing_that_needs_a_login),
	};
	int failed;

	if (!cached)
		return cmocka_run_group_tests(tests, NULL, NULL);
	failed = cmocka_run_group_tests(with, with_cache, without_cache);
	return failed +
	       cmocka_run_group_tests(tests, with_cache, without_cache);
}
