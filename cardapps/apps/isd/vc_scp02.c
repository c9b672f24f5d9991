/* SCP02: GlobalPlatform 2.3.1, appendix E. */
#include "vc_scp_priv.h"

#include "secret.h"

enum { KEY = 16, BLOCK = VC_DES_BLOCK, OPTION_PSEUDO = 0x40 };

/* E.4.1: session keys are the static ones and a constant. */
enum constant { FOR_C_MAC = 0x0101, FOR_DEK = 0x0181, FOR_ENC = 0x0182 };

static uk_bytes counter_of(const struct vc_scp_start *start)
{
	return uk_bytes_last(start->sequence, 2);
}

static uk_err session_key(struct vc_crypto *c, enum constant constant,
    uk_bytes counter, uk_bytes key, uint8_t out[KEY])
{
	struct vc_sym des = { VC_SYM_DES, key };
	uk_buf b = uk_buf_over(out, KEY);

	uk_put_u16(&b, (uint16_t)constant);
	uk_put(&b, counter);
	uk_put_fill(&b, 0, uk_buf_left(&b));
	return vc_sym_cbc(
	    c, &des, VC_SYM_ENCIPHER, UK_NONE, uk_view(out, KEY), out);
}

static bool is_pseudo(uint8_t options)
{
	return (options & OPTION_PSEUDO) != 0;
}

/* E.4.2.3: the MAC of the security domain's name. */
static uk_err pseudo(
    struct vc_crypto *c, const struct vc_scp_start *start, uk_buf *out)
{
	uint8_t key[KEY], mac[BLOCK];
	uk_err err = session_key(
	    c, FOR_C_MAC, counter_of(start), start->mac, key);

	if (uk_is_ok(err))
		err = vc_retail_mac(
		    c, UK_ARRAY(key), UK_NONE, &start->aid, 1, mac);
	uk_wipe(key, sizeof(key));
	UK_TRY(err);
	uk_put(out, uk_bytes_first(UK_ARRAY(mac), 6));
	return uk_buf_result(out);
}

/* E.4.2.1, E.4.2.2: the last block of CBC over three parts and padding. */
static uk_err cryptogram_of(struct vc_scp *scp, uk_bytes one, uk_bytes two,
    uk_bytes three, uint8_t out[VC_SCP_CRYPTOGRAM])
{
	struct vc_sym enc = { VC_SYM_DES, uk_view(scp->enc, KEY) };
	uint8_t text[3 * BLOCK];
	uk_buf b = UK_BUF(text);

	uk_put(&b, one);
	uk_put(&b, two);
	uk_put(&b, three);
	uk_put_u8(&b, 0x80);
	uk_put_fill(&b, 0, uk_buf_left(&b));
	UK_TRY(uk_buf_result(&b));
	UK_TRY(vc_sym_cbc(
	    scp->crypto, &enc, VC_SYM_ENCIPHER, UK_NONE, UK_ARRAY(text), text));
	return uk_copy_exact(out, BLOCK, uk_bytes_last(UK_ARRAY(text), BLOCK));
}

static uk_err derive(struct vc_scp *scp, const struct vc_scp_start *start,
    uint8_t cryptogram[VC_SCP_CRYPTOGRAM])
{
	struct vc_crypto *c = scp->crypto;
	uk_bytes counter = counter_of(start);

	UK_TRY(session_key(c, FOR_ENC, counter, start->enc, scp->enc));
	UK_TRY(session_key(c, FOR_C_MAC, counter, start->mac, scp->mac));
	UK_TRY(session_key(c, FOR_DEK, counter, start->dek, scp->dek));
	UK_TRY(
	    cryptogram_of(scp, start->host, counter, start->card, cryptogram));
	return cryptogram_of(
	    scp, counter, start->card, start->host, scp->host_cryptogram);
}

/* E.4.4: over the plain command, its length counting the MAC; the MAC before,
 * enciphered, is the start. */
static uk_err check_mac(
    struct vc_scp *scp, const uk_cmd *cmd, uk_bytes data, uk_bytes mac)
{
	struct vc_sym left = { VC_SYM_DES, uk_view(scp->mac, BLOCK) };
	uint8_t icv[BLOCK] = { 0 }, made[BLOCK];
	uint8_t header[8];
	uk_buf h = UK_BUF(header);
	uk_bytes parts[2] = { UK_NONE, data };

	if (scp->chained)
		UK_TRY(vc_sym_ecb(scp->crypto, &left, VC_SYM_ENCIPHER,
		    uk_view(scp->chain, BLOCK), icv));
	vc_scp_put_header(&h, cmd, data.n + VC_SCP_MAC);
	parts[0] = uk_buf_view(&h);
	UK_TRY(vc_retail_mac(scp->crypto, uk_view(scp->mac, KEY), UK_ARRAY(icv),
	    parts, 2, made));
	if (!uk_equal(UK_ARRAY(made), mac))
		return uk_fail(UK_ERR_SIGNATURE);
	scp->chained = true;
	return uk_copy_exact(scp->chain, BLOCK, UK_ARRAY(made));
}

/* E.4.6 */
static uk_err decipher(
    struct vc_scp *scp, uk_bytes in, uk_buf *plain, uk_bytes *data)
{
	struct vc_sym enc = { VC_SYM_DES, uk_view(scp->enc, KEY) };
	uint8_t *room = uk_put_room(plain, in.n);

	UK_TRY(uk_buf_result(plain));
	UK_TRY(
	    vc_sym_cbc(scp->crypto, &enc, VC_SYM_DECIPHER, UK_NONE, in, room));
	return vc_scp_unpad(uk_view(room, in.n), data)
		   ? uk_ok()
		   : uk_fail(UK_ERR_SIGNATURE);
}

static uk_err unwrap(
    struct vc_scp *scp, const uk_cmd *cmd, uk_buf *plain, uk_bytes *data)
{
	if (cmd->data.n < VC_SCP_MAC)
		return uk_fail(UK_ERR_SIGNATURE);
	*data = uk_bytes_first(cmd->data, cmd->data.n - VC_SCP_MAC);
	if ((scp->level & VC_SCP_C_DEC) != 0 && data->n > 0)
		UK_TRY(decipher(scp, *data, plain, data));
	return check_mac(scp, cmd, *data, uk_bytes_last(cmd->data, VC_SCP_MAC));
}

const struct vc_scp_ops vc_scp02 = {
	.protocol = VC_SCP_02,
	.alg = VC_SYM_DES,
	.challenge = 6,
	.pseudo = pseudo,
	.is_pseudo = is_pseudo,
	.derive = derive,
	.unwrap = unwrap,
};
