/* Selection and logical channels: ISO/IEC 7816-4:2020, 11.2.2 and 11.2.3;
 * GlobalPlatform 2.3.1, 6.4. */
#include "vc_card_priv.h"

#include "mem.h"
#include "vc_files.h"

enum {
	INS_MANAGE_CHANNEL = 0x70,
	INS_SELECT = 0xa4,
	P1_BY_NAME = 0x04,
	P1_FROM_MF = 0x08,
	P1_OPEN = 0x00,
	P1_CLOSE = 0x80,
	OCCURRENCE_FIRST = 0,
	OCCURRENCE_NEXT = 2
};

static uint8_t bit_of(const struct vc_channel *ch)
{
	return (uint8_t)(1u << ch->number);
}

/* Its security statuses end with the last channel that it is selected on. */
void vc_channel_leave(struct vc_channel *ch)
{
	struct vc_app *app = ch->selected;

	ch->selected = NULL;
	ch->root.dir_selected = false;
	if (app == NULL)
		return;
	app->channels &= (uint8_t)~bit_of(ch);
	if (app->channels == 0)
		app->ops->forget(app);
}

static void enter(struct vc_channel *ch, struct vc_app *app)
{
	vc_channel_leave(ch);
	ch->selected = app;
	app->channels |= bit_of(ch);
}

/* 9000, or why it cannot be selected on this channel. */
static uint16_t may_enter(const struct vc_channel *ch, const struct vc_app *app)
{
	uint8_t others = app->channels & (uint8_t)~bit_of(ch);

	if (app->ops->traits.basic_only && ch->number != 0)
		return UK_SW_CHANNEL;
	/* GlobalPlatform 2.3.1, 6.4.2.1.2 */
	if (others != 0 && !app->ops->traits.multi)
		return UK_SW_CONDITIONS;
	return UK_SW_OK;
}

static bool is_refusal(uint16_t sw)
{
	unsigned sw1 = sw >> 8;

	return sw1 != 0x90 && sw1 != 0x62 && sw1 != 0x63;
}

/* --- by name ---------------------------------------------------------------
 */

static struct vc_app *issuer_domain(const struct vc_registry *reg)
{
	for (size_t i = 0; i < vc_registry_count(reg); i++) {
		struct vc_app *app = vc_registry_at(reg, i);

		if (vc_app_has(app, VC_PRIV_SECURITY_DOMAIN))
			return app;
	}
	return NULL;
}

static bool name_fits(const struct vc_app *app, uk_bytes name)
{
	return uk_bytes_eq(uk_bytes_first(vc_app_aid(app), name.n), name) &&
	       vc_app_selectable(app);
}

/* The first application whose name begins so, or the next after the selected.
 * No name at all is the issuer security domain's. */
static struct vc_app *find_by_name(const struct vc_card *card,
    const struct vc_channel *ch, uk_bytes name, bool next)
{
	bool seen = !next;

	if (name.n == 0)
		return next ? NULL : issuer_domain(card->registry);
	for (size_t i = 0; i < vc_registry_count(card->registry); i++) {
		struct vc_app *app = vc_registry_at(card->registry, i);

		if (seen && name_fits(app, name))
			return app;
		seen = seen || app == ch->selected;
	}
	return NULL;
}

/* A name that the card does not know may be that of a DF inside the application
 * that is selected. */
static uint16_t select_inside(struct vc_channel *ch, const uk_cmd *cmd)
{
	const struct vc_command *row = vc_channel_command(ch, INS_SELECT);

	if (row == NULL || !ch->selected->ops->traits.own_files)
		return UK_SW_NO_FILE;
	return row->run(ch->selected, cmd, &ch->out);
}

static uint16_t select_by_name(
    struct vc_card *card, struct vc_channel *ch, const uk_cmd *cmd)
{
	uint8_t occurrence = cmd->p2 & 0x03;
	struct vc_select how = { .form = cmd->p2 & 0x0c, .name = cmd->data };
	struct vc_app *app;
	uint16_t sw;

	if ((cmd->p2 & 0xf0) != 0 || how.form == 0x08 ||
	    (occurrence != OCCURRENCE_FIRST && occurrence != OCCURRENCE_NEXT))
		return UK_SW_P1P2;
	app = find_by_name(card, ch, cmd->data, occurrence == OCCURRENCE_NEXT);
	if (app == NULL)
		return occurrence == OCCURRENCE_FIRST ? select_inside(ch, cmd)
						      : UK_SW_NO_FILE;
	if ((sw = may_enter(ch, app)) != UK_SW_OK)
		return sw;
	how.again = ch->selected == app;
	sw = app->ops->select(app, &how, &ch->out);
	if (!how.again && !is_refusal(sw))
		enter(ch, app);
	return sw;
}

/* --- the MF ----------------------------------------------------------------
 */

static bool names_root(const struct vc_channel *ch, const uk_cmd *cmd)
{
	static const uint8_t mf[] = { VC_MF >> 8, VC_MF & 0xff };

	if (ch->selected != NULL && ch->selected->ops->traits.own_files)
		return false;
	return cmd->p1 == 0 &&
	       (cmd->data.n == 0 || uk_bytes_eq(cmd->data, UK_ARRAY(mf)));
}

/* A path from the MF: EF.DIR, for who asks what is on the card without going to
 * the MF first. Only where no application could mind. */
static bool names_directory(const struct vc_channel *ch, const uk_cmd *cmd)
{
	return cmd->p1 == P1_FROM_MF && ch->selected != NULL &&
	       ch->selected->ops->traits.paths;
}

static uint16_t select_directory(struct vc_channel *ch, const uk_cmd *cmd)
{
	uint16_t sw = vc_root_select(&ch->root, cmd, &ch->out);

	if (sw == UK_SW_OK) {
		vc_channel_leave(ch);
		ch->root.dir_selected = true;
	}
	return sw;
}

static uint16_t select_root(struct vc_channel *ch, const uk_cmd *cmd)
{
	uint16_t sw = vc_root_describe(cmd->p2, &ch->out);

	if (sw == UK_SW_OK)
		vc_channel_leave(ch);
	return sw;
}

/* --- logical channels ------------------------------------------------------
 */

uk_err vc_channel_open(struct vc_card *card, uint8_t number)
{
	struct vc_channel *ch = uk_new(sizeof(*ch));

	if (ch == NULL)
		return uk_fail(UK_ERR_MEMORY);
	ch->number = number;
	ch->root.registry = card->registry;
	ch->in = UK_BUF(ch->in_bytes);
	ch->out = UK_BUF(ch->out_bytes);
	card->channels[number] = ch;
	return uk_ok();
}

void vc_channel_close(struct vc_card *card, uint8_t number)
{
	struct vc_channel *ch = card->channels[number];

	card->channels[number] = NULL;
	if (ch == NULL)
		return;
	vc_channel_leave(ch);
	vc_channel_end_chain(ch);
	vc_channel_drop_answer(ch);
	uk_free(ch);
}

void vc_channel_select_default(struct vc_card *card, struct vc_channel *ch)
{
	static const struct vc_select how = { .form = 0x0c };

	vc_channel_leave(ch);
	for (size_t i = 0; i < vc_registry_count(card->registry); i++) {
		struct vc_app *app = vc_registry_at(card->registry, i);

		if (!vc_app_has(app, VC_PRIV_DEFAULT_SELECTED) ||
		    !vc_app_selectable(app) || may_enter(ch, app) != UK_SW_OK)
			continue;
		if (!is_refusal(app->ops->select(app, &how, &ch->out)))
			enter(ch, app);
		break;
	}
	vc_channel_drop_answer(ch);
}

/* A new channel begins where the one that opened it is, if the application can
 * be there twice; a channel opened from the basic one at the default. */
static void begin(
    struct vc_card *card, const struct vc_channel *from, struct vc_channel *ch)
{
	static const struct vc_select how = { .form = 0x0c };
	struct vc_app *app = from->selected;

	if (from->number == 0 || app == NULL || may_enter(ch, app) != UK_SW_OK)
		vc_channel_select_default(card, ch);
	else if (!is_refusal(app->ops->select(app, &how, &ch->out)))
		enter(ch, app);
	vc_channel_drop_answer(ch);
}

static uint16_t open_channel(
    struct vc_card *card, struct vc_channel *from, uint8_t number)
{
	bool any = number == 0;

	if (number >= VC_CHANNELS)
		return UK_SW_FUNCTION;
	for (number = any ? 1 : number;
	     any && number < VC_CHANNELS && card->channels[number] != NULL;
	     number++)
		;
	if (number == VC_CHANNELS || card->channels[number] != NULL)
		return UK_SW_FUNCTION;
	if (!uk_is_ok(vc_channel_open(card, number)))
		return UK_SW_MEMORY;
	begin(card, from, card->channels[number]);
	if (any)
		uk_put_u8(&from->out, number);
	return UK_SW_OK;
}

/* A channel that closes itself answers before it goes: vc_card.c. */
static uint16_t close_channel(
    struct vc_card *card, struct vc_channel *from, uint8_t number)
{
	uint8_t which = number == 0 ? from->number : number;

	if (which == 0)
		return UK_SW_P1P2;
	if (which >= VC_CHANNELS || card->channels[which] == NULL)
		return UK_SW_CHANNEL;
	if (which == from->number)
		from->closing = true;
	else
		vc_channel_close(card, which);
	return UK_SW_OK;
}

static uint16_t manage_channel(
    struct vc_card *card, struct vc_channel *ch, const uk_cmd *cmd)
{
	if (cmd->data.n > 0)
		return UK_SW_LENGTH;
	if (cmd->p1 == P1_OPEN)
		return open_channel(card, ch, cmd->p2);
	if (cmd->p1 == P1_CLOSE)
		return close_channel(card, ch, cmd->p2);
	return UK_SW_P1P2;
}

/* ---------------------------------------------------------------------------
 */

bool vc_select_is_ours(const struct vc_channel *ch, const uk_cmd *cmd)
{
	if (cmd->cla != 0)
		return false; /* proprietary, or under secure messaging */
	if (cmd->ins == INS_SELECT)
		return cmd->p1 == P1_BY_NAME || names_root(ch, cmd) ||
		       names_directory(ch, cmd);
	return cmd->ins == INS_MANAGE_CHANNEL;
}

uint16_t vc_select_run(
    struct vc_card *card, struct vc_channel *ch, const uk_cmd *cmd)
{
	if (cmd->ins == INS_MANAGE_CHANNEL)
		return manage_channel(card, ch, cmd);
	if (cmd->p1 == P1_BY_NAME)
		return select_by_name(card, ch, cmd);
	return names_directory(ch, cmd) ? select_directory(ch, cmd)
					: select_root(ch, cmd);
}
