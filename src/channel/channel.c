/* The only road to the card; each arrow of the way is a function of its own. */
#include "channel.h"

#include "atr.h"
#include "mem.h"
#include "secret.h"
#include "sw.h"

/* Pieces of an answer that a card may need for 64 KiB, and a few more. */
enum { PIECES_MAX = UK_LE_MAX / UK_LE_SHORT_MAX + 8, INS_GET_RESPONSE = 0xc0 };

struct uk_channel {
	uk_link *link;
	struct uk_limits limits;
	uint32_t turn;
	size_t allowed; /* commands */
	struct uk_pinpad_features pad;
	struct uk_pinpad_limits pad_limits;
	uk_person_hook *person; /* or NULL */
	void *person_arg;
	uint8_t command[UK_APDU_MAX];
	uint8_t response[UK_RESPONSE_MAX];
};

uk_err uk_channel_open(uk_link **link, uk_channel **out)
{
	uk_channel *ch = uk_new(sizeof(*ch));

	*out = NULL;
	if (ch == NULL) {
		uk_link_close(link, UK_LEAVE_CARD);
		return uk_fail(UK_ERR_MEMORY);
	}
	ch->link = *link;
	ch->limits = (struct uk_limits){ UK_LC_SHORT_MAX, UK_LE_SHORT_MAX,
		false };
	ch->allowed = SIZE_MAX;
	*link = NULL;
	*out = ch;
	return uk_ok();
}

void uk_channel_close(uk_channel **ch, enum uk_card_fate fate)
{
	if (*ch == NULL)
		return;
	uk_link_close(&(*ch)->link, fate);
	uk_free(*ch);
	*ch = NULL;
}

static size_t between(size_t v, size_t low, size_t high)
{
	if (v < low)
		return low;
	return v > high ? high : v;
}

void uk_channel_limit(uk_channel *ch, struct uk_limits limits)
{
	bool brief = uk_link_short_only(ch->link);

	/* A card may say less than every ISO card can, but not to us. */
	ch->limits.max_command = between(limits.max_command, UK_LC_SHORT_MAX,
	    brief ? UK_LC_SHORT_MAX : UK_LC_MAX);
	ch->limits.max_response = between(limits.max_response, UK_LE_SHORT_MAX,
	    brief ? UK_LE_SHORT_MAX : UK_LE_MAX);
	ch->limits.chaining = limits.chaining;
}

struct uk_limits uk_channel_limits(const uk_channel *ch)
{
	return ch->limits;
}

struct uk_atr_facts uk_channel_atr(uk_channel *ch)
{
	uint8_t storage[UK_ATR_MAX];
	uk_buf atr = UK_BUF(storage);
	uk_atr a = { 0 };

	if (uk_is_ok(uk_link_atr(ch->link, &atr)))
		UK_IGNORE(uk_atr_parse(uk_buf_view(&atr), &a)); /* all false */
	return (struct uk_atr_facts){ a.chaining, a.extended, a.directory };
}

uk_err uk_channel_atr_bytes(uk_channel *ch, uk_buf *out)
{
	return uk_link_atr(ch->link, out);
}

void uk_channel_allow(uk_channel *ch, size_t commands)
{
	ch->allowed = commands;
}

uk_err uk_channel_begin(uk_channel *ch)
{
	ch->turn++;
	return uk_link_begin(ch->link);
}

uint32_t uk_channel_turn(const uk_channel *ch)
{
	return ch->turn;
}

void uk_channel_end(uk_channel *ch, enum uk_card_fate fate)
{
	uk_link_end(ch->link, fate);
}

/* --- the reader's PIN pad ------------------------------------------------ */

/* A property that cannot be had or read leaves the limits as they are. */
static void ask_limits(uk_channel *ch, uint32_t code,
    uk_err (*parse)(uk_bytes answer, struct uk_pinpad_limits *out))
{
	uint8_t storage[UK_PINPAD_ANSWER_MAX];
	uk_buf answer = UK_BUF(storage);

	if (code != 0 &&
	    uk_is_ok(uk_link_control(ch->link, code, UK_NONE, &answer)))
		UK_IGNORE(parse(uk_buf_view(&answer), &ch->pad_limits));
}

void uk_channel_find_pinpad(uk_channel *ch)
{
	uint8_t storage[UK_PINPAD_ANSWER_MAX];
	uk_buf answer = UK_BUF(storage);
	struct uk_pinpad_features f = { 0 };

	ch->pad = f;
	ch->pad_limits = (struct uk_pinpad_limits){ 0 };
	if (!uk_is_ok(
		uk_link_control(ch->link, UK_CTL_FEATURES, UK_NONE, &answer)) ||
	    !uk_is_ok(uk_pinpad_parse_features(uk_buf_view(&answer), &f)) ||
	    f.verify == 0)
		return;
	ch->pad = f;
	ask_limits(ch, f.properties, uk_pinpad_parse_properties);
	ask_limits(ch, f.tlv_properties, uk_pinpad_parse_tlv);
}

bool uk_channel_has_pinpad(const uk_channel *ch, bool new_pin)
{
	return (new_pin ? ch->pad.modify : ch->pad.verify) != 0;
}

void uk_channel_on_person(uk_channel *ch, uk_person_hook *hook, void *arg)
{
	ch->person = hook;
	ch->person_arg = arg;
}

static uk_err wait_for_person(
    uk_channel *ch, uint32_t code, uk_bytes structure, uk_buf *answer)
{
	uk_err err;

	if (ch->person != NULL)
		ch->person(ch->person_arg, true);
	err = uk_link_control(ch->link, code, structure, answer);
	if (ch->person != NULL)
		ch->person(ch->person_arg, false);
	return err;
}

uk_err uk_channel_enter_pin(uk_channel *ch, const struct uk_pinpad_entry *e)
{
	uint8_t sent[UK_PINPAD_ENTRY_MAX], got[UK_PINPAD_ANSWER_MAX];
	uk_buf structure = UK_BUF(sent), answer = UK_BUF(got);

	if (!uk_channel_has_pinpad(ch, e->asks_new))
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(uk_pinpad_put_entry(e, &ch->pad_limits, &structure));
	UK_TRY(
	    wait_for_person(ch, e->asks_new ? ch->pad.modify : ch->pad.verify,
		uk_buf_view(&structure), &answer));
	return uk_pinpad_result(uk_buf_view(&answer));
}

/* --- the reader's own display -------------------------------------------- */

uk_err uk_channel_display_key(uk_channel *ch, uk_buf *key)
{
	uint8_t storage[UK_PINPAD_ANSWER_MAX];
	uk_buf answer = UK_BUF(storage);

	UK_TRY(uk_link_control(ch->link, UK_CTL_DISPLAY_KEY, UK_NONE, &answer));
	if (!uk_display_is_key(uk_buf_view(&answer)))
		return uk_fail(UK_ERR_UNSUPPORTED);
	uk_put(key, uk_buf_view(&answer));
	return uk_buf_result(key);
}

uk_err uk_channel_show(uk_channel *ch, uk_bytes text)
{
	uint8_t storage[UK_PINPAD_ANSWER_MAX];
	uk_buf answer = UK_BUF(storage);

	UK_TRY(wait_for_person(ch, UK_CTL_DISPLAY, text, &answer));
	return uk_display_result(uk_buf_view(&answer));
}

uk_err uk_channel_statement(uk_channel *ch, uk_buf *out)
{
	uint8_t storage[UK_STATEMENT_MAX];
	uk_buf answer = UK_BUF(storage);

	UK_TRY(uk_link_control(ch->link, UK_CTL_STATEMENT, UK_NONE, &answer));
	if (answer.len == 0)
		return uk_fail(UK_ERR_NOT_FOUND);
	uk_put(out, uk_buf_view(&answer));
	return uk_buf_result(out);
}

/* --- one APDU ------------------------------------------------------------ */

/* resp->data is a view into ch->response, good until the next exchange. */
static uk_err exchange(uk_channel *ch, const uk_cmd *cmd, uk_resp *resp)
{
	uk_buf sent = UK_BUF(ch->command);
	uk_buf got = UK_BUF(ch->response);
	uk_err err;

	if (ch->allowed == 0)
		return uk_fail(UK_ERR_CARD_MUTE);
	ch->allowed--;
	err = uk_cmd_encode(cmd, &sent);
	if (uk_is_ok(err))
		err = uk_link_transmit(
		    ch->link, uk_buf_view(&sent), &got, cmd->secret);
	if (cmd->secret)
		uk_wipe(ch->command, sent.len);
	if (uk_is_ok(err))
		err = uk_resp_decode(uk_buf_view(&got), resp);
	return err;
}

/* 6Cxx: the same again with the right Le, once. Never for a command that asked
 * for nothing or carries a secret: a VERIFY sent twice would cost two tries.
 * (GET RESPONSE for a secret answer carries none.) */
static uk_err exchange_le(uk_channel *ch, const uk_cmd *cmd, uk_resp *resp)
{
	uk_cmd again = *cmd;

	UK_TRY(exchange(ch, cmd, resp));
	if (resp->sw >> 8 != 0x6c || cmd->le == UK_LE_NONE ||
	    (cmd->secret && cmd->data.n > 0))
		return uk_ok();
	again.le = (resp->sw & 0xff) == 0 ? UK_LE_SHORT_MAX : resp->sw & 0xff;
	return exchange(ch, &again, resp);
}

/* --- the command's way there --------------------------------------------- */

/* Command chaining, ISO/IEC 7816-4:2020, 5.3.3. What the card says before the
 * last part is good only if it is a bare 9000; otherwise it is the answer. */
static uk_err send_chain(uk_channel *ch, const uk_cmd *cmd, uk_resp *resp)
{
	uk_cmd part = *cmd;
	size_t sent = 0;

	part.cla |= UK_CLA_CHAIN;
	part.le = UK_LE_NONE;
	while (cmd->data.n - sent > ch->limits.max_command) {
		part.data = uk_bytes_first(
		    uk_bytes_from(cmd->data, sent), ch->limits.max_command);
		UK_TRY(exchange(ch, &part, resp));
		if (resp->sw != UK_SW_OK)
			return uk_ok();
		if (resp->data.n > 0)
			return uk_fail(UK_ERR_CARD_MUTE);
		sent += part.data.n;
	}
	part.cla = cmd->cla;
	part.le = cmd->le;
	part.data = uk_bytes_from(cmd->data, sent);
	return exchange(ch, &part, resp);
}

static uk_err send(uk_channel *ch, const uk_cmd *cmd, uk_resp *resp)
{
	uk_cmd fit = *cmd;

	if (cmd->data.n > UK_LC_MAX || cmd->le > UK_LE_MAX)
		return uk_fail(UK_ERR_ARGUMENT);
	if (fit.le > ch->limits.max_response)
		fit.le = (uint32_t)ch->limits.max_response;
	if (fit.data.n <= ch->limits.max_command)
		return exchange_le(ch, &fit, resp);
	if (!ch->limits.chaining)
		return uk_fail(UK_ERR_UNSUPPORTED);
	return send_chain(ch, &fit, resp);
}

/* --- the answer's way back ----------------------------------------------- */

static uk_err keep(uk_bytes data, size_t total, uk_buf *out)
{
	if (data.n > UK_LE_MAX - total)
		return uk_fail(UK_ERR_CARD_MUTE);
	if (data.n > uk_buf_left(out))
		return uk_fail(UK_ERR_TOO_SMALL);
	uk_put(out, data);
	return uk_ok();
}

/* How much of an answer is wanted; enough NULL: all of it. */
struct appetite {
	uk_channel_enough *enough;
	void *arg;
};

static bool is_enough(const struct appetite *a, const uk_buf *out, size_t start)
{
	return a->enough != NULL &&
	       a->enough(a->arg, uk_bytes_from(uk_buf_view(out), start));
}

/* 61xx: fetches the rest, ISO/IEC 7816-4:2020, 5.3.4. Every piece must bring
 * something, and there is an end to the number of pieces. */
static uk_err collect(uk_channel *ch, const uk_cmd *cmd,
    const struct appetite *appetite, uk_resp *resp, uk_buf *out)
{
	size_t start = out->len;
	uk_cmd more = {
		.cla = cmd->cla, .ins = INS_GET_RESPONSE, .secret = cmd->secret
	};

	UK_TRY(keep(resp->data, 0, out));
	for (int piece = 0;
	     resp->sw >> 8 == 0x61 && !is_enough(appetite, out, start);
	     piece++) {
		if (piece == PIECES_MAX)
			return uk_fail(UK_ERR_CARD_MUTE);
		more.le = (resp->sw & 0xff) == 0 ? UK_LE_SHORT_MAX
						 : resp->sw & 0xff;
		UK_TRY(exchange_le(ch, &more, resp));
		if (resp->sw >> 8 == 0x61 && resp->data.n == 0)
			return uk_fail(UK_ERR_CARD_MUTE);
		UK_TRY(keep(resp->data, out->len - start, out));
	}
	return uk_ok();
}

/* Nobody wants data: a card that has some has misunderstood the command. */
static uk_err expect_no_data(const uk_cmd *cmd, uk_resp *resp)
{
	bool more = resp->sw >> 8 == 0x61;

	if (cmd->le != UK_LE_NONE && (more || resp->data.n > 0))
		return uk_fail(UK_ERR_CARD_MUTE);
	if (more) /* "normal processing", and something to say to others */
		resp->sw = UK_SW_OK;
	return uk_ok();
}

uk_err uk_channel_transmit(
    uk_channel *ch, const uk_cmd *cmd, uk_buf *out, uint16_t *sw)
{
	return uk_channel_transmit_until(ch, cmd, out, sw, NULL, NULL);
}

uk_err uk_channel_transmit_until(uk_channel *ch, const uk_cmd *cmd, uk_buf *out,
    uint16_t *sw, uk_channel_enough *enough, void *arg)
{
	const struct appetite appetite = { enough, arg };
	size_t start = out == NULL ? 0 : out->len;
	uk_resp resp = { UK_NONE, 0 };
	uk_err err = send(ch, cmd, &resp);

	if (sw != NULL)
		*sw = 0;
	if (uk_is_ok(err))
		err = out == NULL ? expect_no_data(cmd, &resp)
				  : collect(ch, cmd, &appetite, &resp, out);
	if (cmd->secret)
		uk_wipe(ch->response, sizeof(ch->response));
	if (!uk_is_ok(err)) {
		if (out != NULL)
			uk_buf_cut(out, start);
		return err;
	}
	if (sw != NULL)
		*sw = resp.sw;
	return resp.sw >> 8 == 0x61 ? uk_ok() : uk_sw_err(resp.sw);
}
