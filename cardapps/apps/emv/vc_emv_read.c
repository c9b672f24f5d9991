/* READ RECORD, the log of transactions, GET DATA. */
#include "vc_emv.h"

#include "mem.h"
#include "tlv.h"
#include "vc_pins.h"

enum { P2_NUMBER = 0x04, SFI_MAX = 30 };

/* --- the log ---------------------------------------------------------------
 */

/* Date, time, both amounts, country and currency, merchant, type, ATC. */
static const uint8_t log_format[] = { 0x9a, 0x03, 0x9f, 0x21, 0x03, 0x9f, 0x02,
	0x06, 0x9f, 0x03, 0x06, 0x9f, 0x1a, 0x02, 0x5f, 0x2a, 0x02, 0x9f, 0x4e,
	0x14, 0x9c, 0x01, 0x9f, 0x36, 0x02 };

const uk_bytes vc_emv_log_format = { log_format, sizeof(log_format) };

static const struct {
	uint16_t tag;
	uint8_t n;
} log_elements[] = {
	{ 0x9a, 3 },
	{ 0x9f21, 3 },
	{ 0x9f02, 6 },
	{ 0x9f03, 6 },
	{ 0x9f1a, 2 },
	{ 0x5f2a, 2 },
	{ 0x9f4e, 20 },
	{ 0x9c, 1 },
};

/* The newest first, and the oldest falls out at the end. */
uk_err vc_emv_log(
    struct vc_emv *e, const struct vc_emv_request *q, uint16_t atc)
{
	uint8_t storage[VC_EMV_LOG_MAX * VC_EMV_LOG_ENTRY];
	uk_buf b = UK_BUF(storage);
	struct vc_emv_profile p;
	size_t most;

	if (!vc_emv_profile(e, &p) || p.log_entries == 0)
		return uk_ok();
	for (size_t i = 0; i < sizeof(log_elements) / sizeof(log_elements[0]);
	     i++)
		vc_emv_dol_put(&b, q->dol, q->data, log_elements[i].tag,
		    log_elements[i].n);
	uk_put_u16(&b, atc);
	most = (size_t)(p.log_entries - 1) * VC_EMV_LOG_ENTRY;
	uk_put(&b, uk_bytes_first(vc_emv_get(e, VC_EMV_SET_LOG), most));
	UK_TRY(uk_buf_result(&b));
	return vc_emv_put(e, VC_EMV_SET_LOG, uk_buf_view(&b));
}

static uint16_t read_log(const struct vc_emv *e, uint8_t number, uk_buf *out)
{
	uk_bytes log = vc_emv_get(e, VC_EMV_SET_LOG);
	size_t at = (size_t)(number - 1) * VC_EMV_LOG_ENTRY;

	if (at >= log.n)
		return UK_SW_NO_RECORD;
	uk_put(out, uk_bytes_first(uk_bytes_from(log, at), VC_EMV_LOG_ENTRY));
	return UK_SW_OK;
}

/* --- READ RECORD -----------------------------------------------------------
 */

static bool find(
    const struct vc_emv *e, uint8_t sfi, uint8_t number, uk_bytes *record)
{
	const struct vc_home *h = &e->app.home;

	return vc_nv_get(h->nv,
	    vc_home_id(h, VC_NV_FILE, (uint16_t)(sfi << 8 | number)), record);
}

/* The log may be read at any time; records belong to a transaction. */
uint16_t vc_emv_read(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_emv *e = vc_emv_of(app);
	uint8_t sfi = cmd->p2 >> 3;
	struct vc_emv_profile p;
	uk_bytes record;

	if ((cmd->p2 & 0x07) != P2_NUMBER || sfi == 0 || sfi > SFI_MAX ||
	    cmd->p1 == 0)
		return UK_SW_P1P2;
	if (cmd->data.n > 0)
		return UK_SW_LENGTH;
	if (sfi == VC_EMV_LOG_SFI && vc_emv_profile(e, &p) && p.log_entries > 0)
		return read_log(e, cmd->p1, out);
	if (e->phase == VC_EMV_SELECTED)
		return UK_SW_CONDITIONS;
	if (!find(e, sfi, cmd->p1, &record))
		return find(e, sfi, 1, &record) ? UK_SW_NO_RECORD
						: UK_SW_NO_FILE;
	uk_put_tlv(out, 0x70, record);
	return UK_SW_OK;
}

/* --- GET DATA --------------------------------------------------------------
 */

uint16_t vc_emv_get_data(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_emv *e = vc_emv_of(app);
	struct vc_emv_counters c = vc_emv_counters(e);
	struct vc_pin_state pin = vc_pin_state(&app->home, VC_EMV_PIN);
	struct vc_emv_profile p;
	uint16_t tag = (uint16_t)(cmd->p1 << 8 | cmd->p2);
	bool logs = vc_emv_profile(e, &p) && p.log_entries > 0;

	if (cmd->data.n > 0)
		return UK_SW_LENGTH;
	if (tag == 0x9f36)
		uk_put_tlv_u16(out, tag, c.atc);
	else if (tag == 0x9f13)
		uk_put_tlv_u16(out, tag, c.last_online);
	else if (tag == 0x9f17 && pin.max > 0)
		uk_put_tlv_u8(out, tag, pin.left);
	else if (tag == 0x9f4f && logs)
		uk_put_tlv(out, tag, vc_emv_log_format);
	else
		return UK_SW_NO_REF;
	return UK_SW_OK;
}
