/* GENERAL AUTHENTICATE: SP 800-73-4 part 2, 3.2.4 and appendix A. */
#include "vc_piv.h"

#include "der.h"
#include "secret.h"

enum {
	TAG_DYNAMIC = 0x7c,
	TAG_WITNESS = 0x80,
	TAG_CHALLENGE = 0x81,
	TAG_RESPONSE = 0x82,
	TAG_POINT = 0x85
};

static bool set_once(bool *has, uk_bytes *field, uk_bytes v)
{
	if (*has)
		return false;
	*has = true;
	*field = v;
	return true;
}

static bool take(struct vc_piv_dynamic *q, const uk_tlv *t)
{
	switch (t->tag) {
	case TAG_WITNESS:
		return set_once(&q->has_witness, &q->witness, t->value);
	case TAG_CHALLENGE:
		return set_once(&q->has_challenge, &q->challenge, t->value);
	case TAG_RESPONSE:
		return set_once(&q->has_response, &q->response, t->value);
	case TAG_POINT:
		return set_once(&q->has_point, &q->point, t->value);
	default:
		return false;
	}
}

static bool get_dynamic(uk_bytes data, struct vc_piv_dynamic *q)
{
	uk_bytes dynamic;
	uk_reader r;
	uk_tlv t;

	*q = (struct vc_piv_dynamic){ 0 };
	if (!uk_is_ok(uk_tlv_only(data, TAG_DYNAMIC, &dynamic)))
		return false;
	r = uk_read(dynamic);
	UK_TLV_EACH (r, t) {
		if (!take(q, &t))
			return false;
	}
	return uk_is_ok(uk_read_end(&r));
}

/* --- keys ------------------------------------------------------------------
 */

static bool may_use(const struct vc_piv *p, uint8_t ref, bool fresh)
{
	switch (vc_piv_info(p, ref).policy) {
	case VC_PIV_NEVER:
		return true;
	case VC_PIV_ONCE:
		return vc_piv_is_open(p);
	default:
		return fresh && vc_piv_is_open(p);
	}
}

/* The answer is asked for with an empty 82; beside it stands what to sign or
 * decipher (81), or the other side's point (85). */
static bool get_task(
    uk_bytes key, const struct vc_piv_dynamic *q, struct vc_task *task)
{
	bool rsa = vc_key_type(key) == UK_KEY_RSA;

	*task = (struct vc_task){ .key = key, .hash = UK_HASH_NONE };
	if (!q->has_response || q->response.n > 0 || q->has_witness ||
	    q->has_challenge == q->has_point)
		return false;
	if (q->has_point) {
		task->op = VC_OP_ECDH;
		task->input = q->point;
		return !rsa;
	}
	task->op = rsa ? VC_OP_RSA_RAW : VC_OP_ECDSA;
	task->input = q->challenge;
	/* A hash as long as the curve: SP 800-78-4, table 3-7. */
	return task->input.n == vc_key_size(key);
}

/* ECDSA-Sig-Value in DER; everything else as the key made it. */
static uk_err put_result(
    struct vc_crypto *c, const struct vc_task *task, uk_buf *out)
{
	uint8_t raw[VC_SIG_MAX];
	uk_buf sig = UK_BUF(raw);

	if (task->op != VC_OP_ECDSA)
		return vc_key_run(c, task, out);
	UK_TRY(vc_key_run(c, task, &sig));
	return uk_sig_to_der(uk_buf_view(&sig), out);
}

static uint16_t run(struct vc_piv *p, const struct vc_task *task, uk_buf *out)
{
	size_t dynamic = uk_tlv_begin(out, TAG_DYNAMIC);
	size_t response = uk_tlv_begin(out, TAG_RESPONSE);
	uk_err err = put_result(p->app.home.crypto, task, out);

	uk_tlv_end(out, response);
	uk_tlv_end(out, dynamic);
	return vc_sw(err);
}

static uint16_t use_key(struct vc_piv *p, const uk_cmd *cmd,
    const struct vc_piv_dynamic *q, bool fresh, uk_buf *out)
{
	uk_bytes key = vc_piv_key(p, cmd->p2);
	struct vc_task task;

	if (key.n == 0 || vc_piv_alg_of(key) != cmd->p1)
		return UK_SW_P1P2;
	if (!may_use(p, cmd->p2, fresh))
		return UK_SW_SECURITY;
	if (!get_task(key, q, &task) ||
	    !vc_key_takes(p->app.home.crypto, &task))
		return UK_SW_DATA;
	return run(p, &task, out);
}

uint16_t vc_piv_general_auth(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);
	struct vc_piv_question question = p->question;
	struct vc_piv_dynamic q;
	bool fresh = p->fresh;
	uint16_t sw;

	/* Used up, whatever comes of it. */
	p->fresh = false;
	uk_wipe(&p->question, sizeof(p->question));
	if (!get_dynamic(cmd->data, &q))
		sw = UK_SW_DATA;
	else if (cmd->p2 == VC_PIV_REF_ADMIN)
		sw = vc_piv_admin_auth(p, cmd->p1, &q, &question, out);
	else
		sw = use_key(p, cmd, &q, fresh, out);
	uk_wipe(&question, sizeof(question));
	return sw;
}
