#include "ukey_live.h"

#include "cmocka_all.h"
#include "fixtures.h"
#include "vcard_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Written by hand from 7816-15; the script of test_ukey_card explains them. */
#define LIVE_KEY_1                                                             \
	"A031 300E 0C056C6F67696E 03020780 040101"                             \
	"     3011 0404B1B2B3B4 03020520 030203B8 020101"                      \
	"     A10C 300A 300404024402 02020100"
#define LIVE_KEY_2                                                             \
	"A038 3014 0C087472616E73666572 03020780 040101 020101"                \
	"     3012 0404A1A2A3A4 0303060040 030203B8 020102"                    \
	"     A10C 300A 300404024402 02020100"
#define LIVE_CERT_1                                                            \
	"301B 3007 0C056C6F67696E 3006 0404B1B2B3B4"                           \
	"     A108 3006 300404024331"
#define LIVE_CERT_2                                                            \
	"301E 300A 0C087472616E73666572 3006 0404A1A2A3A4"                     \
	"     A108 3006 300404024332"
/* The public half of key 01, listed without its reference: by its id alone. */
#define LIVE_PUBLIC_1                                                          \
	"A07A 3007 0C056C6F67696E 300E 0404B1B2B3B4 03020102 03020640"         \
	"     A15F 305D A05B A159 3013 06072A8648CE3D0201 "                    \
	"06082A8648CE3D030107"                                                 \
	"     034200 04" G_X G_Y
#define G_X "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
#define G_Y "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
/* A choice of no kind that we know. */
#define FOREIGN "A507 0C05616C69656E"

enum { FOREIGN_LEN = 9, LISTING_MAX = 16384, DIRECTORIES = 4 };

struct live_link {
	uk_link base;
	struct live *live;
};

struct live {
	struct vc_card *vc;
	uk_channel *ch;
	uk_card *card;
	unsigned seen, nth;
	enum live_failure how;
	bool failed, gone;
};

/* --- the link ------------------------------------------------------------ */

static uk_err live_transmit(uk_link *base, uk_bytes cmd, uk_buf *resp, bool sec)
{
	struct live *l = ((struct live_link *)base)->live;
	bool now = ++l->seen == l->nth;

	(void)sec;
	l->failed = l->failed || now;
	if (now && l->how == REFUSED) {
		uk_put_u16(resp, 0x6581);
		return uk_buf_result(resp);
	}
	if (now && l->how == LOST_AFTER)
		(void)vc_card_transmit(l->vc, cmd);
	l->gone = l->gone || now;
	if (l->gone)
		return uk_fail(UK_ERR_CARD_REMOVED);
	uk_put(resp, vc_card_transmit(l->vc, cmd));
	return uk_buf_result(resp);
}

static uk_err live_begin(uk_link *base)
{
	(void)base;
	return uk_ok();
}

static void live_end(uk_link *base, enum uk_card_fate fate)
{
	(void)base;
	(void)fate;
}

static void live_close(uk_link *base, enum uk_card_fate fate)
{
	(void)fate;
	free(base);
}

static const struct uk_link_ops live_ops = {
	.transmit = live_transmit,
	.begin = live_begin,
	.end = live_end,
	.close = live_close,
};

/* --- the card ------------------------------------------------------------ */

static const struct {
	const char *sfi, *content;
} files[] = {
	{ "82", LIVE_KEY_1 FOREIGN LIVE_KEY_2 },
	{ "83", LIVE_PUBLIC_1 FOREIGN },
	{ "84", LIVE_CERT_1 LIVE_CERT_2 FOREIGN },
	{ "85", FOREIGN },
	/* 4331 and 4332, made below */
	{ "8B", "3003020101" },
	{ "8C", "3003020102" },
};

static void write_file(struct vc_card *vc, const char *sfi, const char *content)
{
	char command[512];

	snprintf(command, sizeof(command), "00D6%s00%02zX%s", sfi,
	    hex(content).n, content);
	expect_sw(vc, command, 0x9000);
}

struct live *live_new(void)
{
	struct live *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->vc = card_in_creation(NULL, 0x11, false);
	expect_sw(l->vc, "00E000000A62088302433181020200", 0x9000);
	expect_sw(l->vc, "00E000000A62088302433281020200", 0x9000);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		write_file(l->vc, files[i].sfi, files[i].content);
	expect_sw(l->vc, "00440000", 0x9000);
	live_insert(l);
	return l;
}

static void disconnect(struct live *l)
{
	uk_card_close(&l->card);
	uk_channel_close(&l->ch, UK_LEAVE_CARD);
}

void live_free(struct live **l)
{
	disconnect(*l);
	vc_card_close(&(*l)->vc);
	free(*l);
	*l = NULL;
}

void live_insert(struct live *l)
{
	struct live_link *link = calloc(1, sizeof(*link));
	uk_link *base = &link->base;

	assert_non_null(link);
	disconnect(l);
	vc_card_reset(l->vc);
	link->base.ops = &live_ops;
	link->live = l;
	l->gone = false;
	live_fail(l, 0, REFUSED);
	expect_ok(uk_channel_open(&base, &l->ch));
	expect_ok(uk_card_open(l->ch, &l->card));
}

uk_card *live_card(struct live *l)
{
	return l->card;
}

void live_login(struct live *l)
{
	uk_pin pin;

	expect_ok(uk_pin_set(&pin, uk_view_str("1234")));
	expect_ok(uk_card_verify(l->card, UK_PIN_USER, &pin));
}

void live_fail(struct live *l, unsigned nth, enum live_failure how)
{
	l->seen = 0;
	l->nth = nth;
	l->how = how;
	l->failed = false;
}

bool live_failed(const struct live *l)
{
	return l->failed;
}

unsigned live_exchanges(const struct live *l)
{
	return l->seen;
}

uk_bytes live_raw(struct live *l, const char *command)
{
	return vc_card_transmit(l->vc, hex(command));
}

/* --- looking ------------------------------------------------------------- */

static void put_hex(FILE *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%02X", p[i]);
}

static void list_key(struct live *l, const uk_object *o, FILE *out)
{
	uk_public_key k;

	expect_ok(uk_card_read_public(l->card, o, &k));
	fprintf(out, " type %d/%d bits %u usage %x auth %d here %d ",
	    o->key_type, k.type, o->key_bits, o->usage, o->always_auth,
	    o->on_card);
	/* A key made anew is another one: not its value. */
	if (o->kind == UK_OBJ_PUBLIC_KEY)
		put_hex(out, k.point, k.point_len);
}

static void list_value(struct live *l, const uk_object *o, FILE *out)
{
	uk_blob value = { NULL, 0 };

	expect_ok(uk_card_read_object(l->card, o, &value));
	fprintf(out, " application '%s' value ", o->application);
	put_hex(out, value.p, value.n);
	uk_blob_free(&value);
}

char *live_listing(struct live *l)
{
	char *text = calloc(1, LISTING_MAX);
	FILE *out = fmemopen(text, LISTING_MAX, "w");

	assert_non_null(out);
	live_insert(l);
	expect_ok(uk_card_load_objects(l->card));
	for (size_t i = 0; i < l->card->object_count; i++) {
		const uk_object *o = &l->card->objects[i];

		fprintf(out, "%d '%s' ", o->kind, o->label);
		put_hex(out, o->id, o->id_len);
		fprintf(out, " private %d modifiable %d", o->is_private,
		    o->modifiable);
		if (o->kind == UK_OBJ_PRIVATE_KEY ||
		    o->kind == UK_OBJ_PUBLIC_KEY)
			list_key(l, o, out);
		else
			list_value(l, o, out);
		fputc('\n', out);
	}
	fprintf(out, "card '%s'\n", l->card->info.label);
	assert_int_equal(fclose(out), 0);
	return text;
}

const uk_object *live_find(
    struct live *l, enum uk_object_kind kind, const char *label)
{
	expect_ok(uk_card_load_objects(l->card));
	for (size_t i = 0; i < l->card->object_count; i++) {
		const uk_object *o = &l->card->objects[i];

		if (o->kind == kind && strcmp(o->label, label) == 0)
			return o;
	}
	fail_msg("no object '%s'", label);
	return NULL;
}

static bool contains(uk_bytes where, uk_bytes what)
{
	for (size_t i = 0; i + what.n <= where.n; i++) {
		if (uk_bytes_eq(
			uk_bytes_first(uk_bytes_from(where, i), what.n), what))
			return true;
	}
	return false;
}

void live_expect_foreign(struct live *l)
{
	static const char *const reads[DIRECTORIES] = { "00B08200000000",
		"00B08300000000", "00B08400000000", "00B08500000000" };

	for (size_t i = 0; i < DIRECTORIES; i++)
		assert_true(contains(live_raw(l, reads[i]), hex(FOREIGN)));
	assert_true(contains(live_raw(l, reads[1]), hex(LIVE_PUBLIC_1)));
}
