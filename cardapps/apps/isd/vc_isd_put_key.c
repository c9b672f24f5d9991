/* PUT KEY and DELETE [key]: 2.3.1, 11.8 and 11.2.2.3. */
#include "vc_isd.h"

#include "secret.h"

enum {
	BLOCK_KEYS_MAX = 8, /* in one command */
	MULTIPLE = 0x80,
	ID_MASK = 0x7f,
	TYPE_DES_CBC = 0x82,
	SCP02_DEFAULT = 0x55,
	SCP03_DEFAULT = 0x70
};

struct new_keys {
	uint8_t old, version, first;
	size_t count;
	struct vc_isd_key keys[BLOCK_KEYS_MAX];
	uint8_t values[BLOCK_KEYS_MAX][VC_SYM_KEY_MAX];
	uint8_t kcv[BLOCK_KEYS_MAX][VC_KCV_SIZE];
};

/* --- reading ---------------------------------------------------------------
 */

static bool length_fits(uint8_t type, size_t n)
{
	return n == 16 || (type == VC_ISD_AES && (n == 24 || n == 32));
}

/* Tables 11-68 to 11-71: the key's length stands before it if it was padded. */
static bool decipher(const struct vc_isd *d, uk_bytes block,
    struct vc_isd_key *key, uint8_t value[VC_SYM_KEY_MAX])
{
	size_t n = block.n;

	if (block.n % VC_DES_BLOCK == 1) {
		n = block.p[0];
		block = uk_bytes_from(block, 1);
	}
	if (block.n > VC_SYM_KEY_MAX || n > block.n ||
	    !length_fits(key->type, n) ||
	    !uk_is_ok(vc_scp_decipher_key(&d->scp, block, value)))
		return false;
	key->value = uk_view(value, n);
	return true;
}

static bool check_value(const struct vc_isd *d, const struct vc_isd_key *key,
    uk_bytes said, uint8_t kcv[VC_KCV_SIZE])
{
	struct vc_sym sym = { key->type == VC_ISD_AES ? VC_SYM_AES : VC_SYM_DES,
		key->value };

	return uk_is_ok(vc_sym_kcv(d->app.home.crypto, &sym, kcv)) &&
	       (said.n == 0 || uk_bytes_eq(said, uk_view(kcv, VC_KCV_SIZE)));
}

/* type, L block, L check value */
static bool get_key(const struct vc_isd *d, uk_reader *r, struct new_keys *new)
{
	size_t i = new->count;
	struct vc_isd_key *key;
	uk_bytes block, said;

	if (i == BLOCK_KEYS_MAX)
		return false;
	key = &new->keys[i];
	key->version = new->version;
	key->id = (uint8_t)(new->first + i);
	key->type = uk_get_u8(r);
	if (key->type == TYPE_DES_CBC)
		key->type = VC_ISD_DES;
	block = vc_isd_get_lv(r, 1 + VC_SYM_KEY_MAX);
	said = vc_isd_get_lv(r, VC_KCV_SIZE);
	new->count++;
	return !r->bad && key->id <= ID_MASK &&
	       (key->type == VC_ISD_DES || key->type == VC_ISD_AES) &&
	       decipher(d, block, key, new->values[i]) &&
	       check_value(d, key, said, new->kcv[i]);
}

static uint16_t get_keys(
    const struct vc_isd *d, const uk_cmd *cmd, struct new_keys *new)
{
	uk_reader r = uk_read(cmd->data);

	new->old = cmd->p1;
	new->first = cmd->p2 &ID_MASK;
	if (new->first == 0)
		return UK_SW_P1P2;
	new->version = uk_get_u8(&r);
	if (new->version == 0 || new->version > VC_ISD_VERSION_LAST)
		return UK_SW_DATA;
	do {
		if (!get_key(d, &r, new))
			return UK_SW_DATA;
	} while (r.left > 0);
	if (new->count > 1 && (cmd->p2 & MULTIPLE) == 0)
		return UK_SW_DATA;
	return UK_SW_OK;
}

/* --- does it fit what is there? --------------------------------------------
 */

static uint16_t check_new(const struct vc_isd *d, const struct new_keys *new)
{
	struct vc_isd_key key;

	if (new->old == 0)
		return vc_isd_has_version(d, new->version) ? UK_SW_DATA
							   : UK_SW_OK;
	for (size_t i = 0; i < new->count; i++) {
		if (!vc_isd_key_find(d, new->old, new->keys[i].id, &key))
			return UK_SW_NO_REF;
	}
	if (new->old != new->version && vc_isd_has_version(d, new->version))
		return UK_SW_DATA;
	return UK_SW_OK;
}

/* Option of sessions with the new version: that of this session, if the keys
 * are for its protocol. */
static uint8_t options_for(const struct vc_isd *d, const struct new_keys *new)
{
	bool aes = new->keys[0].type == VC_ISD_AES;
	struct vc_isd_set set;

	if (vc_isd_set_find(d, d->version, &set) &&
	    (set.protocol == VC_SCP_03) == aes)
		return set.options;
	return aes ? SCP03_DEFAULT : SCP02_DEFAULT;
}

static uk_err drop_version(struct vc_isd *d, uint8_t version)
{
	struct vc_isd_key key;

	for (uint8_t id = 1; id <= ID_MASK; id++) {
		if (vc_isd_key_find(d, version, id, &key))
			UK_TRY(vc_isd_key_drop(d, version, id));
	}
	vc_nv_drop(d->app.home.nv,
	    vc_home_id(&d->app.home, VC_NV_DATA, VC_ISD_SET + version));
	return uk_ok();
}

/* Pending. The keys that a card is born with go with the first others:
 * 11.8.2.3.1. */
static uk_err put(struct vc_isd *d, const struct new_keys *new)
{
	uint8_t options = options_for(d, new);
	struct vc_isd_set set;

	if (new->old != 0 && new->old != new->version) {
		for (size_t i = 0; i < new->count; i++)
			UK_TRY(vc_isd_key_drop(d, new->old, new->keys[i].id));
		if (!vc_isd_has_version(d, new->old))
			UK_TRY(drop_version(d, new->old));
	}
	for (size_t i = 0; i < new->count; i++)
		UK_TRY(vc_isd_key_put(d, &new->keys[i]));
	UK_TRY(vc_isd_set_put(d, new->version, options));
	if (vc_isd_set_find(d, new->version, &set))
		UK_TRY(drop_version(d, VC_ISD_VERSION_INITIAL));
	return uk_ok();
}

/* Is there still a way in? */
static uint16_t commit(struct vc_isd *d)
{
	struct vc_isd_set set;

	if (!vc_isd_set_find(d, 0, &set))
		return UK_SW_CONDITIONS;
	return vc_sw(vc_nv_commit(d->app.home.nv));
}

uint16_t vc_isd_put_key(struct vc_isd *d, const uk_cmd *cmd, uk_buf *out)
{
	struct new_keys new = { 0 };
	uint16_t sw = get_keys(d, cmd, &new);

	if (sw == UK_SW_OK)
		sw = check_new(d, &new);
	if (sw == UK_SW_OK)
		sw = vc_sw(put(d, &new));
	if (sw == UK_SW_OK)
		sw = commit(d);
	if (sw == UK_SW_OK) {
		uk_put_u8(out, new.version);
		for (size_t i = 0; i < new.count; i++)
			uk_put(out, UK_ARRAY(new.kcv[i]));
	}
	uk_wipe(&new, sizeof(new));
	return sw;
}

uint16_t vc_isd_delete_key(struct vc_isd *d, uint8_t id, uint8_t version)
{
	uint8_t pairs[2 * VC_ISD_KEYS_MAX];
	uk_buf b = UK_BUF(pairs);
	uk_reader list;
	bool found = false;

	/* A copy: the list changes on the way. */
	uk_put(&b, vc_isd_get(d, VC_ISD_LIST));
	list = uk_read(uk_buf_view(&b));
	while (list.left > 0) {
		uint8_t v = uk_get_u8(&list), i = uk_get_u8(&list);
		uk_err err;

		if ((version != 0 && v != version) || (id != 0 && i != id))
			continue;
		found = true;
		err = vc_isd_key_drop(d, v, i);
		if (uk_is_ok(err) && !vc_isd_has_version(d, v))
			err = drop_version(d, v);
		if (!uk_is_ok(err))
			return vc_sw(err);
	}
	return found ? commit(d) : UK_SW_NO_REF;
}
