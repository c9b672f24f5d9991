/* MANAGE SECURITY ENVIRONMENT and PERFORM SECURITY OPERATION. */
#include "vc_iso.h"

#include "secret.h"
#include "tlv.h"

enum {
	MSE_SET = 0x41,
	PKCS1_OVERHEAD = 11, /* RFC 8017, 7.2 and 9.2 */
	ECDSA_MAX = 64,
	NO_PADDING_INDICATOR = 0x00
};

/* --- MSE -------------------------------------------------------------------
 */

enum purpose { TO_MAKE = 0x00, TO_SIGN = 0xb6, TO_DECIPHER = 0xb8 };
enum wanted { NO_KEY, RSA_KEY, CURVE_KEY };

/* An algorithm reference is a row. */
static const struct alg {
	uint8_t ref;
	uint8_t purposes[2]; /* P2 of MSE */
	size_t purpose_count;
	enum wanted wanted;
	uint8_t feature; /* enum vc_iso_feature, or 0 */
} algs[] = {
	{ VC_ISO_MAKE_RSA2048, { TO_MAKE }, 1, NO_KEY, 0 },
	{ VC_ISO_MAKE_RSA4096, { TO_MAKE }, 1, NO_KEY, VC_ISO_HAS_RSA4096 },
	{ VC_ISO_MAKE_EC, { TO_MAKE }, 1, NO_KEY, VC_ISO_CURVES },
	{ VC_ISO_PKCS1, { TO_SIGN, TO_DECIPHER }, 2, RSA_KEY, 0 },
	{ VC_ISO_PSS, { TO_SIGN }, 1, RSA_KEY, VC_ISO_HAS_PSS },
	{ VC_ISO_ECDSA, { TO_SIGN }, 1, CURVE_KEY, VC_ISO_CURVES },
};

static const struct alg *find_alg(
    const struct vc_iso *a, uint8_t ref, uint8_t purpose)
{
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		if (algs[i].ref != ref ||
		    (algs[i].feature & ~vc_iso_traits(a)->features) != 0)
			continue;
		for (size_t j = 0; j < algs[i].purpose_count; j++) {
			if (algs[i].purposes[j] == purpose)
				return &algs[i];
		}
	}
	return NULL;
}

static bool get_refs(uk_bytes data, uint8_t *alg, uint8_t *ref)
{
	uk_reader r = uk_read(data);
	uk_bytes v, w;
	uk_tlv t;

	UK_TLV_EACH (r, t)
		;
	if (!uk_is_ok(uk_read_end(&r)) || !uk_tlv_find(data, 0x80, &v) ||
	    v.n != 1 || !uk_tlv_find(data, 0x84, &w) || w.n != 1)
		return false;
	*alg = v.p[0];
	*ref = w.p[0];
	return *ref < VC_ISO_KEYS;
}

uint16_t vc_iso_mse(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);
	const struct alg *alg;
	struct vc_iso_key key;
	uint8_t ref, place;

	(void)out;
	if (!a->keys_open)
		return UK_SW_SECURITY;
	if (cmd->p1 != MSE_SET)
		return UK_SW_FUNCTION;
	if (!get_refs(cmd->data, &ref, &place))
		return VC_ISO_SW_INVALID;
	if ((alg = find_alg(a, ref, cmd->p2)) == NULL)
		return UK_SW_FUNCTION;
	if (alg->wanted != NO_KEY) {
		/* An empty place is an accident on the real card. */
		if (!vc_iso_key(a, place, &key))
			return UK_SW_UNKNOWN;
		if (key.rsa != (alg->wanted == RSA_KEY))
			return VC_ISO_SW_INVALID;
	}
	a->alg = ref;
	a->ref = place;
	return UK_SW_OK;
}

/* --- with RSA --------------------------------------------------------------
 */

/* PSS: the hash is known by its length. */
static enum uk_hash hash_of_length(size_t n)
{
	static const enum uk_hash hashes[] = { UK_HASH_SHA1, UK_HASH_SHA224,
		UK_HASH_SHA256, UK_HASH_SHA384, UK_HASH_SHA512 };

	for (size_t i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		if (uk_hash_size(hashes[i]) == n)
			return hashes[i];
	}
	return UK_HASH_NONE;
}

/* The answer is never cut: whoever asks for less is told so. */
static bool asks_for_less(const uk_cmd *cmd, size_t n)
{
	return (cmd->le == UK_LE_NONE ? UK_LE_SHORT_MAX : cmd->le) < n;
}

static uint16_t sign_rsa(struct vc_iso *a, const struct vc_iso_key *key,
    const uk_cmd *cmd, uk_buf *out)
{
	struct vc_task task = { key->stored, VC_OP_PKCS1, UK_HASH_NONE,
		cmd->data };
	size_t k = vc_key_size(key->stored);

	if (a->alg == VC_ISO_PSS) {
		task.op = VC_OP_PSS;
		task.hash = hash_of_length(cmd->data.n);
		if (task.hash == UK_HASH_NONE)
			return UK_SW_LENGTH;
	} else if (cmd->data.n == 0 || cmd->data.n > k - PKCS1_OVERHEAD) {
		return UK_SW_LENGTH;
	}
	if (asks_for_less(cmd, k))
		return VC_ISO_SW_LE;
	return vc_sw(vc_key_run(a->app.home.crypto, &task, out));
}

/* 00 02, eight bytes or more that are not zero, 00, and then what was meant
 * (RFC 8017, 7.2.2). */
static bool unpad(uk_bytes block, uk_bytes *message)
{
	uk_reader r = uk_read(block);
	size_t n = 0;

	if (uk_get_u16(&r) != 0x0002)
		return false;
	while (r.left > 0 && uk_get_u8(&r) != 0)
		n++;
	*message = uk_get_rest(&r);
	return n >= 8 && n + 3 + message->n == block.n;
}

static uint16_t decipher_rsa(struct vc_iso *a, const struct vc_iso_key *key,
    uk_bytes cipher, uk_buf *out)
{
	struct vc_task task = { key->stored, VC_OP_RSA_RAW, UK_HASH_NONE,
		cipher };
	uint8_t storage[VC_SIG_MAX];
	uk_buf block = UK_BUF(storage);
	uk_bytes message;
	uint16_t sw;

	if (cipher.n != vc_key_size(key->stored))
		return UK_SW_LENGTH;
	if (!vc_key_takes(a->app.home.crypto, &task))
		return UK_SW_DATA;
	sw = vc_sw(vc_key_run(a->app.home.crypto, &task, &block));
	if (sw == UK_SW_OK && unpad(uk_buf_view(&block), &message))
		uk_put(out, message);
	else if (sw == UK_SW_OK)
		sw = UK_SW_DATA;
	uk_wipe(storage, sizeof(storage));
	return sw;
}

/* --- with curves -----------------------------------------------------------
 */

static uint16_t sign_curve(struct vc_iso *a, const struct vc_iso_key *key,
    const uk_cmd *cmd, uk_buf *out)
{
	enum uk_hash hash = vc_iso_traits(a)->hashes ? UK_HASH_SHA1
						     : UK_HASH_NONE;

	if (hash == UK_HASH_NONE &&
	    (cmd->data.n == 0 || cmd->data.n > ECDSA_MAX))
		return UK_SW_LENGTH;
	return vc_sw(vc_curve_sign(
	    a->app.home.crypto, &key->curve, hash, cmd->data, out));
}

/* --- PSO -------------------------------------------------------------------
 */

/* A key that went, or became another kind, after MSE: as with MSE. */
static bool get_key(const struct vc_iso *a, bool rsa, struct vc_iso_key *key)
{
	return vc_iso_key(a, a->ref, key) && key->rsa == rsa;
}

static uint16_t sign(struct vc_iso *a, const uk_cmd *cmd, uk_buf *out)
{
	bool curve = a->alg == VC_ISO_ECDSA;
	struct vc_iso_key key;

	if (!curve && a->alg != VC_ISO_PKCS1 && a->alg != VC_ISO_PSS)
		return UK_SW_CONDITIONS;
	if (!get_key(a, !curve, &key))
		return UK_SW_UNKNOWN;
	return curve ? sign_curve(a, &key, cmd, out)
		     : sign_rsa(a, &key, cmd, out);
}

static uint16_t decipher(struct vc_iso *a, uk_bytes data, uk_buf *out)
{
	struct vc_iso_key key;

	if (data.n > 0 && data.p[0] != NO_PADDING_INDICATOR)
		return UK_SW_DATA;
	if (a->alg != VC_ISO_PKCS1)
		return UK_SW_FUNCTION;
	if (!get_key(a, true, &key))
		return UK_SW_UNKNOWN;
	return decipher_rsa(a, &key, uk_bytes_from(data, 1), out);
}

uint16_t vc_iso_pso(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);

	if (!a->keys_open)
		return UK_SW_SECURITY;
	if (cmd->p1 == 0x9e && cmd->p2 == 0x9a)
		return sign(a, cmd, out);
	if (cmd->p1 == 0x80 && cmd->p2 == 0x86)
		return decipher(a, cmd->data, out);
	return UK_SW_P1P2;
}
