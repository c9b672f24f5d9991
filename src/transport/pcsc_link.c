/*
 * PC/SC: one connection to one card. Every link has a context of its own, so
 * that two links never wait for each other and none depends on its uk_pcsc
 * living on.
 */
#include "transport.h"

#include "mem.h"
#include "pcsc_err.h"

enum {
	PROTOCOLS = SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
	/* what libpcsclite takes at most is a little more than that */
	ANSWER_MAX = 65536 + 2,
	SW_SIZE = 2, /* every answer ends with a status word */
	/* pcscd looks for cards every 400 ms */
	GONE_MS = 700
};

struct pcsc_link {
	uk_link base;
	SCARDCONTEXT ctx;
	SCARDHANDLE card;
	DWORD protocol;
	char reader[UK_READER_NAME_MAX];
};

/* An exchange failed; was it because the card was pulled? The service notices a
 * moment later than the exchange does. */
static bool card_is_gone(struct pcsc_link *l)
{
	SCARD_READERSTATE s = {
		.szReader = l->reader,
		.dwCurrentState = SCARD_STATE_PRESENT,
	};
	LONG rv = SCardGetStatusChange(l->ctx, GONE_MS, &s, 1);

	if (rv == SCARD_E_UNKNOWN_READER)
		return true;
	return rv == SCARD_S_SUCCESS &&
	       (s.dwEventState & SCARD_STATE_PRESENT) == 0;
}

/* n: bytes answered. Some drivers call it a success when a card goes away in
 * the middle and nothing came. */
static uk_err exchange_err(struct pcsc_link *l, LONG rv, size_t n)
{
	bool broke = rv == SCARD_E_NOT_TRANSACTED ||
		     (rv == SCARD_S_SUCCESS && n < SW_SIZE);

	if (broke && card_is_gone(l))
		return uk_fail(UK_ERR_CARD_REMOVED);
	if (rv == SCARD_S_SUCCESS)
		return uk_fail(UK_ERR_CARD_MUTE);
	return uk_pcsc_err(rv, UK_ASKED_CARD);
}

static uk_err pcsc_transmit(
    uk_link *base, uk_bytes cmd, uk_buf *resp, bool secret)
{
	struct pcsc_link *l = (struct pcsc_link *)base;
	size_t before = resp->len, room = uk_buf_left(resp);
	SCARD_IO_REQUEST pci = { l->protocol, sizeof(pci) };
	uint8_t *answer;
	DWORD n;
	LONG rv;

	(void)secret; /* for those who log */
	if (room > ANSWER_MAX)
		room = ANSWER_MAX;
	n = (DWORD)room;
	if ((answer = uk_put_room(resp, room)) == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	rv = SCardTransmit(
	    l->card, &pci, cmd.p, (DWORD)cmd.n, NULL, answer, &n);
	if (rv != SCARD_S_SUCCESS || n > room || n < SW_SIZE) {
		uk_buf_cut(resp, before);
		return exchange_err(l, rv, n);
	}
	uk_buf_cut(resp, before + n);
	return uk_ok();
}

static uk_err pcsc_begin(uk_link *base)
{
	struct pcsc_link *l = (struct pcsc_link *)base;
	LONG rv = SCardBeginTransaction(l->card);

	if (rv != SCARD_W_RESET_CARD)
		return uk_pcsc_err(rv, UK_ASKED_CARD);
	rv = SCardReconnect(l->card, SCARD_SHARE_SHARED, PROTOCOLS,
	    SCARD_LEAVE_CARD, &l->protocol);
	if (rv != SCARD_S_SUCCESS)
		return uk_pcsc_err(rv, UK_ASKED_CARD);
	return uk_fail(UK_ERR_CARD_RESET);
}

/* A driver that does not know a code says so in two ways. */
static uk_err control_err(struct pcsc_link *l, LONG rv)
{
	if (rv == SCARD_E_UNSUPPORTED_FEATURE ||
	    rv == SCARD_E_INVALID_PARAMETER)
		return uk_fail(UK_ERR_UNSUPPORTED);
	if (rv == SCARD_E_NOT_TRANSACTED && card_is_gone(l))
		return uk_fail(UK_ERR_CARD_REMOVED);
	return uk_pcsc_err(rv, UK_ASKED_CARD);
}

static uk_err pcsc_control(
    uk_link *base, uint32_t code, uk_bytes in, uk_buf *out)
{
	struct pcsc_link *l = (struct pcsc_link *)base;
	size_t before = out->len, room = uk_buf_left(out);
	uint8_t *answer = uk_put_room(out, room);
	DWORD n = 0;
	LONG rv;

	if (answer == NULL)
		return uk_fail(UK_ERR_TOO_SMALL);
	rv = SCardControl(
	    l->card, code, in.p, (DWORD)in.n, answer, (DWORD)room, &n);
	uk_buf_cut(out, before);
	if (rv != SCARD_S_SUCCESS)
		return control_err(l, rv);
	if (n > room)
		return uk_fail(UK_ERR_CARD_MUTE);
	(void)uk_put_room(out, n);
	return uk_ok();
}

/* What the service remembers of it. */
static uk_err pcsc_atr(uk_link *base, uk_buf *out)
{
	struct pcsc_link *l = (struct pcsc_link *)base;
	BYTE atr[MAX_ATR_SIZE];
	DWORD n = sizeof(atr), no_name = 0, state, protocol;
	LONG rv = SCardStatus(
	    l->card, NULL, &no_name, &state, &protocol, atr, &n);

	if (rv != SCARD_S_SUCCESS)
		return uk_pcsc_err(rv, UK_ASKED_CARD);
	uk_put(out, uk_view(atr, n));
	return uk_buf_result(out);
}

static bool pcsc_short_only(uk_link *base)
{
	return ((struct pcsc_link *)base)->protocol == SCARD_PROTOCOL_T0;
}

static DWORD disposition(enum uk_card_fate fate)
{
	return fate == UK_RESET_CARD ? SCARD_RESET_CARD : SCARD_LEAVE_CARD;
}

static void pcsc_end(uk_link *base, enum uk_card_fate fate)
{
	struct pcsc_link *l = (struct pcsc_link *)base;

	/* Fails when the card or the service is gone: nothing is held then. */
	(void)SCardEndTransaction(l->card, disposition(fate));
}

static void pcsc_close(uk_link *base, enum uk_card_fate fate)
{
	struct pcsc_link *l = (struct pcsc_link *)base;

	(void)SCardDisconnect(l->card, disposition(fate));
	(void)SCardReleaseContext(l->ctx);
	uk_free(l);
}

static const struct uk_link_ops pcsc_ops = {
	.transmit = pcsc_transmit,
	.begin = pcsc_begin,
	.control = pcsc_control,
	.atr = pcsc_atr,
	.short_only = pcsc_short_only,
	.end = pcsc_end,
	.close = pcsc_close,
};

uk_err uk_pcsc_connect(uk_pcsc *p, const char *reader, uk_link **out)
{
	struct pcsc_link *l = uk_new(sizeof(*l));
	bool established = false;
	uk_err err = uk_fail(UK_ERR_MEMORY);

	(void)p; /* see above: the link does not share its context */
	*out = NULL;
	if (l == NULL)
		goto out;
	l->base.ops = &pcsc_ops;
	err = uk_copy_str(l->reader, sizeof(l->reader), uk_view_str(reader));
	if (!uk_is_ok(err))
		goto out;
	err = uk_pcsc_err(
	    SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &l->ctx),
	    UK_ASKED_SERVICE);
	if (!uk_is_ok(err))
		goto out;
	established = true;
	err = uk_pcsc_err(SCardConnect(l->ctx, l->reader, SCARD_SHARE_SHARED,
			      PROTOCOLS, &l->card, &l->protocol),
	    UK_ASKED_SERVICE);
	if (!uk_is_ok(err))
		goto out;

	*out = &l->base;
	l = NULL; /* handed over */
out:
	if (established && l != NULL)
		(void)SCardReleaseContext(l->ctx);
	uk_free(l);
	return err;
}
