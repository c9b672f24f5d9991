/* The issuer security domain: its tables, SELECT, and the way of a command
 * through the secure channel. */
#include "vc_isd.h"

#include "secret.h"
#include "tlv.h"

enum { MAX_DATA = 0xff, SW_CARD_LOCKED = 0x6283 };

uk_err vc_isd_put(struct vc_isd *d, uint16_t ref, uk_bytes value)
{
	return vc_nv_put(
	    d->app.home.nv, vc_home_id(&d->app.home, VC_NV_DATA, ref), value);
}

static void forget(struct vc_app *app)
{
	struct vc_isd *d = vc_isd_of(app);

	vc_scp_close(&d->scp);
	vc_isd_end_load(d);
	d->combined = false;
	d->target.n = 0;
	d->store_next = 0;
	d->status_kind = 0;
}

static uk_err install(struct vc_app *app, uk_bytes params)
{
	struct vc_isd *d = vc_isd_of(app);

	UK_TRY(vc_isd_data_install(d));
	return vc_isd_keys_install(d, params);
}

/* 11.9.3.1 */
static uint16_t select_app(
    struct vc_app *app, const struct vc_select *how, uk_buf *out)
{
	struct vc_isd *d = vc_isd_of(app);
	size_t fci, proprietary;

	if (how->again) /* 10.2.3: ends the session */
		forget(app);
	if (how->form != 0x0c) {
		fci = uk_tlv_begin(out, how->form == 0x00 ? 0x6f : 0x62);
		uk_put_tlv(out, 0x84, vc_app_aid(app));
		proprietary = uk_tlv_begin(out, 0xa5);
		vc_isd_put_recognition(d, out);
		uk_put_tlv_u8(out, 0x9f65, MAX_DATA);
		uk_tlv_end(out, proprietary);
		uk_tlv_end(out, fci);
	}
	return vc_registry_card_life(app->home.registry) == VC_CARD_LOCKED
		   ? SW_CARD_LOCKED
		   : UK_SW_OK;
}

/* --- commands --------------------------------------------------------------
 */

enum {
	OPEN = 1 << 0,      /* without a secure channel, too */
	BY_ITSELF = 1 << 1, /* makes the channel: not carried by it */
	LOCKED = 1 << 2,    /* on a locked card, too: 9.6.1.1 */
	TERMINATED = 1 << 3 /* on a terminated card, too */
};

static const struct row {
	uint8_t ins;
	uint8_t flags;
	vc_isd_fn *run;
} rows[] = {
	{ 0x50, OPEN | BY_ITSELF | LOCKED, vc_isd_initialize_update },
	{ 0x82, OPEN | BY_ITSELF | LOCKED, vc_isd_external_auth },
	{ 0xca, OPEN | LOCKED | TERMINATED, vc_isd_get_data },
	{ 0xd8, 0, vc_isd_put_key },
	{ 0xe2, 0, vc_isd_store_data },
	{ 0xe4, 0, vc_isd_delete },
	{ 0xe6, 0, vc_isd_install },
	{ 0xe8, 0, vc_isd_load },
	{ 0xf0, LOCKED, vc_isd_set_status },
	{ 0xf2, LOCKED, vc_isd_get_status },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]), INS_GET_DATA = 0xca };

static const struct row *find(uint8_t ins)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].ins == ins)
			return &rows[i];
	}
	return NULL;
}

static bool takes_class(uint8_t cla)
{
	return (cla & ~(0x80 | VC_SCP_CLA)) == 0;
}

/* 5.1.1: what a locked or terminated card still does. */
static uint16_t may_run(const struct vc_isd *d, const struct row *row)
{
	uint8_t life = vc_registry_card_life(d->app.home.registry);

	if (life == VC_CARD_LOCKED && (row->flags & LOCKED) == 0)
		return UK_SW_CONDITIONS;
	if (life == VC_CARD_TERMINATED && (row->flags & TERMINATED) == 0)
		return UK_SW_CONDITIONS;
	if ((row->flags & OPEN) == 0 && !d->scp.open)
		return UK_SW_SECURITY;
	return UK_SW_OK;
}

static uint16_t run_row(
    struct vc_isd *d, const struct row *row, const uk_cmd *cmd, uk_buf *out)
{
	uint16_t sw = may_run(d, row);

	if (row->run != vc_isd_get_status)
		d->status_kind = 0; /* nothing to be continued */
	return sw == UK_SW_OK ? row->run(d, cmd, out) : sw;
}

static uint16_t run(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_isd *d = vc_isd_of(app);
	const struct row *row = find(cmd->ins);
	uk_buf plain = UK_BUF(d->plain);
	uk_cmd open;
	uint16_t sw;

	if (row == NULL)
		return UK_SW_INS;
	/* 11.1.4: GET DATA alone also comes in the interindustry class. */
	if ((cmd->cla & 0x80) == 0 && row->ins != INS_GET_DATA)
		return UK_SW_CLA;
	if ((row->flags & BY_ITSELF) != 0)
		return run_row(d, row, cmd, out);
	sw = vc_scp_unwrap(&d->scp, cmd, &plain, &open);
	if (sw == UK_SW_OK)
		sw = run_row(d, row, &open, out);
	uk_wipe(d->plain, plain.len);
	return vc_scp_wrap(&d->scp, sw, out);
}

static const struct vc_command commands[ROWS] = {
	{ 0x50, run },
	{ 0x82, run },
	{ 0xca, run },
	{ 0xd8, run },
	{ 0xe2, run },
	{ 0xe4, run },
	{ 0xe6, run },
	{ 0xe8, run },
	{ 0xf0, run },
	{ 0xf2, run },
};

const struct vc_app_ops vc_isd_ops = {
	.name = "isd",
	/* GlobalPlatform's own names: 2.3.1, H.1.3 */
	.package = VC_AID(0xa0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50),
	.module = VC_AID(0xa0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41),
	.aid = VC_AID(0xa0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00),
	/* All that an issuer's domain has, but default selected: the MF is. */
	.privileges = { 0x9a, 0xfe, 0x80 },
	.traits = { .preinstalled = true },
	.size = sizeof(struct vc_isd),
	.commands = commands,
	.command_count = ROWS,
	.takes_class = takes_class,
	.install = install,
	.forget = forget,
	.select = select_app,
};
