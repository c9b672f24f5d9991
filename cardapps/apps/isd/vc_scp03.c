/* SCP03: GlobalPlatform 2.3, amendment D 1.1.2. */
#include "vc_scp_priv.h"

#include "secret.h"

enum { BLOCK = 16, OPTION_PSEUDO = 0x10, FROM_CARD = 0x80 };

/* Table 4-1 */
enum constant {
	FOR_CARD_CRYPTOGRAM = 0x00,
	FOR_HOST_CRYPTOGRAM = 0x01,
	FOR_CHALLENGE = 0x02,
	FOR_S_ENC = 0x04,
	FOR_S_MAC = 0x06,
	FOR_S_RMAC = 0x07
};

/* 4.1.5: the KDF in counter mode of SP 800-108 with CMAC. */
static uk_err kdf(struct vc_crypto *c, uk_bytes key, enum constant constant,
    const uk_bytes context[2], uint8_t *out, size_t n)
{
	uint8_t label[BLOCK], block[BLOCK];
	uk_buf made = uk_buf_over(out, n);

	for (uint8_t i = 1; made.len < n; i++) {
		uk_buf b = UK_BUF(label);
		const uk_bytes parts[] = { UK_ARRAY(label), context[0],
			context[1] };

		uk_put_fill(&b, 0, 11);
		uk_put_u8(&b, (uint8_t)constant);
		uk_put_u8(&b, 0);
		uk_put_u16(&b, (uint16_t)(n * 8));
		uk_put_u8(&b, i);
		UK_TRY(vc_cmac(c, key, parts, 3, block));
		uk_put(
		    &made, uk_bytes_first(UK_ARRAY(block), uk_buf_left(&made)));
	}
	uk_wipe(block, sizeof(block));
	return uk_buf_result(&made);
}

static bool is_pseudo(uint8_t options)
{
	return (options & OPTION_PSEUDO) != 0;
}

/* 6.2.2.1 */
static uk_err pseudo(
    struct vc_crypto *c, const struct vc_scp_start *start, uk_buf *out)
{
	const uk_bytes context[2] = { start->sequence, start->aid };
	uint8_t *room = uk_put_room(out, VC_SCP_CHALLENGE);

	UK_TRY(uk_buf_result(out));
	return kdf(
	    c, start->enc, FOR_CHALLENGE, context, room, VC_SCP_CHALLENGE);
}

static uk_err derive(struct vc_scp *scp, const struct vc_scp_start *start,
    uint8_t cryptogram[VC_SCP_CRYPTOGRAM])
{
	const uk_bytes context[2] = { start->host, start->card };
	uk_bytes s_mac = uk_view(scp->mac, scp->key);
	const struct {
		uk_bytes key;
		enum constant constant;
		uint8_t *out;
		size_t n;
	} rows[] = {
		{ start->enc, FOR_S_ENC, scp->enc, scp->key },
		{ start->mac, FOR_S_MAC, scp->mac, scp->key },
		{ start->mac, FOR_S_RMAC, scp->rmac, scp->key },
		{ s_mac, FOR_CARD_CRYPTOGRAM, cryptogram, VC_SCP_CRYPTOGRAM },
		{ s_mac, FOR_HOST_CRYPTOGRAM, scp->host_cryptogram,
		    VC_SCP_CRYPTOGRAM },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		UK_TRY(kdf(scp->crypto, rows[i].key, rows[i].constant, context,
		    rows[i].out, rows[i].n));
	/* 6.2.8: the static key itself */
	return uk_copy_exact(scp->dek, scp->key, start->dek);
}

/* 6.2.4: over the MAC before and the command as sent. */
static uk_err check_mac(
    struct vc_scp *scp, const uk_cmd *cmd, uk_bytes data, uk_bytes mac)
{
	uint8_t header[8], made[BLOCK];
	uk_buf h = UK_BUF(header);
	uk_bytes parts[3] = { UK_ARRAY(scp->chain), UK_NONE, data };

	vc_scp_put_header(&h, cmd, data.n + VC_SCP_MAC);
	parts[1] = uk_buf_view(&h);
	UK_TRY(
	    vc_cmac(scp->crypto, uk_view(scp->mac, scp->key), parts, 3, made));
	if (!uk_equal(uk_bytes_first(UK_ARRAY(made), VC_SCP_MAC), mac))
		return uk_fail(UK_ERR_SIGNATURE);
	return uk_copy_exact(scp->chain, BLOCK, UK_ARRAY(made));
}

/* 6.2.6, 6.2.7: the counter, enciphered; answers have its first bit set. */
static uk_err crypt(struct vc_scp *scp, enum vc_sym_way way, uint8_t first,
    uk_bytes in, uint8_t *out)
{
	struct vc_sym enc = { VC_SYM_AES, uk_view(scp->enc, scp->key) };
	uint8_t icv[BLOCK];
	uk_buf b = UK_BUF(icv);

	uk_put_u8(&b, first);
	uk_put_fill(&b, 0, BLOCK - 5);
	uk_put_u32(&b, scp->counter);
	UK_TRY(
	    vc_sym_ecb(scp->crypto, &enc, VC_SYM_ENCIPHER, UK_ARRAY(icv), icv));
	return vc_sym_cbc(scp->crypto, &enc, way, UK_ARRAY(icv), in, out);
}

static uk_err decipher(
    struct vc_scp *scp, uk_bytes in, uk_buf *plain, uk_bytes *data)
{
	uint8_t *room = uk_put_room(plain, in.n);

	UK_TRY(uk_buf_result(plain));
	UK_TRY(crypt(scp, VC_SYM_DECIPHER, 0, in, room));
	return vc_scp_unpad(uk_view(room, in.n), data)
		   ? uk_ok()
		   : uk_fail(UK_ERR_SIGNATURE);
}

static uk_err unwrap(
    struct vc_scp *scp, const uk_cmd *cmd, uk_buf *plain, uk_bytes *data)
{
	bool deciphers = (scp->level & VC_SCP_C_DEC) != 0;

	if (cmd->data.n < VC_SCP_MAC)
		return uk_fail(UK_ERR_SIGNATURE);
	*data = uk_bytes_first(cmd->data, cmd->data.n - VC_SCP_MAC);
	UK_TRY(
	    check_mac(scp, cmd, *data, uk_bytes_last(cmd->data, VC_SCP_MAC)));
	/* Commands without data count, too. */
	if (deciphers)
		scp->counter++;
	if (!deciphers || data->n == 0)
		return uk_ok();
	return decipher(scp, *data, plain, data);
}

/* 6.2.7, then 6.2.5 */
static uk_err wrap(struct vc_scp *scp, uint16_t sw, uk_buf *out)
{
	uint8_t status[2], mac[BLOCK];
	uk_buf b = UK_BUF(status);
	uk_bytes parts[3] = { UK_ARRAY(scp->chain), UK_NONE, UK_ARRAY(status) };

	uk_put_u16(&b, sw);
	if ((scp->level & VC_SCP_R_ENC) != 0 && out->len > 0) {
		uk_put_u8(out, 0x80);
		uk_put_fill(out, 0, (BLOCK - out->len % BLOCK) % BLOCK);
		UK_TRY(uk_buf_result(out));
		UK_TRY(crypt(
		    scp, VC_SYM_ENCIPHER, FROM_CARD, uk_buf_view(out), out->p));
	}
	parts[1] = uk_buf_view(out);
	UK_TRY(
	    vc_cmac(scp->crypto, uk_view(scp->rmac, scp->key), parts, 3, mac));
	uk_put(out, uk_bytes_first(UK_ARRAY(mac), VC_SCP_MAC));
	return uk_buf_result(out);
}

const struct vc_scp_ops vc_scp03 = {
	.protocol = VC_SCP_03,
	.alg = VC_SYM_AES,
	.challenge = VC_SCP_CHALLENGE,
	.pseudo = pseudo,
	.is_pseudo = is_pseudo,
	.derive = derive,
	.unwrap = unwrap,
	.wrap = wrap,
};
