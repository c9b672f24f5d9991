/* The payment application: its tables, its settings, SELECT. */
#include "vc_emv.h"

#include "tlv.h"

enum { CLA_PAYMENT = 0x80, UNFINISHED = 0x01, DENIED = 0x02 };

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

/* --- settings --------------------------------------------------------------
 */

uk_bytes vc_emv_get(const struct vc_emv *e, enum vc_emv_setting which)
{
	const struct vc_home *h = &e->app.home;
	uk_bytes v;

	if (!vc_nv_get(h->nv, vc_home_id(h, VC_NV_DATA, (uint16_t)which), &v))
		return UK_NONE;
	return v;
}

uk_err vc_emv_put(struct vc_emv *e, enum vc_emv_setting which, uk_bytes value)
{
	const struct vc_home *h = &e->app.home;

	return vc_nv_put(
	    h->nv, vc_home_id(h, VC_NV_DATA, (uint16_t)which), value);
}

bool vc_emv_profile(const struct vc_emv *e, struct vc_emv_profile *out)
{
	uk_reader r = uk_read(vc_emv_get(e, VC_EMV_SET_PROFILE));

	*out = (struct vc_emv_profile){
		.scheme = (enum vc_emv_scheme)uk_get_u8(&r),
		.key_index = uk_get_u8(&r),
		.offline_most = uk_get_u8(&r),
		.log_entries = uk_get_u8(&r),
		.aip = uk_get_u16(&r),
		.atc_last = uk_get_u16(&r),
	};
	return uk_is_ok(uk_read_end(&r));
}

struct vc_emv_counters vc_emv_counters(const struct vc_emv *e)
{
	uk_reader r = uk_read(vc_emv_get(e, VC_EMV_SET_COUNTERS));
	struct vc_emv_counters c = { .atc = uk_get_u16(&r),
		.last_online = uk_get_u16(&r) };
	uint8_t flags = uk_get_u8(&r);

	c.unfinished = (flags & UNFINISHED) != 0;
	c.denied = (flags & DENIED) != 0;
	return c;
}

uk_err vc_emv_put_counters(struct vc_emv *e, const struct vc_emv_counters *c)
{
	uint8_t storage[5];
	uk_buf b = UK_BUF(storage);

	uk_put_u16(&b, c->atc);
	uk_put_u16(&b, c->last_online);
	uk_put_u8(&b, (uint8_t)((c->unfinished ? UNFINISHED : 0) |
				(c->denied ? DENIED : 0)));
	return vc_emv_put(e, VC_EMV_SET_COUNTERS, uk_buf_view(&b));
}

/* --- selection -------------------------------------------------------------
 */

static void forget(struct vc_app *app)
{
	struct vc_emv *e = vc_emv_of(app);

	*e = (struct vc_emv){ .app = e->app };
}

/* Nothing to sell before it is personalised. */
static uk_err install(struct vc_app *app, uk_bytes params)
{
	(void)app;
	return params.n == 0 ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

static void put_fci(
    struct vc_emv *e, const struct vc_emv_profile *p, uk_buf *out)
{
	const uint8_t log[] = { VC_EMV_LOG_SFI, p->log_entries };
	size_t fci = uk_tlv_begin(out, 0x6f), inside, more;

	uk_put_tlv(out, 0x84, vc_app_aid(&e->app));
	inside = uk_tlv_begin(out, 0xa5);
	uk_put(out, vc_emv_get(e, VC_EMV_SET_FCI));
	if (p->log_entries > 0) {
		more = uk_tlv_begin(out, 0xbf0c);
		uk_put_tlv(out, 0x9f4d, UK_ARRAY(log));
		uk_tlv_end(out, more);
	}
	uk_tlv_end(out, inside);
	uk_tlv_end(out, fci);
}

/* Each begins another transaction. A card that has counted to its end is
 * blocked (EMV 4.3 Book 3, 6.3.5: 6283). */
static uint16_t select_app(
    struct vc_app *app, const struct vc_select *how, uk_buf *out)
{
	struct vc_emv *e = vc_emv_of(app);
	struct vc_emv_profile p;

	if (!vc_emv_profile(e, &p))
		return UK_SW_CONDITIONS;
	if (how->again)
		forget(app);
	if (how->form != 0x0c)
		put_fci(e, &p, out);
	return vc_emv_counters(e).atc >= p.atc_last ? UK_SW_DEACTIVATED
						    : UK_SW_OK;
}

static bool takes_class(uint8_t cla)
{
	return cla == 0 || cla == CLA_PAYMENT;
}

/* Each command belongs to one class. */
static const struct class_row {
	uint8_t ins, cla;
	vc_command_fn *run;
} rows[] = {
	{ 0x20, 0x00, vc_emv_verify },
	{ 0x82, 0x00, vc_emv_external },
	{ 0xa8, CLA_PAYMENT, vc_emv_begin },
	{ 0xae, CLA_PAYMENT, vc_emv_generate },
	{ 0xb2, 0x00, vc_emv_read },
	{ 0xca, CLA_PAYMENT, vc_emv_get_data },
};

static uint16_t run(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].ins == cmd->ins)
			return rows[i].cla == cmd->cla
				   ? rows[i].run(app, cmd, out)
				   : UK_SW_CLA;
	}
	return UK_SW_INS;
}

static const struct vc_command commands[] = {
	{ 0x20, run },
	{ 0x82, run },
	{ 0xa8, run },
	{ 0xae, run },
	{ 0xb2, run },
	{ 0xca, run },
};

/* RID A000000333, debit: UnionPay's. */
const struct vc_app_ops vc_emv_ops = {
	.name = "emv",
	.package = VC_AID(0xa0, 0x00, 0x00, 0x03, 0x33, 0x01),
	.module = VC_AID(0xa0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01),
	.aid = VC_AID(0xa0, 0x00, 0x00, 0x03, 0x33, 0x01, 0x01, 0x01),
	.traits = { .no_chaining = true },
	.size = sizeof(struct vc_emv),
	.commands = commands,
	.command_count = COUNT(commands),
	.takes_class = takes_class,
	.install = install,
	.forget = forget,
	.select = select_app,
};
