/* One connection with the card in one slot of a reader behind a socket. */
#include "local.h"

#include "mem.h"
#include "secret.h"

#include <unistd.h>

struct local_link {
	uk_link base;
	int fd;                       /* -1: the other end is gone */
	uint8_t message[UK_WIRE_MAX]; /* commands and answers: may be secret */
};

/* What the reader says, as PC/SC would have said it. */
static uk_err from_wire(uint8_t error)
{
	static const struct {
		uint8_t error;
		enum uk_code code;
	} rows[] = {
		{ UK_WIRE_E_VERSION, UK_ERR_UNSUPPORTED },
		{ UK_WIRE_E_SLOT, UK_ERR_NO_READER },
		{ UK_WIRE_E_NO_CARD, UK_ERR_NO_CARD },
		{ UK_WIRE_E_REMOVED, UK_ERR_CARD_REMOVED },
		{ UK_WIRE_E_RESET, UK_ERR_CARD_RESET },
		{ UK_WIRE_E_MUTE, UK_ERR_CARD_MUTE },
		{ UK_WIRE_E_FULL, UK_ERR_CARD_BUSY },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].error == error)
			return uk_fail(rows[i].code);
	}
	return uk_fail(UK_ERR_IO);
}

static void hang_up(struct local_link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static uk_err exchange(struct local_link *l, const struct uk_wire *request,
    struct uk_wire *answer, uk_buf *b)
{
	size_t size;

	UK_TRY(uk_wire_encode(request, b));
	UK_TRY(uk_local_send(l->fd, uk_buf_view(b)));
	uk_wipe(l->message, b->len);
	*b = UK_BUF(l->message);
	UK_TRY(uk_local_receive(l->fd, b, answer, &size));
	return size == b->len ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

/*
 * One question, one answer of the wanted type; out (may be NULL) gets its APDU.
 * A connection that broke is a card that was pulled; one that says something
 * else, or nothing, is not used again.
 */
static uk_err ask(struct local_link *l, const struct uk_wire *request,
    enum uk_wire_type wanted, uk_buf *out)
{
	uk_buf b = UK_BUF(l->message);
	struct uk_wire answer;
	uk_err err;

	if (l->fd < 0)
		return uk_fail(UK_ERR_CARD_REMOVED);
	err = exchange(l, request, &answer, &b);
	if (uk_is(err, UK_ERR_ARGUMENT)) /* was not sent */
		goto out;
	if (uk_is_ok(err) && answer.type != UK_WIRE_ERROR &&
	    answer.type != wanted)
		err = uk_fail(UK_ERR_FORMAT);
	if (!uk_is_ok(err)) {
		hang_up(l);
		err = uk_fail(uk_is(err, UK_ERR_TIMEOUT) ? UK_ERR_CARD_MUTE
							 : UK_ERR_CARD_REMOVED);
		goto out;
	}
	if (answer.type == UK_WIRE_ERROR) {
		err = from_wire(answer.error);
	} else if (out != NULL) {
		if (uk_buf_left(out) < answer.apdu.n)
			err = uk_fail(UK_ERR_TOO_SMALL);
		else
			uk_put(out, answer.apdu);
	}
out:
	uk_wipe(l->message, b.len);
	return err;
}

static uk_err local_transmit(
    uk_link *base, uk_bytes cmd, uk_buf *resp, bool secret)
{
	struct uk_wire request = { .type = UK_WIRE_TRANSMIT, .apdu = cmd };

	(void)secret; /* for those who log */
	return ask((struct local_link *)base, &request, UK_WIRE_ANSWER, resp);
}

static uk_err local_begin(uk_link *base)
{
	struct uk_wire request = { .type = UK_WIRE_BEGIN };

	return ask((struct local_link *)base, &request, UK_WIRE_DONE, NULL);
}

static void say_end(
    uk_link *base, enum uk_wire_type type, enum uk_card_fate fate)
{
	struct uk_wire request = { .type = (uint8_t)type,
		.fate = fate == UK_RESET_CARD ? UK_WIRE_RESET : UK_WIRE_LEAVE };

	/* Fails when the card or the reader is gone: nothing is held then. */
	UK_IGNORE(ask((struct local_link *)base, &request, UK_WIRE_DONE, NULL));
}

static void local_end(uk_link *base, enum uk_card_fate fate)
{
	say_end(base, UK_WIRE_END, fate);
}

static void local_close(uk_link *base, enum uk_card_fate fate)
{
	say_end(base, UK_WIRE_DISCONNECT, fate);
	hang_up((struct local_link *)base);
	uk_free(base);
}

static const struct uk_link_ops local_ops = {
	.transmit = local_transmit,
	.begin = local_begin,
	.end = local_end,
	.close = local_close,
};

uk_err uk_local_connect(const char *address, unsigned slot, uk_link **out)
{
	struct uk_wire request = { .type = UK_WIRE_CONNECT,
		.version = UK_WIRE_VERSION,
		.slot = (uint8_t)slot };
	struct local_link *l = uk_new(sizeof(*l));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (l == NULL)
		return err;
	l->base.ops = &local_ops;
	err = uk_local_dial(address, &l->fd);
	if (uk_is_ok(err))
		err = ask(l, &request, UK_WIRE_DONE, NULL);
	if (!uk_is_ok(err)) {
		hang_up(l);
		uk_free(l);
		return err;
	}
	*out = &l->base;
	return err;
}
