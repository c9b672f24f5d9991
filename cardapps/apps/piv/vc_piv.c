/* The two kinds of PIV: tables, first content, SELECT. */
#include "vc_piv.h"

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

enum { RID = 5 }; /* bytes of it in the AID */

void vc_piv_forget(struct vc_app *app)
{
	struct vc_piv *p = vc_piv_of(app);

	p->pin = p->global = p->fresh = p->admin = false;
	uk_wipe(&p->question, sizeof(p->question));
}

/* --- first content ---------------------------------------------------------
 */

/* 01 to 08, three times: everybody's key, until somebody sets another. */
static uk_err put_first_admin_key(struct vc_piv *p)
{
	uint8_t key[24];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i % 8 + 1);
	return vc_piv_put_admin_key(p, VC_PIV_3DES, UK_ARRAY(key));
}

static uk_err put_serial(struct vc_piv *p)
{
	uint8_t serial[VC_PIV_SERIAL];

	UK_TRY(vc_random(p->app.home.crypto, serial, sizeof(serial)));
	serial[0] &= 0x7f; /* some programs take it for a signed number */
	return vc_piv_put(p, VC_NV_DATA, VC_PIV_SET_SERIAL, UK_ARRAY(serial));
}

uk_err vc_piv_fill(struct vc_piv *p)
{
	const struct vc_piv_traits *traits = vc_piv_traits(p);

	UK_TRY(vc_piv_put_first_pins(p, traits->pin_tries, traits->puk_tries));
	UK_TRY(put_first_admin_key(p));
	return vc_piv_put_pin_usage(p, VC_PIV_APP_PIN);
}

static uk_err install(struct vc_app *app, uk_bytes params)
{
	if (params.n > 0)
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(put_serial(vc_piv_of(app)));
	return vc_piv_fill(vc_piv_of(app));
}

/* --- SELECT ----------------------------------------------------------------
 */

static void put_algorithms(uk_buf *out)
{
	static const uint8_t algorithms[] = { VC_PIV_3DES, VC_PIV_AES128,
		VC_PIV_AES192, VC_PIV_AES256, VC_PIV_RSA1024, VC_PIV_RSA2048,
		VC_PIV_RSA3072, VC_PIV_RSA4096, VC_PIV_P256, VC_PIV_P384 };
	size_t at = uk_tlv_begin(out, 0xac);

	for (size_t i = 0; i < COUNT(algorithms); i++)
		uk_put_tlv_u8(out, 0x80, algorithms[i]);
	uk_put_tlv_u8(out, 0x06, 0x00);
	uk_tlv_end(out, at);
}

/* The application property template: part 2, 3.1.1, table 3. */
static void put_template(const struct vc_piv *p, uk_buf *out)
{
	uk_bytes aid = vc_app_aid(&p->app);
	size_t template = uk_tlv_begin(out, 0x61), authority;

	uk_put_tlv(out, 0x4f, uk_bytes_from(aid, RID));
	authority = uk_tlv_begin(out, 0x79);
	uk_put_tlv(out, 0x4f, uk_bytes_first(aid, RID));
	uk_tlv_end(out, authority);
	if (!vc_piv_traits(p)->yubico) {
		uk_put_tlv(out, 0x50, uk_view_str("PIV"));
		put_algorithms(out);
	}
	uk_tlv_end(out, template);
}

static uint16_t select_app(
    struct vc_app *app, const struct vc_select *how, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);

	p->fresh = false;
	if (how->again && !vc_piv_traits(p)->keeps_status)
		vc_piv_forget(app);
	if (how->form != 0x0c)
		put_template(p, out);
	return UK_SW_OK;
}

static uk_bytes label(struct vc_app *app)
{
	(void)app;
	return uk_view_str("PIV");
}

/* --- the tables ------------------------------------------------------------
 */

/* Those of the standard come first. */
static const struct vc_command commands[] = {
	{ 0x20, vc_piv_verify },
	{ 0x24, vc_piv_change },
	{ 0x2c, vc_piv_reset_counter },
	{ 0x47, vc_piv_generate },
	{ 0x87, vc_piv_general_auth },
	{ 0xcb, vc_piv_get_data },
	{ 0xdb, vc_piv_put_data },
	{ 0xf7, vc_piv_metadata },
	{ 0xf8, vc_piv_serial },
	{ 0xfa, vc_piv_set_tries },
	{ 0xfb, vc_piv_reset },
	{ 0xfd, vc_piv_version },
	{ 0xfe, vc_piv_import },
	{ 0xff, vc_piv_set_admin_key },
};

enum { STANDARD_COMMANDS = 7 };

#define PIV_AID 0xa0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00

/* What both kinds have in common. */
#define PIV_OPS                                                                \
	.aid = VC_AID(PIV_AID), .size = sizeof(struct vc_piv),                 \
	.install = install, .forget = vc_piv_forget, .select = select_app,     \
	.label = label, .commands = commands

const struct vc_piv_kind vc_piv_standard = {
	.ops = {
		PIV_OPS,
		.name = "piv",
		.package = VC_AID(0xf0, 'u', 'k', 'e', 'y', '.', 'p', 'i', 'v'),
		.module = VC_AID(
		    0xf0, 'u', 'k', 'e', 'y', '.', 'p', 'i', 'v', '1'),
		.traits = { .short_only = true, .most = 255 },
		.command_count = STANDARD_COMMANDS,
	},
	.traits = {
		.keeps_empty = true,
		.keeps_status = true,
		.pin_digits = true,
		.puk_min = 8,
		.pin_tries = 5,
		.puk_tries = 3,
		/* The longest object, the facial image: part 1, table 7. */
		.object_max = 12710,
	},
};

const struct vc_piv_kind vc_piv_yubico = {
	.ops = {
		PIV_OPS,
		.name = "piv-yubico",
		.package = VC_AID(0xf0, 'u', 'k', 'e', 'y', '.', 'p', 'i', 'v'),
		.module = VC_AID(
		    0xf0, 'u', 'k', 'e', 'y', '.', 'p', 'i', 'v', '2'),
		.traits = { .eager = true },
		.command_count = COUNT(commands),
	},
	.traits = {
		.yubico = true,
		.puk_min = 6,
		.pin_tries = 3,
		.puk_tries = 3,
		.object_max = 3072,
		.version = { 5, 4, 3 },
	},
};
