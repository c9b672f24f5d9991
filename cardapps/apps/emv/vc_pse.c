/* PSE and PPSE. */
#include "vc_pse.h"

#include "tlv.h"
#include "vc_emv.h"
#include "vc_registry.h"

enum { DIRECTORY_SFI = 1, PRIORITIES = 16, SFI_AND_NUMBER = 0x04 };

/* --- the accounts ----------------------------------------------------------
 */

/* Priority (0: none, and so the last) and directory entry of the application
 * number i; false if it is no account. */
static bool get_entry(
    const struct vc_app *pse, size_t i, uint8_t *priority, uk_bytes *entry)
{
	struct vc_app *app = vc_registry_at(pse->home.registry, i);
	uk_bytes v;

	if (app->ops != &vc_emv_ops || !vc_app_selectable(app))
		return false;
	v = vc_emv_get(vc_emv_of(app), VC_EMV_SET_ENTRY);
	if (v.n < 2)
		return false;
	*priority = v.p[0] == 0 ? PRIORITIES : v.p[0];
	*entry = uk_bytes_from(v, 1);
	return true;
}

/* Number `wanted` in the order of priorities, from 0 on. */
static bool find(const struct vc_app *pse, size_t wanted, uk_bytes *entry)
{
	size_t count = vc_registry_count(pse->home.registry);

	for (unsigned turn = 1; turn <= PRIORITIES; turn++) {
		for (size_t i = 0; i < count; i++) {
			uint8_t priority;

			if (get_entry(pse, i, &priority, entry) &&
			    priority == turn && wanted-- == 0)
				return true;
		}
	}
	return false;
}

/* --- commands --------------------------------------------------------------
 */

static void forget(struct vc_app *app)
{
	(void)app;
}

static uk_err install(struct vc_app *app, uk_bytes params)
{
	(void)app;
	return params.n == 0 ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

static void put_accounts(const struct vc_app *app, uk_buf *out)
{
	size_t at = uk_tlv_begin(out, 0xbf0c);
	uk_bytes entry;

	for (size_t i = 0; find(app, i, &entry); i++)
		uk_put(out, entry);
	uk_tlv_end(out, at);
}

static uint16_t select_directory(
    struct vc_app *app, const struct vc_select *how, uk_buf *out)
{
	size_t fci, inside;
	uk_bytes entry;

	if (!find(app, 0, &entry))
		return UK_SW_NO_FILE;
	if (how->form == 0x0c)
		return UK_SW_OK;
	fci = uk_tlv_begin(out, 0x6f);
	uk_put_tlv(out, 0x84, vc_app_aid(app));
	inside = uk_tlv_begin(out, 0xa5);
	if (app->ops == &vc_ppse_ops) {
		put_accounts(app, out);
	} else {
		uk_put_tlv_u8(out, 0x88, DIRECTORY_SFI);
		uk_put_tlv(out, 0x5f2d, uk_view_str("zhen"));
	}
	uk_tlv_end(out, inside);
	uk_tlv_end(out, fci);
	return UK_SW_OK;
}

/* One account in each record. */
static uint16_t read_record(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	uk_bytes entry;

	if (cmd->p1 == 0 || (cmd->p2 & 0x07) != SFI_AND_NUMBER)
		return UK_SW_P1P2;
	if (cmd->data.n > 0)
		return UK_SW_LENGTH;
	if (cmd->p2 >> 3 != DIRECTORY_SFI)
		return UK_SW_NO_FILE;
	if (!find(app, cmd->p1 - 1U, &entry))
		return UK_SW_NO_RECORD;
	uk_put_tlv(out, 0x70, entry);
	return UK_SW_OK;
}

static const struct vc_command commands[] = {
	{ 0xb2, read_record },
};

#define NAME(c)                                                                \
	VC_AID(c, 'P', 'A', 'Y', '.', 'S', 'Y', 'S', '.', 'D', 'D', 'F', '0',  \
	    '1')
#define PACKAGE(c) VC_AID(c, 'P', 'A', 'Y', '.', 'S', 'Y', 'S')

const struct vc_app_ops vc_pse_ops = {
	.name = "pse",
	.package = PACKAGE('1'),
	.module = NAME('1'),
	.aid = NAME('1'),
	.traits = { .no_chaining = true },
	.size = sizeof(struct vc_app),
	.commands = commands,
	.command_count = 1,
	.install = install,
	.forget = forget,
	.select = select_directory,
};

const struct vc_app_ops vc_ppse_ops = {
	.name = "ppse",
	.package = PACKAGE('2'),
	.module = NAME('2'),
	.aid = NAME('2'),
	.traits = { .no_chaining = true },
	.size = sizeof(struct vc_app),
	.install = install,
	.forget = forget,
	.select = select_directory,
};
