/* The U-key application: its tables, its first content, SELECT. */
#include "vc_ukey.h"

#include "tlv.h"

enum { WRITE_NEVER, WRITE_PIN, READ_ALWAYS = 0, READ_PIN, CAPACITY = 4096 };

/* Profile section 2. */
static const struct vc_file_rule rules[] = {
	{ 0x5031, 0x5031, 0x11, WRITE_NEVER, READ_ALWAYS, false },
	{ 0x5032, 0x5032, 0x12, WRITE_NEVER, READ_ALWAYS, false },
	{ 0x4401, 0x4401, 0x01, WRITE_NEVER, READ_ALWAYS, false },
	{ 0x4402, 0x4405, 0x02, WRITE_PIN, READ_ALWAYS, false },
	{ 0x4331, 0x433f, 0x0b, WRITE_PIN, READ_ALWAYS, true },
	{ 0x4501, 0x450f, 0x00, WRITE_PIN, READ_ALWAYS, true },
	{ 0x4601, 0x460f, 0x00, WRITE_PIN, READ_PIN, true },
};

static const uint16_t first_files[] = { 0x5031, 0x5032, 0x4401, 0x4402, 0x4403,
	0x4404, 0x4405 };

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

static uint16_t may_write(void *owner, const struct vc_file_rule *rule)
{
	const struct vc_ukey *u = owner;

	if (vc_ukey_in_creation(u))
		return UK_SW_OK;
	return rule->write == WRITE_PIN && (u->login || u->puk)
		   ? UK_SW_OK
		   : UK_SW_SECURITY;
}

/* The owner's own: not the officer's, and not personalisation's. */
static uint16_t may_read(void *owner, const struct vc_file_rule *rule)
{
	const struct vc_ukey *u = owner;

	return rule->read == READ_PIN && !u->login ? UK_SW_SECURITY : UK_SW_OK;
}

static uk_err changed(void *owner)
{
	return vc_ukey_bump(owner);
}

/* Profile section 1.1: somebody looks at the card. That is no reason to log out
 * whoever works with it; but a consent is for the next signature of the one who
 * gave it, and what was selected or set is nobody else's to use. */
static void again(struct vc_app *app)
{
	struct vc_ukey *u = vc_ukey_of(app);

	u->consent = false;
	u->auth = u->sign = u->decipher = (struct vc_ukey_env){ 0, 0 };
	u->files = (struct vc_files){ &app->home, rules, COUNT(rules), 0, u,
		may_write, may_read, changed };
}

static void forget(struct vc_app *app)
{
	struct vc_ukey *u = vc_ukey_of(app);

	again(app);
	u->login = u->puk = false;
	vc_ukey_forget_challenge(u);
	vc_ukey_forget_proof(u);
}

static uk_err install(struct vc_app *app, uk_bytes params)
{
	static const uint8_t lifecycle[] = { 0x01 }, version[4] = { 0 },
			     flags[] = { 0 };
	struct vc_ukey *u = vc_ukey_of(app);
	uint8_t serial[VC_UKEY_SERIAL];

	(void)params; /* personalisation is by commands: profile, section 7 */
	UK_TRY(vc_random(app->home.crypto, serial, sizeof(serial)));
	UK_TRY(vc_ukey_put(u, VC_UKEY_SET_LIFECYCLE, UK_ARRAY(lifecycle)));
	UK_TRY(vc_ukey_put(u, VC_UKEY_SET_SERIAL, UK_ARRAY(serial)));
	UK_TRY(vc_ukey_put(u, VC_UKEY_SET_VERSION, UK_ARRAY(version)));
	UK_TRY(vc_ukey_put(u, VC_UKEY_SET_FLAGS, UK_ARRAY(flags)));
	UK_TRY(vc_ukey_put(u, VC_UKEY_SET_LABEL, uk_view_str("ukey")));
	for (size_t i = 0; i < COUNT(first_files); i++)
		UK_TRY(vc_files_put_new(&u->files, first_files[i], CAPACITY));
	return uk_ok();
}

/* Profile section 1.1. */
static uint16_t select_app(
    struct vc_app *app, const struct vc_select *how, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);
	size_t fci, status;

	if (how->again)
		again(app);
	if (how->form == 0x0c)
		return UK_SW_OK;
	fci = uk_tlv_begin(out, how->form == 0x00 ? 0x6f : 0x62);
	uk_put_tlv(out, 0x84, vc_app_aid(app));
	uk_put_tlv(out, 0x8a, vc_ukey_get(u, VC_UKEY_SET_LIFECYCLE));
	status = uk_tlv_begin(out, 0xa5);
	vc_ukey_put_status(u, out);
	uk_tlv_end(out, status);
	uk_tlv_end(out, fci);
	return UK_SW_OK;
}

static uk_bytes label(struct vc_app *app)
{
	return vc_ukey_get(vc_ukey_of(app), VC_UKEY_SET_LABEL);
}

#define FILE_COMMAND(name)                                                     \
	static uint16_t file_##name(                                           \
	    struct vc_app *app, const uk_cmd *cmd, uk_buf *out)                \
	{                                                                      \
		return vc_files_##name(&vc_ukey_of(app)->files, cmd, out);     \
	}
FILE_COMMAND(select)
FILE_COMMAND(create)
FILE_COMMAND(delete)
FILE_COMMAND(read)
FILE_COMMAND(read_odd)
FILE_COMMAND(update)
FILE_COMMAND(update_odd)
FILE_COMMAND(erase)

static const struct vc_command commands[] = {
	{ 0x0e, file_erase },
	{ 0x20, vc_ukey_verify },
	{ 0x22, vc_ukey_mse },
	{ 0x24, vc_ukey_change },
	{ 0x2a, vc_ukey_pso },
	{ 0x2c, vc_ukey_reset_counter },
	{ 0x44, vc_ukey_activate },
	{ 0x46, vc_ukey_generate },
	{ 0x82, vc_ukey_external_auth },
	{ 0x84, vc_ukey_get_challenge },
	{ 0x88, vc_ukey_internal_auth },
	{ 0xa4, file_select },
	{ 0xb0, file_read },
	{ 0xb1, file_read_odd },
	{ 0xca, vc_ukey_get_data },
	{ 0xd6, file_update },
	{ 0xd7, file_update_odd },
	{ 0xdb, vc_ukey_put_data },
	{ 0xe0, file_create },
	{ 0xe4, file_delete },
};

const struct vc_app_ops vc_ukey_ops = {
	.name = "ukey",
	.package = VC_AID(0xf0, 'u', 'k', 'e', 'y'),
	.module = VC_AID(0xf0, 'u', 'k', 'e', 'y', '.', 'm'),
	.aid = VC_AID(0xf0, 'u', 'k', 'e', 'y', '.', '0', '1'),
	.traits = { .basic_only = true, .paths = true, .preinstalled = true },
	.size = sizeof(struct vc_ukey),
	.commands = commands,
	.command_count = COUNT(commands),
	.install = install,
	.forget = forget,
	.select = select_app,
	.label = label,
};
