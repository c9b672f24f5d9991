/* Keys, the sets of three that open channels, and the first of
 * them: 2.3.1, 11.1.8 and 11.3.3.1. */
#include "vc_isd.h"

#include "secret.h"
#include "tlv.h"

enum { ID_ENC = 1, ID_LAST = 3 };

static struct vc_nv_id id_of(
    const struct vc_isd *d, uint8_t version, uint8_t id)
{
	return vc_home_id(
	    &d->app.home, VC_NV_KEY, (uint16_t)(version << 8 | id));
}

/* --- single keys -----------------------------------------------------------
 */

bool vc_isd_key_find(
    const struct vc_isd *d, uint8_t version, uint8_t id, struct vc_isd_key *out)
{
	uk_bytes v;

	*out = (struct vc_isd_key){ version, id, 0, UK_NONE };
	if (!vc_nv_get(d->app.home.nv, id_of(d, version, id), &v) || v.n == 0)
		return false;
	out->type = v.p[0];
	out->value = uk_bytes_from(v, 1);
	return true;
}

bool vc_isd_has_version(const struct vc_isd *d, uint8_t version)
{
	uk_reader list = uk_read(vc_isd_get(d, VC_ISD_LIST));

	while (list.left > 0) {
		if (uk_get_u8(&list) == version)
			return true;
		(void)uk_get_u8(&list);
	}
	return false;
}

/* The list with this key, where it was or at the end, or without it. */
static uk_err put_list(
    struct vc_isd *d, uint8_t version, uint8_t id, bool there)
{
	uint8_t storage[2 * VC_ISD_KEYS_MAX];
	uk_buf b = UK_BUF(storage);
	uk_reader list = uk_read(vc_isd_get(d, VC_ISD_LIST));
	bool seen = false;

	while (list.left > 0) {
		uint8_t v = uk_get_u8(&list), i = uk_get_u8(&list);
		bool same = v == version && i == id;

		seen = seen || same;
		if (same && !there)
			continue;
		uk_put_u8(&b, v);
		uk_put_u8(&b, i);
	}
	if (there && !seen) {
		uk_put_u8(&b, version);
		uk_put_u8(&b, id);
	}
	UK_TRY(uk_buf_result(&b));
	return vc_isd_put(d, VC_ISD_LIST, uk_buf_view(&b));
}

uk_err vc_isd_key_put(struct vc_isd *d, const struct vc_isd_key *key)
{
	uint8_t storage[1 + VC_SYM_KEY_MAX];
	uk_buf b = UK_BUF(storage);
	uk_err err;

	uk_put_u8(&b, key->type);
	uk_put(&b, key->value);
	err = uk_buf_result(&b);
	if (uk_is_ok(err))
		err = put_list(d, key->version, key->id, true);
	if (uk_is_ok(err))
		err = vc_nv_put(d->app.home.nv, id_of(d, key->version, key->id),
		    uk_buf_view(&b));
	uk_wipe(storage, sizeof(storage));
	return err;
}

uk_err vc_isd_key_drop(struct vc_isd *d, uint8_t version, uint8_t id)
{
	vc_nv_drop(d->app.home.nv, id_of(d, version, id));
	return put_list(d, version, id, false);
}

/* 11.3.3.1: key information template */
void vc_isd_put_key_info(const struct vc_isd *d, uk_buf *out)
{
	uk_reader list = uk_read(vc_isd_get(d, VC_ISD_LIST));
	size_t template = uk_tlv_begin(out, 0xe0);

	while (list.left > 0) {
		uint8_t version = uk_get_u8(&list), id = uk_get_u8(&list);
		struct vc_isd_key key;
		size_t one;

		if (!vc_isd_key_find(d, version, id, &key))
			continue;
		one = uk_tlv_begin(out, 0xc0);
		uk_put_u8(out, id);
		uk_put_u8(out, version);
		uk_put_u8(out, key.type);
		uk_put_u8(out, (uint8_t)key.value.n);
		uk_tlv_end(out, one);
	}
	uk_tlv_end(out, template);
}

/* --- sets ------------------------------------------------------------------
 */

uk_err vc_isd_set_put(struct vc_isd *d, uint8_t version, uint8_t options)
{
	uint8_t set[VC_ISD_SET_SIZE] = { options, 0, 0, 0 };

	return vc_isd_put(d, VC_ISD_SET + version, UK_ARRAY(set));
}

static bool set_at(
    const struct vc_isd *d, uint8_t version, struct vc_isd_set *out)
{
	uk_bytes meta = vc_isd_get(d, VC_ISD_SET + version);
	struct vc_isd_key key[ID_LAST];

	*out = (struct vc_isd_set){ .version = version };
	for (uint8_t i = 0; i < ID_LAST; i++) {
		if (!vc_isd_key_find(d, version, i + ID_ENC, &key[i]) ||
		    key[i].type != key[0].type ||
		    key[i].value.n != key[0].value.n)
			return false;
		out->key[i] = key[i].value;
	}
	if (meta.n != VC_ISD_SET_SIZE)
		return false;
	out->protocol = key[0].type == VC_ISD_AES ? VC_SCP_03 : VC_SCP_02;
	out->options = meta.p[0];
	out->sequence = uk_bytes_from(meta, 1);
	return vc_scp_known(out->protocol, out->options, out->key[0].n);
}

bool vc_isd_set_find(
    const struct vc_isd *d, uint8_t version, struct vc_isd_set *out)
{
	uk_reader list = uk_read(vc_isd_get(d, VC_ISD_LIST));

	if (version != 0)
		return set_at(d, version, out);
	/* The one that came first. */
	while (list.left > 0) {
		uint8_t candidate = uk_get_u8(&list);

		(void)uk_get_u8(&list);
		if (set_at(d, candidate, out))
			return true;
	}
	return false;
}

/* --- first keys ------------------------------------------------------------
 */

/* The keys that cards for tests are delivered with. */
static const uint8_t well_known[] = { 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46,
	0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f };

static uk_err put_set(struct vc_isd *d, const struct vc_isd_set *set)
{
	struct vc_isd_key key = { .version = set->version,
		.type = set->protocol == VC_SCP_03 ? VC_ISD_AES : VC_ISD_DES };

	for (uint8_t i = 0; i < ID_LAST; i++) {
		if (!vc_scp_known(set->protocol, set->options, set->key[i].n))
			return uk_fail(UK_ERR_FORMAT);
		key.id = i + ID_ENC;
		key.value = set->key[i];
		UK_TRY(vc_isd_key_put(d, &key));
	}
	return vc_isd_set_put(d, set->version, set->options);
}

/* A0 { 80 version, 81 protocol, 82 option i, 83 ENC, 84 MAC, 85 DEK } */
static uk_err get_set(uk_bytes v, struct vc_isd_set *out)
{
	uk_bytes version, protocol, options;

	if (!uk_tlv_find(v, 0x80, &version) || version.n != 1 ||
	    !uk_tlv_find(v, 0x81, &protocol) || protocol.n != 1 ||
	    !uk_tlv_find(v, 0x82, &options) || options.n != 1)
		return uk_fail(UK_ERR_FORMAT);
	*out = (struct vc_isd_set){ version.p[0], protocol.p[0], options.p[0],
		{ UK_NONE, UK_NONE, UK_NONE }, UK_NONE };
	for (uint8_t i = 0; i < ID_LAST; i++) {
		if (!uk_tlv_find(v, 0x83u + i, &out->key[i]))
			return uk_fail(UK_ERR_FORMAT);
	}
	if (out->version == 0 || (out->version > VC_ISD_VERSION_LAST &&
				     out->version != VC_ISD_VERSION_INITIAL))
		return uk_fail(UK_ERR_FORMAT);
	return uk_ok();
}

uk_err vc_isd_keys_install(struct vc_isd *d, uk_bytes params)
{
	struct vc_isd_set set = { VC_ISD_VERSION_INITIAL, VC_SCP_03, 0x70,
		{ UK_ARRAY(well_known), UK_ARRAY(well_known),
		    UK_ARRAY(well_known) },
		UK_NONE };
	uint8_t tries = VC_ISD_TRIES;
	uk_reader r = uk_read(params);
	uk_tlv t;

	UK_TRY(vc_isd_put(d, VC_ISD_TRIES_LEFT, uk_view(&tries, 1)));
	if (params.n == 0)
		return put_set(d, &set);
	UK_TLV_EACH (r, t) {
		if (t.tag != 0xa0)
			return uk_fail(UK_ERR_FORMAT);
		UK_TRY(get_set(t.value, &set));
		if (vc_isd_has_version(d, set.version))
			return uk_fail(UK_ERR_FORMAT);
		UK_TRY(put_set(d, &set));
	}
	return uk_read_end(&r);
}
