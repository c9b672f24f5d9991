/*
 * Readers with a screen and keys of their own, on which a person reads and
 * approves a transaction text: the control codes of docs/terminal.md, section
 * 7, and what comes back.
 */
#ifndef UK_DISPLAY_H
#define UK_DISPLAY_H

#include "bytes.h"

/* SCARD_CTL_CODE(n) of pcsc-lite: 0x42000000 + n */
enum {
	UK_CTL_DISPLAY = 0x42000000 + 3841,     /* shows a transaction text */
	UK_CTL_STATEMENT = 0x42000000 + 3842,   /* for the last signature */
	UK_CTL_DISPLAY_KEY = 0x42000000 + 3843, /* the reader's, P-256 */
	UK_DISPLAY_POINT = 65,                  /* 04 || x || y */
	UK_STATEMENT_MAX = 1024                 /* ours has 112 bytes */
};

/* What the person did: UK_OK approved (9000), UK_ERR_CANCELLED rejected (6401),
 * UK_ERR_TIMEOUT nobody answered (6400), UK_ERR_FORMAT not a text that is shown
 * (6A80), each with its .sw; UK_ERR_CARD_MUTE for anything else. */
UK_RESULT uk_display_result(uk_bytes answer);

/* Does it look like the key of such a reader? */
bool uk_display_is_key(uk_bytes answer);

#endif
