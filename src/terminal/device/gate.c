/* Commands that make a transaction key sign. */
#include "gate.h"

#include "der.h"
#include "tlv.h"

enum {
	INS_MSE = 0x22,
	INS_PSO = 0x2a,
	INS_GENERAL_AUTHENTICATE = 0x87,
	INS_SELECT = 0xa4,
	UKEY_TRANSACTION_KEY = 0x02,
	PIV_SIGNATURE_KEY = 0x9c,
	/* algorithm references, SP 800-78-4, table 6-2 */
	PIV_P256 = 0x11,
	PIV_P384 = 0x14
};

uk_err trm_gate_approve(struct trm_gate *g, uk_bytes text)
{
	uk_buf copy = UK_BUF(g->text);

	trm_gate_forget(g);
	uk_put(&copy, text);
	UK_TRY(uk_buf_result(&copy));
	g->text_n = copy.len;
	g->approved = true;
	return uk_ok();
}

void trm_gate_forget(struct trm_gate *g)
{
	g->approved = false;
	g->text_n = 0;
}

/* --- does it sign the text? ---------------------------------------------- */

static bool is_hash(const struct trm_gate *g, enum trm_hash which,
    uk_bytes input, trm_hash_fn *hash, void *arg)
{
	uint8_t storage[TRM_HASH_MAX];
	uk_buf h = UK_BUF(storage);

	return uk_is_ok(hash(arg, which, uk_view(g->text, g->text_n), &h)) &&
	       uk_bytes_eq(uk_buf_view(&h), input);
}

static bool is_any_hash(
    const struct trm_gate *g, uk_bytes input, trm_hash_fn *hash, void *arg)
{
	for (int which = 0; which < TRM_HASHES; which++) {
		if (is_hash(g, (enum trm_hash)which, input, hash, arg))
			return true;
	}
	return false;
}

/* Card profile, section 4: what the algorithm reference takes as input. */
static bool ukey_signs_text(
    const struct trm_gate *g, uk_bytes input, trm_hash_fn *hash, void *arg)
{
	static const struct {
		uint8_t algorithm;
		enum trm_hash hash;
	} hashed[] = { { 0x13, TRM_SHA256 }, { 0x14, TRM_SHA384 },
		{ 0x15, TRM_SHA512 }, { 0x23, TRM_SHA256 },
		{ 0x24, TRM_SHA384 }, { 0x25, TRM_SHA512 } };
	uk_bytes text = uk_view(g->text, g->text_n);
	uk_reader r = uk_read(input);

	switch (g->algorithm) {
	case 0x30: /* ECDSA: a hash of any length */
		return is_any_hash(g, input, hash, arg);
	case 0x41: /* SM2: the message itself */
		return uk_bytes_eq(input, text);
	case 0x42: /* behind an identity */
		(void)uk_get(&r, uk_get_u8(&r));
		return !r.bad && uk_bytes_eq(uk_get_rest(&r), text);
	default:
		break;
	}
	for (size_t i = 0; i < sizeof(hashed) / sizeof(hashed[0]); i++) {
		if (hashed[i].algorithm == g->algorithm)
			return is_hash(g, hashed[i].hash, input, hash, arg);
	}
	return false; /* 40: a hash with Z in it, which we cannot make */
}

/* EMSA-PKCS1-v1_5, RFC 8017, 9.2: 00 01 FF.. 00 DigestInfo of SHA-256. */
static bool is_padded(
    const struct trm_gate *g, uk_bytes input, trm_hash_fn *hash, void *arg)
{
	static const uint8_t info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09,
		0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
		0x00, 0x04, 0x20 };
	uint8_t storage[512];
	uk_buf want = UK_BUF(storage);

	if (input.n < 128 || input.n > sizeof(storage))
		return false;
	uk_put_u16(&want, 0x0001);
	uk_put_fill(&want, 0xff, input.n - 3 - sizeof(info) - 32);
	uk_put_u8(&want, 0);
	uk_put(&want, UK_ARRAY(info));
	return uk_is_ok(
		   hash(arg, TRM_SHA256, uk_view(g->text, g->text_n), &want)) &&
	       uk_bytes_eq(uk_buf_view(&want), input);
}

/* 7C { 82 (empty), 81 input } in any order, SP 800-73-4 part 2, 3.2.4. */
static bool piv_signs_text(
    const struct trm_gate *g, uk_bytes data, trm_hash_fn *hash, void *arg)
{
	uk_bytes template, input;

	if (!uk_tlv_find(data, 0x7c, &template) ||
	    !uk_tlv_find(template, 0x81, &input))
		return false;
	return is_any_hash(g, input, hash, arg) ||
	       is_padded(g, input, hash, arg);
}

/* --- what the host chooses ----------------------------------------------- */

/* MSE SET B6 { 80 algorithm, 84 02 }: anything else there is no choice. */
static void on_mse(struct trm_gate *g, const uk_cmd *cmd)
{
	uk_bytes algorithm, key;

	if (cmd->p2 != 0xb6)
		return;
	g->algorithm = 0;
	if (uk_tlv_find(cmd->data, 0x80, &algorithm) && algorithm.n == 1 &&
	    uk_tlv_find(cmd->data, 0x84, &key) && key.n == 1 &&
	    key.p[0] == UKEY_TRANSACTION_KEY)
		g->algorithm = algorithm.p[0];
}

static enum trm_verdict judge(struct trm_gate *g, bool text, bool strict)
{
	bool good = g->approved && text;

	trm_gate_forget(g); /* once, and also where it was misused */
	if (good)
		return TRM_SIGNS;
	return strict ? TRM_REFUSED : TRM_PASS;
}

static bool wants_signature(const uk_cmd *cmd)
{
	return (cmd->ins == INS_PSO && cmd->p1 == 0x9e && cmd->p2 == 0x9a) ||
	       (cmd->ins == INS_GENERAL_AUTHENTICATE &&
		   cmd->p2 == PIV_SIGNATURE_KEY);
}

/* --- chains -------------------------------------------------------------- */

/* The parts of a chain, put together; what is too long is no text of ours. */
static uk_bytes gather(struct trm_gate *g, const uk_cmd *cmd)
{
	uk_buf all = { g->chain, g->chain_n, sizeof(g->chain), g->chain_bad };

	uk_put(&all, cmd->data);
	g->chain_n = all.len;
	g->chain_bad = all.bad;
	return all.bad ? UK_NONE : uk_buf_view(&all);
}

static void end_chain(struct trm_gate *g)
{
	g->chain_n = 0;
	g->chain_bad = false;
}

static uint8_t field_of(const uk_cmd *cmd)
{
	if (cmd->ins != INS_GENERAL_AUTHENTICATE)
		return 0;
	if (cmd->p1 == PIV_P256)
		return 32;
	return cmd->p1 == PIV_P384 ? 48 : 0;
}

static enum trm_verdict on_signature(struct trm_gate *g, const uk_cmd *cmd,
    bool strict, trm_hash_fn *hash, void *arg)
{
	uk_bytes input = gather(g, cmd);
	bool text;

	if ((cmd->cla & UK_CLA_CHAIN) != 0)
		return TRM_PASS; /* nothing is signed before its end */
	end_chain(g);
	g->field = field_of(cmd);
	text = g->approved &&
	       (cmd->ins == INS_PSO ? ukey_signs_text(g, input, hash, arg)
				    : piv_signs_text(g, input, hash, arg));
	return judge(g, text, strict);
}

enum trm_verdict trm_gate_check(struct trm_gate *g, uk_bytes apdu, bool strict,
    trm_hash_fn *hash, void *arg)
{
	uk_cmd cmd;

	/* What we cannot read we cannot judge. */
	if (!uk_is_ok(uk_cmd_decode(apdu, &cmd)))
		return strict ? TRM_REFUSED : TRM_PASS;
	/* Secure messaging hides from us what is asked for, and what was chosen
	 * on another channel is not what we saw chosen. */
	if (strict && (cmd.cla & ~UK_CLA_CHAIN) != 0 && wants_signature(&cmd))
		return TRM_REFUSED;
	if (wants_signature(&cmd))
		return on_signature(g, &cmd, strict, hash, arg);
	end_chain(g);
	if (cmd.ins == INS_MSE)
		on_mse(g, &cmd);
	if (cmd.ins == INS_SELECT)
		g->algorithm = 0;
	return TRM_PASS;
}

uk_err trm_gate_signature(
    const struct trm_gate *g, uk_bytes answer, uk_buf *out)
{
	uk_bytes template, inner;

	if (uk_is_ok(uk_tlv_only(answer, 0x7c, &template)) &&
	    uk_is_ok(uk_tlv_only(template, 0x82, &inner)))
		answer = inner;
	if (g->field != 0)
		return uk_sig_from_der(answer, g->field, out);
	uk_put(out, answer);
	return uk_buf_result(out);
}
