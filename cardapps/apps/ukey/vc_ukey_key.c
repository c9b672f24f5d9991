/* Making keys and reading their public halves: profile section 4. */
#include "vc_ukey.h"

#include "secret.h"
#include "tlv.h"

enum { P1_GENERATE = 0x00, P1_READ = 0x81 };

struct request {
	struct vc_ukey_new_key key;
	bool has_kind;
};

bool vc_ukey_key(const struct vc_ukey *u, uint8_t ref, uk_bytes *key)
{
	const struct vc_home *h = &u->app.home;

	return vc_nv_get(h->nv, vc_home_id(h, VC_NV_KEY, ref), key);
}

/* One byte; what it is when it is not there. False if it is longer. */
static bool get_byte(
    uk_bytes template, uint8_t tag, uint8_t absent, uint8_t *out)
{
	uk_bytes v;

	*out = absent;
	if (!uk_tlv_find(template, tag, &v))
		return true;
	if (v.n != 1)
		return false;
	*out = v.p[0];
	return true;
}

/* AC { [80 01 type] 84 01 ref [95 01 usage] } */
static bool get_request(uk_bytes data, struct request *out)
{
	uk_bytes template, v;

	*out = (struct request){ 0 };
	if (!uk_is_ok(uk_tlv_only(data, 0xac, &template)) ||
	    !uk_tlv_find(template, 0x84, &v) || v.n != 1)
		return false;
	out->key.ref = v.p[0];
	out->has_kind = uk_tlv_find(template, 0x80, &v);
	return get_byte(template, 0x80, 0, &out->key.kind) &&
	       get_byte(template, 0x95, VC_UKEY_SIGNS, &out->key.usage);
}

static bool may_make(const struct vc_ukey *u, uint8_t ref)
{
	return vc_ukey_in_creation(u) || u->puk ||
	       (u->login && ref > VC_UKEY_KEY_SIGN);
}

uint16_t vc_ukey_may_make(
    const struct vc_ukey *u, const struct vc_ukey_new_key *new)
{
	if (new->ref == 0 || new->ref > VC_UKEY_KEY_LAST)
		return UK_SW_NO_REF;
	if (!vc_key_kind_known(new->kind) || new->kind == VC_RSA1024)
		return UK_SW_FUNCTION;
	if (!vc_ukey_usage_fits(
		new->ref, vc_key_kind_type(new->kind), new->usage))
		return UK_SW_DATA;
	return may_make(u, new->ref) ? UK_SW_OK : UK_SW_SECURITY;
}

uk_err vc_ukey_put_key(
    struct vc_ukey *u, const struct vc_ukey_new_key *new, uk_bytes key)
{
	const struct vc_home *h = &u->app.home;

	UK_TRY(vc_ukey_put_usage(u, new->ref, new->usage));
	return vc_nv_put(h->nv, vc_home_id(h, VC_NV_KEY, new->ref), key);
}

static uk_err make_key(
    struct vc_ukey *u, const struct vc_ukey_new_key *new, uk_buf *out)
{
	const struct vc_home *h = &u->app.home;
	uint8_t *storage = uk_secret_new(VC_KEY_MAX);
	uk_buf key = uk_buf_over(storage, VC_KEY_MAX);
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (storage == NULL)
		return err;
	err = vc_key_make(h->crypto, new->kind, &key);
	if (uk_is_ok(err))
		err = vc_key_put_public(h->crypto, uk_buf_view(&key), out);
	if (uk_is_ok(err))
		err = vc_ukey_put_key(u, new, uk_buf_view(&key));
	uk_secret_free(storage, VC_KEY_MAX);
	return err;
}

static uint16_t generate(
    struct vc_ukey *u, const struct request *q, uk_buf *out)
{
	uint16_t sw;
	uk_err err;

	if (!q->has_kind)
		return UK_SW_DATA;
	if ((sw = vc_ukey_may_make(u, &q->key)) != UK_SW_OK)
		return sw;
	err = make_key(u, &q->key, out);
	return uk_is_ok(err) ? vc_ukey_commit(u) : vc_sw(err);
}

static uint16_t read_public(struct vc_ukey *u, uint8_t ref, uk_buf *out)
{
	uk_bytes key, point = vc_ukey_get(u, VC_UKEY_SET_BANK);
	size_t at;

	if (ref == VC_UKEY_KEY_BANK && point.n > 0) {
		at = uk_tlv_begin(out, 0x7f49);
		uk_put_tlv(out, 0x86, point);
		uk_tlv_end(out, at);
		return UK_SW_OK;
	}
	if (!vc_ukey_key(u, ref, &key))
		return UK_SW_NO_REF;
	return vc_sw(vc_key_put_public(u->app.home.crypto, key, out));
}

uint16_t vc_ukey_generate(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);
	struct request q;

	if ((cmd->p1 != P1_GENERATE && cmd->p1 != P1_READ) || cmd->p2 != 0)
		return UK_SW_P1P2;
	if (!get_request(cmd->data, &q))
		return UK_SW_DATA;
	return cmd->p1 == P1_READ ? read_public(u, q.key.ref, out)
				  : generate(u, &q, out);
}
