/* The issuer security domain and the card's life cycle by profile. */
#include "vc_profile.h"

#include "tlv.h"

enum { KEY_MIN = 16, KEY_MAX = 32, SETS_MAX = 8, SET_MAX = 3 * 34 + 16 };

/* GlobalPlatform's test keys, known to everybody. */
static const uint8_t usual_key[] = { 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46,
	0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f };

static void put_key(const struct vc_json *at, const char *name, uint8_t tag,
    uk_bytes usual, uk_buf *out)
{
	struct vc_json j = vc_json_at(at, name);
	uint8_t key[KEY_MAX];
	uk_buf b = UK_BUF(key);

	vc_json_hex(&j, KEY_MIN, KEY_MAX, &b);
	uk_put_tlv(out, tag, b.len > 0 ? uk_buf_view(&b) : usual);
	uk_wipe(key, sizeof(key));
}

static void put_byte(const struct vc_json *at, const char *name, uint8_t tag,
    uint8_t usual, uk_buf *out)
{
	struct vc_json j = vc_json_at(at, name);
	uint8_t byte[1] = { usual };
	uk_buf b = UK_BUF(byte);

	vc_json_hex(&j, 1, 1, &b);
	uk_put_tlv_u8(out, tag, byte[0]);
}

/* One key set, as the domain's parameters of installation have it. */
static void put_set(const struct vc_json *at, uk_buf *out)
{
	static const char *const members[] = { "version", "protocol", "option",
		"key", "enc", "mac", "dek", NULL };
	static const char *const protocols[] = { "scp02", "scp03", NULL };
	struct vc_json protocol = vc_json_at(at, "protocol"),
		       key = vc_json_at(at, "key");
	uint8_t all[KEY_MAX];
	uk_buf b = UK_BUF(all);
	int which = vc_json_choice(&protocol, protocols, 1);
	size_t set = uk_tlv_begin(out, 0xa0);

	vc_json_only(at, members);
	vc_json_hex(&key, KEY_MIN, KEY_MAX, &b);
	if (b.len == 0)
		uk_put(&b, UK_ARRAY(usual_key));
	put_byte(at, "version", 0x80, 0xff, out);
	uk_put_tlv_u8(out, 0x81, which == 0 ? 0x02 : 0x03);
	put_byte(at, "option", 0x82, which == 0 ? 0x55 : 0x70, out);
	put_key(at, "enc", 0x83, uk_buf_view(&b), out);
	put_key(at, "mac", 0x84, uk_buf_view(&b), out);
	put_key(at, "dek", 0x85, uk_buf_view(&b), out);
	uk_tlv_end(out, set);
	uk_wipe(all, sizeof(all));
}

static uk_err put_keys(struct vc_profile *p, const struct vc_json *list)
{
	uint8_t storage[SETS_MAX * SET_MAX];
	uk_buf params = UK_BUF(storage);
	size_t n = vc_json_count(list);
	uk_err err;

	if (n > SETS_MAX)
		vc_json_fail(list, "8 key sets are as many as there can be");
	for (size_t i = 0; i < n && i < SETS_MAX; i++) {
		struct vc_json set = vc_json_item(list, i);

		put_set(&set, &params);
	}
	err = vc_doc_result(list->doc);
	if (uk_is_ok(err))
		err = vc_card_install(
		    p->card, "isd", UK_NONE, uk_buf_view(&params));
	if (uk_is(err, UK_ERR_FORMAT))
		vc_json_fail(list,
		    "these are no key sets: versions differ and are 01 to 7F "
		    "or FF; scp02 has the options 15 and 55 and keys of 16 "
		    "bytes, scp03 00, 10, 20, 30, 60 and 70, and 16, 24 or 32");
	uk_wipe(storage, sizeof(storage));
	return err;
}

static uk_err set_life(struct vc_card *card, uk_bytes aid, uint8_t life)
{
	struct vc_app *domain = vc_card_app(card, aid);

	if (domain == NULL)
		return uk_fail(UK_ERR_NOT_FOUND);
	UK_TRY(vc_registry_set_card_life(domain->home.registry, life));
	return vc_nv_commit(domain->home.nv);
}

/* "issuer": false is a card without a domain. */
uk_err vc_profile_issuer(struct vc_profile *p)
{
	static const char *const members[] = { "keys", "state", NULL };
	static const char *const states[] = { "op-ready", "initialized",
		"secured", "locked", NULL };
	static const uint8_t lives[] = { VC_CARD_OP_READY, VC_CARD_INITIALIZED,
		VC_CARD_SECURED, VC_CARD_LOCKED };
	bool none = json_is_false(p->at.v);
	struct vc_json keys = vc_json_at(&p->at, "keys"),
		       state = vc_json_at(&p->at, "state");
	int which = vc_json_choice(&state, states, 0);

	if (!none)
		vc_json_only(&p->at, members);
	UK_TRY(vc_doc_result(p->at.doc));
	if (none || vc_json_is_there(&keys))
		UK_TRY(vc_card_remove(p->card, p->aid));
	if (none)
		return uk_ok();
	if (vc_json_is_there(&keys))
		UK_TRY(put_keys(p, &keys));
	return set_life(p->card, p->aid, lives[which < 0 ? 0 : which]);
}
