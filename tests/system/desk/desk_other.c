/* Another program, which uses the card as well. */
#include "desk_service.h"

#include "desk_reader.h"
#include "hex.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static void send(SCARDHANDLE card, const SCARD_IO_REQUEST *pci, const char *hex)
{
	uint8_t bytes[64], answer[512];
	uk_buf apdu = UK_BUF(bytes);
	DWORD n = sizeof(answer);

	if (hex != NULL && uk_is_ok(uk_hex_decode(uk_view_str(hex), &apdu)))
		(void)SCardTransmit(
		    card, pci, apdu.p, (DWORD)apdu.len, NULL, answer, &n);
}

/* In one transaction, and so not before the card is free. */
static bool act(SCARDHANDLE card, const SCARD_IO_REQUEST *pci,
    struct desk_world *world, const struct desk_kind *kind)
{
	struct desk_words w = desk_event_words(
	    kind, (enum desk_event)(int)world->event);

	if (SCardBeginTransaction(card) != SCARD_S_SUCCESS)
		return false;
	world->theirs = true;
	send(card, pci, w.first);
	send(card, pci, w.then);
	world->theirs = false;
	world->fired = true; /* before anybody can have the card */
	(void)SCardEndTransaction(
	    card, w.reset ? SCARD_RESET_CARD : SCARD_LEAVE_CARD);
	return true;
}

static void be_other(
    struct desk_world *world, const struct desk_kind *kind, int orders)
{
	SCARDHANDLE card;
	DWORD protocol;
	char word;

	if (read(orders, &word, 1) != 1)
		_exit(0);
	if (SCardConnect(desk_service_context(), DESK_READER,
		SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1,
		&card, &protocol) != SCARD_S_SUCCESS)
		_exit(1);
	(void)act(card,
	    protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1, world,
	    kind);
	(void)SCardDisconnect(card, SCARD_LEAVE_CARD);
	_exit(0);
}

int desk_other_start(struct desk_world *world, const struct desk_kind *kind)
{
	int ends[2];

	if (pipe(ends) != 0)
		_exit(3);
	if (fork() == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close(ends[1]);
		be_other(world, kind, ends[0]);
	}
	(void)close(ends[0]);
	return ends[1];
}
