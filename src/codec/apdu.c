/* APDUs, ISO/IEC 7816-4:2020, 5.1 to 5.3. */
#include "apdu.h"

bool uk_cmd_extended(const uk_cmd *cmd)
{
	return cmd->data.n > UK_LC_SHORT_MAX || cmd->le > UK_LE_SHORT_MAX;
}

static void put_short(const uk_cmd *cmd, uk_buf *out)
{
	if (cmd->data.n > 0)
		uk_put_u8(out, (uint8_t)cmd->data.n);
	uk_put(out, cmd->data);
	if (cmd->le > 0)
		uk_put_u8(out, (uint8_t)cmd->le); /* 256 is coded 00 */
}

static void put_extended(const uk_cmd *cmd, uk_buf *out)
{
	uk_put_u8(out, 0);
	if (cmd->data.n > 0)
		uk_put_u16(out, (uint16_t)cmd->data.n);
	uk_put(out, cmd->data);
	if (cmd->le > 0)
		uk_put_u16(out, (uint16_t)cmd->le); /* 65536 is coded 0000 */
}

uk_err uk_cmd_encode(const uk_cmd *cmd, uk_buf *out)
{
	if (cmd->data.n > UK_LC_MAX || cmd->le > UK_LE_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_u8(out, cmd->cla);
	uk_put_u8(out, cmd->ins);
	uk_put_u8(out, cmd->p1);
	uk_put_u8(out, cmd->p2);
	if (uk_cmd_extended(cmd))
		put_extended(cmd, out);
	else
		put_short(cmd, out);
	return uk_buf_result(out);
}

static uint32_t get_le(uk_reader *r, bool extended)
{
	uint32_t le = extended ? uk_get_u16(r) : uk_get_u8(r);

	if (le == 0)
		le = extended ? UK_LE_MAX : UK_LE_SHORT_MAX;
	return le;
}

/* What follows the header, when anything does. */
static void get_body(uk_reader *r, uk_cmd *out)
{
	bool extended = uk_peek_u8(r) == 0 && r->left > 1;
	size_t lc;

	if (extended)
		(void)uk_get_u8(r);
	if (r->left == (extended ? 2U : 1U)) { /* case 2 */
		out->le = get_le(r, extended);
		return;
	}
	lc = extended ? uk_get_u16(r) : uk_get_u8(r);
	if (lc == 0)
		r->bad = true;
	out->data = uk_get(r, lc);
	if (r->left > 0) /* case 4 */
		out->le = get_le(r, extended);
}

uk_err uk_cmd_decode(uk_bytes apdu, uk_cmd *out)
{
	uk_reader r = uk_read(apdu);

	*out = (uk_cmd){ 0 };
	out->cla = uk_get_u8(&r);
	out->ins = uk_get_u8(&r);
	out->p1 = uk_get_u8(&r);
	out->p2 = uk_get_u8(&r);
	if (r.left > 0)
		get_body(&r, out);
	return uk_read_end(&r);
}

uk_err uk_resp_decode(uk_bytes apdu, uk_resp *out)
{
	uk_reader r = uk_read(apdu);
	uk_bytes data;
	uint16_t sw;

	*out = (uk_resp){ UK_NONE, 0 };
	if (apdu.n < 2 || apdu.n > UK_RESPONSE_MAX)
		return uk_fail(UK_ERR_CARD_MUTE);
	data = uk_get(&r, apdu.n - 2);
	sw = uk_get_u16(&r);
	if ((sw & 0xf000) != 0x6000 && (sw & 0xf000) != 0x9000)
		return uk_fail(UK_ERR_CARD_MUTE);
	*out = (uk_resp){ data, sw };
	return uk_ok();
}
