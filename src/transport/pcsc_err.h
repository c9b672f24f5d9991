/* The one translation of SCard LONG; private to the PC/SC files of this room.
 */
#ifndef UK_PCSC_ERR_H
#define UK_PCSC_ERR_H

#include "err.h"

#include <winscard.h>

/* The same number means different things depending on who was asked. */
enum uk_pcsc_asked { UK_ASKED_SERVICE, UK_ASKED_CARD };

/*
 * libpcsclite's contract: every SCard function returns a LONG that is
 * SCARD_S_SUCCESS (0) or one of the 0x801000xx codes of pcsclite.h; nothing is
 * kept in errno; on failure no output parameter may be relied on.
 */
UK_RESULT uk_pcsc_err(LONG rv, enum uk_pcsc_asked asked);

#endif
