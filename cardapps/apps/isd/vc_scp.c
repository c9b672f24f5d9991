/* The flow that both protocols share. */
#include "vc_scp_priv.h"

#include "secret.h"

enum { SW_NOT_AUTHENTICATED = 0x6300 };

static const struct vc_scp_ops *const protocols[] = { &vc_scp02, &vc_scp03 };

/* GlobalPlatform 2.3.1, table E-1; amendment D, table 5-1. */
static const struct option {
	uint8_t protocol, options;
	uint8_t levels; /* bits that EXTERNAL AUTHENTICATE may ask for */
} options[] = {
	{ VC_SCP_02, 0x15, 0x03 },
	{ VC_SCP_02, 0x55, 0x03 },
	{ VC_SCP_03, 0x00, 0x03 },
	{ VC_SCP_03, 0x10, 0x03 },
	{ VC_SCP_03, 0x20, 0x13 },
	{ VC_SCP_03, 0x30, 0x13 },
	{ VC_SCP_03, 0x60, 0x33 },
	{ VC_SCP_03, 0x70, 0x33 },
};

/* 2.3.1, table E-8; amendment D, table 7-6. */
static const uint8_t levels[] = { 0x00, 0x01, 0x03, 0x11, 0x13, 0x33 };

static const struct option *find_option(uint8_t protocol, uint8_t i)
{
	for (size_t n = 0; n < sizeof(options) / sizeof(options[0]); n++) {
		if (options[n].protocol == protocol && options[n].options == i)
			return &options[n];
	}
	return NULL;
}

static const struct vc_scp_ops *find_protocol(uint8_t protocol)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (protocols[i]->protocol == protocol)
			return protocols[i];
	}
	return NULL;
}

static bool level_known(const struct vc_scp *scp, uint8_t level)
{
	const struct option *row = find_option(
	    scp->ops->protocol, scp->options);

	for (size_t i = 0; i < sizeof(levels); i++) {
		if (levels[i] == level)
			return row != NULL && (level & ~row->levels) == 0;
	}
	return false;
}

bool vc_scp_known(uint8_t protocol, uint8_t i, size_t key)
{
	if (find_option(protocol, i) == NULL)
		return false;
	return key == 16 || (protocol == VC_SCP_03 && (key == 24 || key == 32));
}

size_t vc_scp_challenge_size(uint8_t protocol)
{
	const struct vc_scp_ops *ops = find_protocol(protocol);

	return ops == NULL ? 0 : ops->challenge;
}

/* --- beginning and end -----------------------------------------------------
 */

uk_err vc_scp_challenge(
    struct vc_crypto *c, const struct vc_scp_start *start, uk_buf *out)
{
	const struct vc_scp_ops *ops = find_protocol(start->protocol);
	uint8_t *room;

	if (ops == NULL)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (ops->is_pseudo(start->options))
		return ops->pseudo(c, start, out);
	room = uk_put_room(out, ops->challenge);
	UK_TRY(uk_buf_result(out));
	return vc_random(c, room, ops->challenge);
}

uk_err vc_scp_begin(struct vc_scp *scp, struct vc_crypto *c,
    const struct vc_scp_start *start, uint8_t cryptogram[VC_SCP_CRYPTOGRAM])
{
	uk_err err;

	vc_scp_close(scp);
	if (!vc_scp_known(start->protocol, start->options, start->enc.n) ||
	    start->mac.n != start->enc.n || start->dek.n != start->enc.n)
		return uk_fail(UK_ERR_UNSUPPORTED);
	scp->ops = find_protocol(start->protocol);
	scp->crypto = c;
	scp->options = start->options;
	scp->key = start->enc.n;
	err = scp->ops->derive(scp, start, cryptogram);
	if (!uk_is_ok(err))
		vc_scp_close(scp);
	return err;
}

void vc_scp_close(struct vc_scp *scp)
{
	uk_wipe(scp, sizeof(*scp));
}

static uint16_t prove(struct vc_scp *scp, const uk_cmd *cmd)
{
	uk_buf none = uk_buf_over(NULL, 0);
	uk_bytes said;
	uk_err err;

	if (cmd->data.n != VC_SCP_CRYPTOGRAM + VC_SCP_MAC)
		return UK_SW_LENGTH;
	if ((cmd->cla & VC_SCP_CLA) == 0)
		return UK_SW_SECURITY;
	if (cmd->p2 != 0 || !level_known(scp, cmd->p1))
		return UK_SW_P1P2;
	if (!uk_equal(uk_bytes_first(cmd->data, VC_SCP_CRYPTOGRAM),
		UK_ARRAY(scp->host_cryptogram)))
		return SW_NOT_AUTHENTICATED;
	scp->level = VC_SCP_C_MAC; /* of this command, whatever comes after */
	err = scp->ops->unwrap(scp, cmd, &none, &said);
	return uk_is_ok(err) ? UK_SW_OK : UK_SW_SECURITY;
}

uint16_t vc_scp_authenticate(struct vc_scp *scp, const uk_cmd *cmd)
{
	uint16_t sw;

	if (scp->ops == NULL || scp->open)
		sw = UK_SW_CONDITIONS;
	else
		sw = prove(scp, cmd);
	if (sw != UK_SW_OK) {
		vc_scp_close(scp);
		return sw;
	}
	scp->open = true;
	scp->level = cmd->p1;
	return sw;
}

/* --- commands and answers --------------------------------------------------
 */

void vc_scp_put_header(uk_buf *out, const uk_cmd *cmd, size_t n)
{
	uk_put_u8(out, cmd->cla);
	uk_put_u8(out, cmd->ins);
	uk_put_u8(out, cmd->p1);
	uk_put_u8(out, cmd->p2);
	if (n > UK_LC_SHORT_MAX) {
		uk_put_u8(out, 0);
		uk_put_u16(out, (uint16_t)n);
	} else {
		uk_put_u8(out, (uint8_t)n);
	}
}

bool vc_scp_unpad(uk_bytes v, uk_bytes *out)
{
	while (v.n > 0 && v.p[v.n - 1] == 0)
		v.n--;
	if (v.n == 0 || v.p[v.n - 1] != 0x80)
		return false;
	*out = uk_bytes_first(v, v.n - 1);
	return true;
}

uint16_t vc_scp_unwrap(
    struct vc_scp *scp, const uk_cmd *cmd, uk_buf *plain, uk_cmd *out)
{
	bool protected = (cmd->cla & VC_SCP_CLA) != 0;
	bool wanted = scp->open && (scp->level & VC_SCP_C_MAC) != 0;

	*out = *cmd;
	if (!protected && !wanted)
		return UK_SW_OK;
	if (protected != wanted ||
	    !uk_is_ok(scp->ops->unwrap(scp, cmd, plain, &out->data))) {
		vc_scp_close(scp);
		return UK_SW_SECURITY;
	}
	out->cla &= (uint8_t)~VC_SCP_CLA;
	return UK_SW_OK;
}

static bool is_error(uint16_t sw)
{
	unsigned sw1 = sw >> 8;

	return sw != UK_SW_OK && sw1 != 0x62 && sw1 != 0x63;
}

uint16_t vc_scp_wrap(struct vc_scp *scp, uint16_t sw, uk_buf *out)
{
	/* Errors are answered by their status word alone: amendment D, 6.2.5.
	 */
	if (!scp->open || (scp->level & VC_SCP_R_MAC) == 0 || is_error(sw))
		return sw;
	if (uk_is_ok(scp->ops->wrap(scp, sw, out)))
		return sw;
	vc_scp_close(scp);
	return UK_SW_MEMORY;
}

uk_err vc_scp_decipher_key(const struct vc_scp *scp, uk_bytes in, uint8_t *out)
{
	struct vc_sym dek;

	if (!scp->open)
		return uk_fail(UK_ERR_CONDITIONS);
	dek = (struct vc_sym){ scp->ops->alg, uk_view(scp->dek, scp->key) };
	/* 2.3.1, E.4.7: ECB; amendment D, 6.2.8: CBC from zeros. */
	if (scp->ops->alg == VC_SYM_DES)
		return vc_sym_ecb(scp->crypto, &dek, VC_SYM_DECIPHER, in, out);
	return vc_sym_cbc(scp->crypto, &dek, VC_SYM_DECIPHER, UK_NONE, in, out);
}
