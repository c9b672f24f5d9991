/*
 * Preloaded in front of libpcsclite: counts the commands and bytes that go to
 * cards, and makes cards slow.
 *
 *   PCSC_COUNT_CARD_US   each command takes so many microseconds more
 *   PCSC_COUNT_BYTE_US   and so many more for each byte, there and back
 *
 * Named libpcsclite.so.1 itself, because some programs open that by name; so
 * every function that somebody may look for is here and handed on. A program
 * that wants the figures asks for pcsc_count.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <winscard.h>

void pcsc_count(unsigned long *commands, unsigned long *bytes);

static _Atomic unsigned long count_commands, count_bytes;

void pcsc_count(unsigned long *commands, unsigned long *bytes)
{
	*commands = count_commands;
	*bytes = count_bytes;
}

/* The real function; its type is that of ours. */
static void *real(const char *name)
{
	static void *_Atomic library; /* found twice is found once */
	void *f;

	if (library == NULL)
		library = dlopen(PCSC_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	f = library == NULL ? NULL : dlsym(library, name);
	if (f == NULL) {
		fprintf(stderr, "pcsccount: no %s\n", name);
		abort();
	}
	return f;
}

static void nap(unsigned long us)
{
	struct timespec t = { .tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (long)(us % 1000000) * 1000 };

	while (us > 0 && nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

static unsigned long setting(const char *name)
{
	const char *text = getenv(name);

	return text == NULL ? 0 : strtoul(text, NULL, 10);
}

#define REAL(name) ((__typeof__(&(name)))real(#name))

LONG SCardTransmit(SCARDHANDLE card, const SCARD_IO_REQUEST *send_pci,
    LPCBYTE command, DWORD command_len, SCARD_IO_REQUEST *receive_pci,
    LPBYTE answer, LPDWORD answer_len)
{
	LONG rv = REAL(SCardTransmit)(card, send_pci, command, command_len,
	    receive_pci, answer, answer_len);
	unsigned long bytes = command_len;

	if (rv == SCARD_S_SUCCESS)
		bytes += *answer_len;
	count_commands++;
	count_bytes += bytes;
	nap(setting("PCSC_COUNT_CARD_US") +
	    bytes * setting("PCSC_COUNT_BYTE_US"));
	return rv;
}

const SCARD_IO_REQUEST g_rgSCardT0Pci = { SCARD_PROTOCOL_T0,
	sizeof(SCARD_IO_REQUEST) };
const SCARD_IO_REQUEST g_rgSCardT1Pci = { SCARD_PROTOCOL_T1,
	sizeof(SCARD_IO_REQUEST) };
const SCARD_IO_REQUEST g_rgSCardRawPci = { SCARD_PROTOCOL_RAW,
	sizeof(SCARD_IO_REQUEST) };

/* Handed on as they are. */
#define PASS(name, params, args)                                               \
	LONG name params                                                       \
	{                                                                      \
		return REAL(name) args;                                        \
	}

/* clang-format off: one function, one row */
PASS(SCardEstablishContext,
    (DWORD scope, LPCVOID a, LPCVOID b, LPSCARDCONTEXT c), (scope, a, b, c))
PASS(SCardReleaseContext, (SCARDCONTEXT c), (c))
PASS(SCardIsValidContext, (SCARDCONTEXT c), (c))
PASS(SCardConnect,
    (SCARDCONTEXT c, LPCSTR reader, DWORD share, DWORD protocols,
	LPSCARDHANDLE card, LPDWORD protocol),
    (c, reader, share, protocols, card, protocol))
PASS(SCardReconnect,
    (SCARDHANDLE card, DWORD share, DWORD protocols, DWORD fate,
	LPDWORD protocol),
    (card, share, protocols, fate, protocol))
PASS(SCardDisconnect, (SCARDHANDLE card, DWORD fate), (card, fate))
PASS(SCardBeginTransaction, (SCARDHANDLE card), (card))
PASS(SCardEndTransaction, (SCARDHANDLE card, DWORD fate), (card, fate))
PASS(SCardStatus,
    (SCARDHANDLE card, LPSTR names, LPDWORD names_len, LPDWORD state,
	LPDWORD protocol, LPBYTE atr, LPDWORD atr_len),
    (card, names, names_len, state, protocol, atr, atr_len))
PASS(SCardGetStatusChange,
    (SCARDCONTEXT c, DWORD timeout, SCARD_READERSTATE *states, DWORD n),
    (c, timeout, states, n))
PASS(SCardControl,
    (SCARDHANDLE card, DWORD code, LPCVOID in, DWORD in_len, LPVOID out,
	DWORD out_len, LPDWORD got),
    (card, code, in, in_len, out, out_len, got))
PASS(SCardGetAttrib, (SCARDHANDLE card, DWORD id, LPBYTE value, LPDWORD len),
    (card, id, value, len))
PASS(SCardSetAttrib, (SCARDHANDLE card, DWORD id, LPCBYTE value, DWORD len),
    (card, id, value, len))
PASS(SCardListReaders,
    (SCARDCONTEXT c, LPCSTR groups, LPSTR readers, LPDWORD len),
    (c, groups, readers, len))
PASS(SCardListReaderGroups, (SCARDCONTEXT c, LPSTR groups, LPDWORD len),
    (c, groups, len))
PASS(SCardFreeMemory, (SCARDCONTEXT c, LPCVOID p), (c, p))
PASS(SCardCancel, (SCARDCONTEXT c), (c))
/* clang-format on */

const char *pcsc_stringify_error(const LONG code)
{
	return REAL(pcsc_stringify_error)(code);
}
