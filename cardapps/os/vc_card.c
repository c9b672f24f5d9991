/* From APDU to application and back. */
#include "vc_card_priv.h"

#include "mem.h"
#include "secret.h"

enum {
	INS_SELECT = 0xa4,
	INS_READ_BINARY = 0xb0,
	INS_GET_RESPONSE = 0xc0,
	SW_CHAIN_BROKEN = UK_SW_LAST_EXPECTED,
	SW_MORE = 0x6100,
	ANSWER_MAX = 0xfff0 /* data bytes in one answer: fits vpcd's messages */
};

/* TS T0 TD1 TD2: T=1; ISO/IEC 7816-4:2020, 12.1.1: card capabilities (selection
 * by full and partial name, by identifier, by SFI; chaining, extended length),
 * card issuer's data "ukey"; TCK. */
static const uint8_t atr[] = { 0x3b, 0x8a, 0x01, 0x80, 0x73, 0xd4, 0x01, 0xc0,
	0x54, 'u', 'k', 'e', 'y', 0x3b };

uk_bytes vc_card_atr(void)
{
	return UK_ARRAY(atr);
}

/* Answers may be secret, too (what was deciphered): none stays behind. */
static void drop_reply(struct vc_card *card)
{
	uk_wipe(card->reply_bytes, card->reply.len);
	card->reply = UK_BUF(card->reply_bytes);
}

/* --- opening ---------------------------------------------------------------
 */

static uk_err fill_card(struct vc_card *card, const struct vc_kinds *kinds,
    const char *path, enum vc_store_mode mode)
{
	bool fresh = path == NULL || mode == VC_STORE_CREATE;

	card->reply = UK_BUF(card->reply_bytes);
	UK_TRY(vc_crypto_open(&card->crypto));
	UK_TRY(vc_nv_open(path, mode, &card->nv));
	UK_TRY(vc_registry_open(
	    kinds, card->nv, card->crypto, fresh, &card->registry));
	if (fresh)
		UK_TRY(vc_nv_commit(card->nv));
	UK_TRY(vc_channel_open(card, 0));
	vc_channel_select_default(card, card->channels[0]);
	return uk_ok();
}

uk_err vc_card_open(const struct vc_app_ops *const *kinds, size_t count,
    const char *path, enum vc_store_mode mode, struct vc_card **out)
{
	struct vc_kinds known = { kinds, count };
	struct vc_card *card = uk_new(sizeof(*card));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (card == NULL)
		return err;
	err = fill_card(card, &known, path, mode);
	if (!uk_is_ok(err))
		goto out;
	*out = card;
	card = NULL;
out:
	vc_card_close(&card);
	return err;
}

void vc_card_close(struct vc_card **card)
{
	struct vc_card *c = *card;

	*card = NULL;
	if (c == NULL)
		return;
	for (uint8_t i = 0; i < VC_CHANNELS; i++)
		vc_channel_close(c, i);
	vc_registry_close(&c->registry);
	vc_nv_close(&c->nv);
	vc_crypto_close(&c->crypto);
	drop_reply(c);
	uk_free(c);
}

/* --- applications ----------------------------------------------------------
 */

struct vc_app *vc_card_app(struct vc_card *card, uk_bytes aid)
{
	return vc_registry_find(card->registry, aid);
}

uk_err vc_card_install(
    struct vc_card *card, const char *kind, uk_bytes aid, uk_bytes params)
{
	struct vc_new_app new = { .kind = vc_registry_kind(
				      card->registry, kind),
		.aid = aid,
		.params = params,
		.life = VC_LIFE_SELECTABLE };

	if (new.kind == NULL)
		return uk_fail(UK_ERR_NOT_FOUND);
	UK_TRY(uk_copy_exact(
	    new.privileges, VC_PRIV_SIZE, UK_ARRAY(new.kind->privileges)));
	return vc_registry_add(card->registry, &new, NULL);
}

uk_err vc_card_remove(struct vc_card *card, uk_bytes aid)
{
	struct vc_app *app = vc_registry_find(card->registry, aid);

	if (app == NULL)
		return uk_fail(UK_ERR_NOT_FOUND);
	vc_card_reset(card);
	vc_channel_leave(card->channels[0]);
	return vc_registry_remove(card->registry, &app);
}

/* --- running a command -----------------------------------------------------
 */

const struct vc_command *vc_channel_command(
    const struct vc_channel *ch, uint8_t ins)
{
	const struct vc_app_ops *ops;

	if (ch->selected == NULL)
		return NULL;
	ops = ch->selected->ops;
	for (size_t i = 0; i < ops->command_count; i++) {
		if (ops->commands[i].ins == ins)
			return &ops->commands[i];
	}
	return NULL;
}

static bool is_known(const struct vc_channel *ch, const uk_cmd *cmd)
{
	if (cmd->ins == INS_GET_RESPONSE || vc_select_is_ours(ch, cmd))
		return true;
	if (ch->selected == NULL)
		return cmd->ins == INS_SELECT || cmd->ins == INS_READ_BINARY;
	return vc_channel_command(ch, cmd->ins) != NULL;
}

static uint16_t run_command(
    struct vc_card *card, struct vc_channel *ch, const uk_cmd *cmd)
{
	const struct vc_command *row = vc_channel_command(ch, cmd->ins);

	if (vc_select_is_ours(ch, cmd))
		return vc_select_run(card, ch, cmd);
	if (ch->selected == NULL && cmd->ins == INS_SELECT)
		return vc_root_select(&ch->root, cmd, &ch->out);
	if (ch->selected == NULL && cmd->ins == INS_READ_BINARY)
		return vc_root_read(&ch->root, cmd, &ch->out);
	if (row == NULL)
		return UK_SW_INS;
	return row->run(ch->selected, cmd, &ch->out);
}

/* --- traits ----------------------------------------------------------------
 */

/* Is this an extended-length APDU (7816-4:2020, 5.2)? */
static bool is_extended(uk_bytes apdu)
{
	return apdu.n >= 7 && apdu.p[4] == 0;
}

/* What the selected application does not support, whatever the command. */
static uint16_t check_traits(
    const struct vc_channel *ch, uint8_t ins, bool extended, bool more)
{
	const struct vc_app_ops *ops;

	if (ch->selected == NULL)
		return UK_SW_OK;
	ops = ch->selected->ops;
	if (more && (ops->traits.no_chaining ||
			(ops->takes_chain != NULL && !ops->takes_chain(ins))))
		return UK_SW_NO_CHAINING;
	return extended && ops->traits.short_only ? UK_SW_LENGTH : UK_SW_OK;
}

/* Answer bytes asked for. */
static uint32_t le_of(const struct vc_channel *ch, const uk_cmd *cmd)
{
	bool eager = ch->selected != NULL && ch->selected->ops->traits.eager;

	return eager && cmd->le == UK_LE_NONE ? UK_LE_SHORT_MAX : cmd->le;
}

/* --- chaining --------------------------------------------------------------
 */

void vc_channel_end_chain(struct vc_channel *ch)
{
	ch->chaining = false;
	uk_wipe(ch->in_bytes, ch->in.len); /* PINs travel here */
	ch->in = UK_BUF(ch->in_bytes);
}

static bool continues(const uk_cmd *chain, const uk_cmd *cmd)
{
	return chain->cla == cmd->cla && chain->ins == cmd->ins &&
	       chain->p1 == cmd->p1 && chain->p2 == cmd->p2;
}

/* 9000: *cmd is complete and may run; *done: its answer is that alone. */
static uint16_t collect(
    struct vc_channel *ch, uk_cmd *cmd, bool more, bool *done)
{
	*done = true;
	if (ch->chaining && !continues(&ch->chain, cmd))
		return SW_CHAIN_BROKEN;
	if (!is_known(ch, cmd))
		return UK_SW_INS;
	if (!ch->chaining && !more) {
		*done = false;
		return UK_SW_OK;
	}
	ch->chain = *cmd;
	uk_put(&ch->in, cmd->data);
	if (!uk_is_ok(uk_buf_result(&ch->in)))
		return UK_SW_LENGTH;
	ch->chaining = true;
	*done = more;
	cmd->data = uk_buf_view(&ch->in);
	return UK_SW_OK;
}

void vc_channel_drop_answer(struct vc_channel *ch)
{
	uk_wipe(ch->out_bytes, ch->out.len);
	ch->out = UK_BUF(ch->out_bytes);
	ch->rest = UK_NONE;
}

/* --- answering -------------------------------------------------------------
 */

static uk_bytes reply(struct vc_card *card, uk_bytes data, uint16_t sw)
{
	drop_reply(card);
	uk_put(&card->reply, data);
	uk_put_u16(&card->reply, sw);
	return uk_buf_view(&card->reply);
}

static size_t most_of(const struct vc_channel *ch)
{
	uint16_t most = ch->selected == NULL ? 0
					     : ch->selected->ops->traits.most;

	return most == 0 ? ANSWER_MAX : most;
}

static uk_bytes answer_part(
    struct vc_card *card, struct vc_channel *ch, uint32_t le)
{
	size_t most = most_of(ch);
	uk_bytes part = uk_bytes_first(ch->rest, le < most ? le : most);
	uint16_t sw = ch->sw;

	ch->rest = uk_bytes_from(ch->rest, part.n);
	if (ch->rest.n > 0)
		sw = (uint16_t)(SW_MORE | (ch->rest.n < 256 ? ch->rest.n : 0));
	return reply(card, part, sw);
}

static uk_bytes answer(
    struct vc_card *card, struct vc_channel *ch, uint16_t sw, uint32_t le)
{
	/* Data goes with success and warnings only (7816-4:2020, 5.6). */
	bool has_data = (sw & 0xff00) == UK_SW_OK || (sw & 0xfc00) == 0x6000;

	if (ch->out.bad)
		sw = UK_SW_UNKNOWN;
	ch->sw = sw;
	ch->rest = has_data && !ch->out.bad ? uk_buf_view(&ch->out) : UK_NONE;
	return answer_part(card, ch, le);
}

static uint16_t get_response(const struct vc_channel *ch, const uk_cmd *cmd)
{
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	if (cmd->data.n > 0)
		return UK_SW_LENGTH;
	return ch->rest.n == 0 ? UK_SW_CONDITIONS : UK_SW_OK;
}

static uint16_t execute(
    struct vc_card *card, struct vc_channel *ch, uk_cmd *cmd, bool more)
{
	bool done;
	uint16_t sw = collect(ch, cmd, more, &done);

	if (sw == UK_SW_OK && !done) {
		sw = run_command(card, ch, cmd);
		vc_nv_abort(card->nv); /* what it did not commit */
	}
	if (sw != UK_SW_OK || !done)
		vc_channel_end_chain(ch);
	return sw;
}

/* A command that reached no channel, or not the command behind the class. */
static uk_bytes refuse(struct vc_card *card, struct vc_channel *ch, uint16_t sw)
{
	if (ch == NULL)
		ch = card->channels[0];
	vc_channel_drop_answer(ch);
	vc_channel_end_chain(ch);
	return reply(card, UK_NONE, sw);
}

uk_bytes vc_card_transmit(struct vc_card *card, uk_bytes apdu)
{
	struct vc_channel *ch = NULL;
	bool more = false;
	uk_cmd cmd;
	uint16_t sw = UK_SW_LENGTH;
	uk_bytes said;

	if (uk_is_ok(uk_cmd_decode(apdu, &cmd)))
		sw = vc_class_take(card, &cmd, &ch, &more);
	if (sw == UK_SW_OK)
		sw = check_traits(ch, cmd.ins, is_extended(apdu), more);
	if (sw == UK_SW_OK && cmd.ins == INS_GET_RESPONSE && !ch->chaining) {
		sw = get_response(ch, &cmd);
		if (sw == UK_SW_OK)
			return answer_part(card, ch, cmd.le);
	}
	if (sw != UK_SW_OK)
		return refuse(card, ch, sw);
	vc_channel_drop_answer(ch);
	sw = execute(card, ch, &cmd, more);
	said = answer(card, ch, sw, le_of(ch, &cmd));
	if (ch->closing)
		vc_channel_close(card, ch->number);
	return said;
}

void vc_card_reset(struct vc_card *card)
{
	struct vc_channel *basic = card->channels[0];

	for (uint8_t i = 1; i < VC_CHANNELS; i++)
		vc_channel_close(card, i);
	vc_channel_end_chain(basic);
	vc_channel_drop_answer(basic);
	drop_reply(card);
	vc_channel_select_default(card, basic);
}
