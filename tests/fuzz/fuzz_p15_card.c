/*
 * The PKCS#15 driver against a hostile card: every answer is the fuzzer's. The
 * driver is led through everything it can do, as IsoApplet's and as any card's;
 * it must stay within its buffers, leave no memory behind, stop after a bounded
 * number of commands, send a PIN once, and believe nothing that is not whole.
 */
#include "fuzz_card.h"
#include "fuzz_link.h"
#include "p15/p15_driver.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	ANSWER_MAX = 2 + 2 * 264, /* commands for one answer: fuzz_channel */
	FILE_MAX = (3 + P15_FILE_MAX / 255 + 1) * ANSWER_MAX,
	LIST_MAX = (1 + P15_DIRS) * FILE_MAX
};

static const uint8_t hash[32] = { 1 };

static void try_pin(uk_card *c)
{
	static const uk_pin pin = { 6, { '1', '2', '3', '4', '5', '6' } };
	static const uk_pin puk = { 16, "1234567812345678" };
	uk_pin_state s;

	/* by now it is known which PIN is meant */
	(void)uk_is_ok(uk_card_verify(c, UK_PIN_USER, &pin));
	MUST(fuzz_link_commands() <= 1 + 2 * FILE_MAX);
	(void)uk_is_ok(uk_card_verify(c, UK_PIN_CONSENT, &pin));
	(void)uk_is_ok(uk_card_pin_state(c, UK_PIN_USER, &s));
	(void)uk_is_ok(uk_card_change_pin(c, UK_PIN_USER, &pin, &pin));
	(void)uk_is_ok(uk_card_unblock(c, &puk, &pin));
	MUST(fuzz_link_commands() <= 5 * (1 + 2 * FILE_MAX));
	MUST(c->pins[0].tries_left >= -1 && c->pins[0].tries_left <= 15);
}

static void try_sign(uk_card *c, const uk_object *key)
{
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	bool rsa = key->key_type == UK_KEY_RSA;
	struct uk_sign_request r = { key, rsa ? UK_SIG_PKCS1 : UK_SIG_ECDSA,
		UK_HASH_NONE, UK_ARRAY(hash) };
	uk_err err;

	if (!uk_card_can_sign(c, &r))
		return;
	err = uk_card_sign(c, &r, &sig);
	MUST(fuzz_link_commands() <= 1 + ANSWER_MAX);
	MUST(!uk_is(err, UK_ERR_PIN_WRONG) && !uk_is(err, UK_ERR_PIN_BLOCKED));
	MUST(uk_is_ok(err) ? sig.len > 0 : sig.len == 0);
}

static void try_object(uk_card *c, const uk_object *o)
{
	uk_blob blob = { NULL, 0 };
	uk_public_key k;

	MUST(o->id_len <= UK_ID_MAX);
	if (uk_is_ok(uk_card_read_object(c, o, &blob)))
		MUST(o->kind == UK_OBJ_CERTIFICATE || o->kind == UK_OBJ_DATA);
	MUST(blob.n <= P15_FILE_MAX);
	uk_blob_free(&blob);
	MUST(fuzz_link_commands() <= LIST_MAX);
	if (uk_is_ok(uk_card_read_public(c, o, &k)))
		MUST(k.type == UK_KEY_RSA ? k.modulus_len > 0
					  : k.point_len >= 65);
	MUST(fuzz_link_commands() <= LIST_MAX);
	try_sign(c, o);
}

/* A directory is read, and written in pieces of 240 bytes. */
enum { CHANGE_MAX = 6 * FILE_MAX + 2 * LIST_MAX + 400 };

static void try_changes(uk_card *c, enum uk_key_type type)
{
	static const uint8_t value[700] = { 0x30, 0x03, 2, 1, 1 };
	static const uint8_t id[] = { 1, 2 };
	struct uk_new_object what = { .kind = UK_OBJ_PRIVATE_KEY,
		.label = "new",
		.id = { id, 2 },
		.usage = UK_USE_SIGN,
		.key_type = type,
		.key_bits = 2048 };
	size_t at = 0;

	if (uk_is_ok(uk_card_generate(c, &what, &at)))
		MUST(at < c->object_count && c->loaded &&
		     c->objects[at].kind == UK_OBJ_PRIVATE_KEY);
	MUST(fuzz_link_commands() <= CHANGE_MAX);
	if (uk_is_ok(fuzz_card_bring(c, &what, &at)))
		MUST(at < c->object_count && c->loaded &&
		     c->objects[at].kind == UK_OBJ_PRIVATE_KEY);
	MUST(fuzz_link_commands() <= CHANGE_MAX);
	what.kind = UK_OBJ_CERTIFICATE;
	what.value = UK_ARRAY(value);
	if (uk_is_ok(uk_card_store(c, &what, &at))) {
		uk_object o = c->objects[at];

		MUST(o.kind == UK_OBJ_CERTIFICATE && c->loaded);
		(void)uk_is_ok(uk_card_destroy(c, &o));
	}
	MUST(fuzz_link_commands() <= 2 * CHANGE_MAX);
}

static void try_everything(uk_card *c, uint8_t first)
{
	MUST(c->info.serial_len <= UK_SERIAL_MAX);
	(void)uk_is_ok(uk_card_load_objects(c));
	MUST(fuzz_link_commands() <= LIST_MAX);
	(void)uk_is_ok(uk_card_look(c, ~0U));
	MUST(fuzz_link_commands() <= LIST_MAX);
	MUST(c->object_count <= UK_OBJECTS_MAX);
	for (size_t i = 0; i < c->object_count; i++)
		try_object(c, &c->objects[(i + first) % c->object_count]);
	try_changes(c, first % 8 < 4 ? UK_KEY_RSA : UK_KEY_P256);
	try_pin(c);
	(void)uk_is_ok(uk_card_logout(c));
	(void)uk_is_ok(uk_card_reselect(c));
	MUST(fuzz_link_commands() <= 3 * ANSWER_MAX);
}

static void meet(uk_reader r, uint8_t first)
{
	const struct uk_selected s = { first % 2 == 0
					   ? UK_ARRAY(uk_isoapplet_aid)
					   : UK_ARRAY(uk_p15_aid),
		first % 4 == 2 ? uk_get(&r, 3) : UK_NONE };
	uk_link *link = fuzz_link(&r);
	uk_channel *ch;
	uk_card *c;

	MUST(uk_is_ok(uk_channel_open(&link, &ch)));
	if (uk_is_ok(uk_p15_ops.open(ch, &s, &c))) {
		(void)fuzz_link_commands();
		try_everything(c, first);
	}
	uk_card_close(&c);
	uk_channel_close(&ch, UK_LEAVE_CARD);
	MUST(uk_mem_live() == 0);
}

/* --- a card that is met again ----------------------------------------------
 */

/* File information and TokenInfo (test_p15_card.c), so that what follows is
 * remembered. */
static const uint8_t known_card[] = { 0, 25, 0x6f, 0x15, 0x81, 0x02, 0x00, 0x3d,
	0x82, 0x01, 0x01, 0x83, 0x02, 0x50, 0x32, 0x86, 0x08, 0xff, 0, 0, 0, 0,
	0, 0, 0, 0x90, 0, 0, 0x1f + 2, 0x30, 0x1d, 0x02, 0x01, 0x00, 0x04, 0x01,
	0x09, 0x03, 0x02, 0x04, 0x10, 0xa5, 0x11, 0x18, 0x0f, '2', '0', '2',
	'0', '0', '1', '0', '1', '0', '0', '0', '0', '0', '0', 'Z', 0x90, 0 };

static char folder[64];

static int remove_one(
    const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void clean_up(void)
{
	if (folder[0] != 0)
		(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void meet_twice(uk_bytes answers, uint8_t first)
{
	static uint8_t all[1 << 20];
	uk_buf b = UK_BUF(all);

	if (folder[0] == 0) {
		(void)snprintf(folder, sizeof(folder), "%s/fuzz_p15_%d",
		    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
		    (int)getpid());
		(void)atexit(clean_up);
	}
	uk_put(&b, UK_ARRAY(known_card));
	uk_put(&b, answers);
	uk_cache_use(folder);
	for (int i = 0; i < 2 && !b.bad; i++)
		meet(uk_read(uk_buf_view(&b)), (uint8_t)(first & ~3));
	uk_cache_use(NULL);
	clean_up();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uk_reader r = uk_read(uk_view(bytes, size));
	uint8_t first = uk_get_u8(&r);

	if ((first & 0x40) != 0)
		meet_twice(uk_get_rest(&r), first);
	else
		meet(r, first);
	return 0;
}
