/*
 * The PIV driver against a hostile card: every answer is the fuzzer's. The
 * driver is led through everything it can do; it must stay within its buffers,
 * leave no memory behind, stop after a bounded number of commands, send a PIN
 * once, and believe nothing that is not whole.
 *
 * Bit 7 of the first byte: the fuzzer has also written what is remembered of
 * the card; bit 6: and that is to be believed.
 */
#include "fuzz_card.h"
#include "fuzz_link.h"
#include "piv/piv_driver.h"

enum {
	/* commands for one answer, see fuzz_channel: and as many again for one
	 * that is sent in parts */
	ANSWER_MAX = 2 + 2 * 264,
	REMEMBERS = 0x80,
	BELIEVES = 0x40,
	DESCRIBE_MAX = 5 * ANSWER_MAX,
	SENT_MAX = ANSWER_MAX + PIV_OBJECT_MAX / 255 + 1
};

static const uint8_t hash[48] = { 1 };

static void try_pin(uk_card *c)
{
	static const uk_pin pin = { 6, { '1', '2', '3', '4', '5', '6' } };
	static const uk_pin puk = { 8, "12345678" };
	static const uk_pin key = { 48,
		"010203040506070801020304050607080102030405060708" };
	uk_pin_state s;

	(void)uk_is_ok(uk_card_pin_state(c, UK_PIN_USER, &s));
	MUST(fuzz_link_commands() <= 2 * ANSWER_MAX);
	(void)uk_is_ok(uk_card_verify(c, UK_PIN_USER, &pin));
	MUST(fuzz_link_commands() <= 1 + ANSWER_MAX);
	(void)uk_is_ok(uk_card_verify(c, UK_PIN_CONSENT, &pin));
	MUST(fuzz_link_commands() <= 1 + ANSWER_MAX);
	(void)uk_is_ok(uk_card_unblock(c, &puk, &pin));
	MUST(fuzz_link_commands() == 1);
	/* nobody can guess our challenge's answer */
	MUST(!uk_is_ok(uk_card_verify(c, UK_PIN_SO, &key)));
	MUST(fuzz_link_commands() <= 6 * ANSWER_MAX);
	MUST(c->pins[0].tries_left >= -1 && c->pins[0].tries_left <= 15);
}

static void try_sign(uk_card *c, const uk_object *key)
{
	uint8_t room[UK_SIGNATURE_MAX];
	uk_buf sig = UK_BUF(room);
	bool rsa = key->key_type == UK_KEY_RSA;
	struct uk_sign_request r = { key, rsa ? UK_SIG_PKCS1 : UK_SIG_ECDSA,
		UK_HASH_NONE, UK_ARRAY(hash) };
	size_t field = uk_key_field(key->key_type);
	uk_err err;

	MUST(uk_card_can_sign(c, &r));
	err = uk_card_sign(c, &r, &sig);
	MUST(fuzz_link_commands() <= 4 + ANSWER_MAX);
	MUST(!uk_is(err, UK_ERR_PIN_WRONG) && !uk_is(err, UK_ERR_PIN_BLOCKED));
	MUST(sig.len ==
	     (uk_is_ok(err) ? rsa ? key->key_bits / 8 : 2 * field : 0));
}

static void try_decipher(uk_card *c, const uk_object *key)
{
	static const uint8_t in[UK_MODULUS_MAX] = { 0x04 };
	bool rsa = key->key_type == UK_KEY_RSA;
	size_t k = rsa ? key->key_bits / 8 : uk_key_field(key->key_type);
	uint8_t room[UK_MODULUS_MAX];
	uk_buf out = UK_BUF(room);
	uk_err err = uk_card_decipher(c, key,
	    rsa ? UK_DECIPHER_RSA : UK_DECIPHER_ECDH,
	    uk_view(in, rsa ? k : 1 + 2 * k), &out);

	MUST(out.len == (uk_is_ok(err) ? k : 0));
	MUST(fuzz_link_commands() <= 4 + ANSWER_MAX);
}

static void try_object(uk_card *c, uk_object o)
{
	uk_public_key k;
	uk_blob blob = { NULL, 0 };
	bool there = uk_is_ok(uk_card_describe(c, &o));

	MUST(fuzz_link_commands() <= DESCRIBE_MAX);
	MUST(there == !o.vague);
	if (there && o.kind == UK_OBJ_PRIVATE_KEY) {
		if (uk_is_ok(uk_card_read_public(c, &o, &k)))
			MUST(k.type == UK_KEY_RSA ? k.modulus_len > 0
						  : k.point_len >= 65);
		(void)fuzz_link_commands();
		try_sign(c, &o);
		try_decipher(c, &o);
	}
	if (uk_is_ok(uk_card_read_object(c, &o, &blob)))
		MUST(o.kind == UK_OBJ_CERTIFICATE && blob.n > 0 &&
		     blob.n <= PIV_CERT_MAX);
	MUST(fuzz_link_commands() <= ANSWER_MAX);
	uk_blob_free(&blob);
}

static void try_changes(uk_card *c, enum uk_key_type type)
{
	static const uint8_t value[700] = { 0x30, 0x03, 2, 1, 1 };
	static const uint8_t id = 0x03;
	struct uk_new_object what = { .kind = UK_OBJ_PRIVATE_KEY,
		.id = { &id, 1 },
		.key_type = type,
		.key_bits = 2048 };
	size_t at = 0;

	if (uk_is_ok(uk_card_generate(c, &what, &at)))
		MUST(at < c->object_count &&
		     c->objects[at].kind == UK_OBJ_PRIVATE_KEY);
	MUST(fuzz_link_commands() <= ANSWER_MAX);
	if (uk_is_ok(fuzz_card_bring(c, &what, &at)))
		MUST(at < c->object_count &&
		     c->objects[at].kind == UK_OBJ_PRIVATE_KEY);
	MUST(fuzz_link_commands() <= ANSWER_MAX + SENT_MAX);
	what.kind = UK_OBJ_CERTIFICATE;
	what.value = UK_ARRAY(value);
	if (uk_is_ok(uk_card_store(c, &what, &at)))
		(void)uk_is_ok(uk_card_destroy(c, &c->objects[at]));
	MUST(fuzz_link_commands() <= 2 * SENT_MAX);
}

static void try_everything(uk_card *c, uint8_t first)
{
	MUST(c->info.serial_len <= UK_SERIAL_MAX);
	if (uk_is_ok(uk_card_load_objects(c)))
		MUST(c->object_count <= UK_OBJECTS_MAX);
	MUST(fuzz_link_commands() == 0);
	/* where it begins is the fuzzer's to say: its answers do not last */
	for (size_t i = 0; i < c->object_count; i++)
		try_object(c, c->objects[(i + first) % c->object_count]);
	try_changes(c, first % 2 == 0 ? UK_KEY_P256 : UK_KEY_RSA);
	try_pin(c);
	(void)uk_is_ok(uk_card_logout(c));
	(void)uk_is_ok(uk_card_reselect(c));
	MUST(fuzz_link_commands() <= 4 * ANSWER_MAX);
}

/* Item by item: which, its length in two bytes, the value. */
static void remember(uk_card *c, uk_reader *r)
{
	static const uint32_t items[] = { 0x5fc105, 0x5fc10a, 0x5fc10d,
		PIV_TAG_HISTORY, PIV_ITEM_KEY, PIV_ITEM_KEY + 1,
		PIV_ITEM_METADATA, PIV_ITEM_METADATA + 1, PIV_ITEM_VERSION,
		PIV_ITEM_PIN };
	enum { ITEMS = sizeof(items) / sizeof(items[0]) };

	for (uint8_t n = uk_get_u8(r); n > 0 && !r->bad; n--) {
		uint32_t item = items[uk_get_u8(r) % ITEMS];

		uk_cache_put(c->cache, item, uk_get(r, uk_get_u16(r)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const struct uk_selected s = { UK_ARRAY(uk_piv_aid), UK_NONE };
	uk_reader r = uk_read(uk_view(bytes, size));
	uint8_t first = uk_get_u8(&r);
	uk_bytes memory = UK_NONE;
	uk_reader remembered;
	uk_link *link;
	uk_channel *ch;
	uk_card *c;

	if ((first & REMEMBERS) != 0)
		memory = uk_get(&r, uk_get_u16(&r));
	remembered = uk_read(memory);
	link = fuzz_link(&r);
	/* no such folder: nothing is read or written */
	uk_cache_use((first & REMEMBERS) != 0 ? "/nonexistent/ukey" : NULL);
	uk_cache_believe((first & BELIEVES) != 0);
	MUST(uk_is_ok(uk_channel_open(&link, &ch)));
	if (uk_is_ok(uk_piv_ops.open(ch, &s, &c))) {
		MUST(fuzz_link_commands() <= 3 * ANSWER_MAX);
		remember(c, &remembered);
		try_everything(c, first);
	}
	uk_card_close(&c);
	uk_channel_close(&ch, UK_LEAVE_CARD);
	MUST(uk_mem_live() == 0);
	return 0;
}
