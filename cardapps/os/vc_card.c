/* From APDU to application and back. */
#include "vc_card.h"

#include "mem.h"
#include "secret.h"
#include "vc_files.h"
#include "vc_root.h"

enum {
	INS_SELECT = 0xa4,
	INS_READ_BINARY = 0xb0,
	INS_GET_RESPONSE = 0xc0,
	P1_BY_NAME = 0x04,
	SW_CHAIN_BROKEN = UK_SW_LAST_EXPECTED,
	SW_MORE = 0x6100,
	ANSWER_MAX =
	    0xfff0,     /* data bytes in one answer: fits vpcd's messages */
	IN_MAX = 0xffff /* command data, chained parts together */
};

struct vc_card {
	struct vc_crypto *crypto;
	struct vc_nv *nv;
	struct vc_app **apps;
	size_t count;
	struct vc_app *selected; /* NULL: the MF */
	struct vc_root root;
	bool chaining;
	uk_cmd chain; /* header of the chain; its data is in */
	uk_buf in;
	uk_buf out;    /* what the command answered */
	uk_bytes rest; /* of out: not yet fetched */
	uint16_t sw;   /* that comes with its last byte */
	uk_buf reply;
	uint8_t in_bytes[IN_MAX];
	uint8_t out_bytes[UK_LE_MAX + 8];
	uint8_t reply_bytes[UK_RESPONSE_MAX];
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

/* --- opening ---------------------------------------------------------------
 */

static uk_err add_app(struct vc_card *card, const struct vc_app_ops *ops)
{
	struct vc_app *app = uk_new(ops->size);

	if (app == NULL)
		return uk_fail(UK_ERR_MEMORY);
	app->ops = ops;
	app->home = (struct vc_home){ card->nv, card->crypto, ops->number };
	card->apps[card->count++] = app;
	ops->forget(app);
	return uk_ok();
}

static uk_err install_all(struct vc_card *card)
{
	for (size_t i = 0; i < card->count; i++)
		UK_TRY(card->apps[i]->ops->install(card->apps[i]));
	return vc_nv_commit(card->nv);
}

static uk_err fill_card(struct vc_card *card,
    const struct vc_app_ops *const *apps, size_t count, const char *path,
    enum vc_store_mode mode)
{
	card->in = UK_BUF(card->in_bytes);
	card->out = UK_BUF(card->out_bytes);
	card->reply = UK_BUF(card->reply_bytes);
	UK_TRY(vc_crypto_open(&card->crypto));
	UK_TRY(vc_nv_open(path, mode, &card->nv));
	card->apps = uk_new_array(count, sizeof(struct vc_app *));
	if (card->apps == NULL)
		return uk_fail(UK_ERR_MEMORY);
	for (size_t i = 0; i < count; i++)
		UK_TRY(add_app(card, apps[i]));
	card->root = (struct vc_root){ card->apps, card->count, false };
	if (path == NULL || mode == VC_STORE_CREATE)
		UK_TRY(install_all(card));
	return uk_ok();
}

uk_err vc_card_open(const struct vc_app_ops *const *apps, size_t count,
    const char *path, enum vc_store_mode mode, struct vc_card **out)
{
	struct vc_card *card = uk_new(sizeof(*card));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (card == NULL)
		return err;
	err = fill_card(card, apps, count, path, mode);
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
	vc_card_reset(c);
	for (size_t i = 0; i < c->count; i++) {
		c->apps[i]->ops->forget(c->apps[i]);
		uk_wipe(c->apps[i], c->apps[i]->ops->size);
		uk_free(c->apps[i]);
	}
	uk_free(c->apps);
	vc_nv_close(&c->nv);
	vc_crypto_close(&c->crypto);
	uk_free(c);
}

struct vc_app *vc_card_app(struct vc_card *card, uk_bytes aid)
{
	for (size_t i = 0; i < card->count; i++) {
		if (uk_bytes_eq(vc_app_aid(card->apps[i]), aid))
			return card->apps[i];
	}
	return NULL;
}

/* --- selection -------------------------------------------------------------
 */

static void select_root(struct vc_card *card)
{
	if (card->selected != NULL)
		card->selected->ops->forget(card->selected);
	card->selected = NULL;
	card->root.dir_selected = false;
}

static bool name_fits(const struct vc_app *app, uk_bytes name)
{
	return name.n > 0 &&
	       uk_bytes_eq(uk_bytes_first(vc_app_aid(app), name.n), name);
}

/* The first application whose name begins so, or the next after the selected.
 */
static struct vc_app *find_by_name(
    const struct vc_card *card, uk_bytes name, bool next)
{
	bool seen = !next;

	for (size_t i = 0; i < card->count; i++) {
		struct vc_app *app = card->apps[i];

		if (seen && name_fits(app, name))
			return app;
		seen = seen || app == card->selected;
	}
	return NULL;
}

static uint16_t select_by_name(struct vc_card *card, const uk_cmd *cmd)
{
	uint8_t form = cmd->p2 & 0x0c, occurrence = cmd->p2 & 0x03;
	struct vc_app *app;

	if ((cmd->p2 & 0xf0) != 0 || form == 0x08 ||
	    (occurrence != 0 && occurrence != 2))
		return UK_SW_P1P2;
	app = find_by_name(card, cmd->data, occurrence == 2);
	if (app == NULL)
		return UK_SW_NO_FILE;
	select_root(card);
	app->ops->forget(app);
	card->selected = app;
	return app->ops->select(app, form, &card->out);
}

static bool names_root(const uk_cmd *cmd)
{
	static const uint8_t mf[] = { VC_MF >> 8, VC_MF & 0xff };

	return cmd->p1 == 0 &&
	       (cmd->data.n == 0 || uk_bytes_eq(cmd->data, UK_ARRAY(mf)));
}

/* --- running a command -----------------------------------------------------
 */

static const struct vc_command *find_command(
    const struct vc_card *card, uint8_t ins)
{
	const struct vc_app_ops *ops;

	if (card->selected == NULL)
		return NULL;
	ops = card->selected->ops;
	for (size_t i = 0; i < ops->command_count; i++) {
		if (ops->commands[i].ins == ins)
			return &ops->commands[i];
	}
	return NULL;
}

static bool is_known(const struct vc_card *card, uint8_t ins)
{
	return ins == INS_SELECT || ins == INS_GET_RESPONSE ||
	       (card->selected == NULL ? ins == INS_READ_BINARY
				       : find_command(card, ins) != NULL);
}

static uint16_t run_command(struct vc_card *card, const uk_cmd *cmd)
{
	const struct vc_command *row = find_command(card, cmd->ins);

	if (cmd->ins == INS_SELECT && cmd->p1 == P1_BY_NAME)
		return select_by_name(card, cmd);
	if (cmd->ins == INS_SELECT && names_root(cmd)) {
		uint16_t sw = vc_root_describe(cmd->p2, &card->out);

		if (sw == UK_SW_OK)
			select_root(card);
		return sw;
	}
	if (card->selected == NULL && cmd->ins == INS_SELECT)
		return vc_root_select(&card->root, cmd, &card->out);
	if (card->selected == NULL && cmd->ins == INS_READ_BINARY)
		return vc_root_read(&card->root, cmd, &card->out);
	if (row == NULL)
		return UK_SW_INS;
	return row->run(card->selected, cmd, &card->out);
}

/* First interindustry class, 7816-4:2020, 5.4.1: only the chaining bit is ours.
 */
static uint16_t check_class(uint8_t cla)
{
	if ((cla & 0x80) != 0 || (cla & 0xe0) == 0x20)
		return UK_SW_CLA;
	if ((cla & 0x43) != 0)
		return UK_SW_CHANNEL;
	return (cla & ~UK_CLA_CHAIN) == 0 ? UK_SW_OK : UK_SW_CLA;
}

/* --- chaining --------------------------------------------------------------
 */

static void end_chain(struct vc_card *card)
{
	card->chaining = false;
	uk_wipe(card->in_bytes, card->in.len); /* PINs travel here */
	card->in = UK_BUF(card->in_bytes);
}

static bool continues(const uk_cmd *chain, const uk_cmd *cmd)
{
	return chain->ins == cmd->ins && chain->p1 == cmd->p1 &&
	       chain->p2 == cmd->p2;
}

/* 9000: *cmd is complete and may run; *done: its answer is that alone. */
static uint16_t collect(struct vc_card *card, uk_cmd *cmd, bool *done)
{
	bool more = (cmd->cla & UK_CLA_CHAIN) != 0;

	*done = true;
	if (card->chaining && !continues(&card->chain, cmd))
		return SW_CHAIN_BROKEN;
	if (!is_known(card, cmd->ins))
		return UK_SW_INS;
	if (!card->chaining && !more) {
		*done = false;
		return UK_SW_OK;
	}
	card->chain = *cmd;
	uk_put(&card->in, cmd->data);
	if (!uk_is_ok(uk_buf_result(&card->in)))
		return UK_SW_LENGTH;
	card->chaining = true;
	*done = more;
	cmd->data = uk_buf_view(&card->in);
	return UK_SW_OK;
}

/* Answers may be secret, too (what was deciphered): none stays behind. */
static void drop_answer(struct vc_card *card)
{
	uk_wipe(card->out_bytes, card->out.len);
	uk_wipe(card->reply_bytes, card->reply.len);
	card->out = UK_BUF(card->out_bytes);
	card->reply = UK_BUF(card->reply_bytes);
	card->rest = UK_NONE;
}

/* --- answering -------------------------------------------------------------
 */

static uk_bytes answer_part(struct vc_card *card, uint32_t le)
{
	size_t n = le < ANSWER_MAX ? le : ANSWER_MAX;
	uk_bytes part = uk_bytes_first(card->rest, n);
	uint16_t sw = card->sw;

	card->rest = uk_bytes_from(card->rest, part.n);
	if (card->rest.n > 0)
		sw = (uint16_t)(SW_MORE |
				(card->rest.n < 256 ? card->rest.n : 0));
	uk_wipe(card->reply_bytes, card->reply.len);
	card->reply = UK_BUF(card->reply_bytes);
	uk_put(&card->reply, part);
	uk_put_u16(&card->reply, sw);
	return uk_buf_view(&card->reply);
}

static uk_bytes answer(struct vc_card *card, uint16_t sw, uint32_t le)
{
	/* Data goes with success and warnings only (7816-4:2020, 5.6). */
	bool has_data = (sw & 0xff00) == UK_SW_OK || (sw & 0xfc00) == 0x6000;

	if (card->out.bad)
		sw = UK_SW_UNKNOWN;
	card->sw = sw;
	card->rest = has_data && !card->out.bad ? uk_buf_view(&card->out)
						: UK_NONE;
	return answer_part(card, le);
}

static uint16_t get_response(const struct vc_card *card, const uk_cmd *cmd)
{
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	if (cmd->data.n > 0)
		return UK_SW_LENGTH;
	return card->rest.n == 0 ? UK_SW_CONDITIONS : UK_SW_OK;
}

static uint16_t execute(struct vc_card *card, uk_cmd *cmd)
{
	bool done;
	uint16_t sw = collect(card, cmd, &done);

	if (sw == UK_SW_OK && !done) {
		sw = run_command(card, cmd);
		vc_nv_abort(card->nv); /* what it did not commit */
	}
	if (sw != UK_SW_OK || !done)
		end_chain(card);
	return sw;
}

uk_bytes vc_card_transmit(struct vc_card *card, uk_bytes apdu)
{
	uk_cmd cmd;
	uint16_t sw = UK_SW_LENGTH;

	if (uk_is_ok(uk_cmd_decode(apdu, &cmd)))
		sw = check_class(cmd.cla);
	if (sw == UK_SW_OK && cmd.ins == INS_GET_RESPONSE && !card->chaining) {
		sw = get_response(card, &cmd);
		if (sw == UK_SW_OK)
			return answer_part(card, cmd.le);
	}
	drop_answer(card);
	if (sw == UK_SW_OK)
		sw = execute(card, &cmd);
	else
		end_chain(card);
	return answer(card, sw, cmd.le);
}

void vc_card_reset(struct vc_card *card)
{
	end_chain(card);
	drop_answer(card);
	select_root(card);
}
