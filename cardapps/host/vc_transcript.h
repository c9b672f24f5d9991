/*
 * What went over the contacts, as text: docs/virtual-card.md describes it.
 *
 *     # ukey-vcard transcript 1
 *     @ 3b8a...      the ATR
 *     # 02           the reader: 00 power off, 01 power on, 02 reset
 *     > 00a4...      a command
 *     < 9000         its answer
 *     ! 00b0...      a command; the card was pulled instead of answering
 *     ? 00b0...      a command; the card kept silent
 */
#ifndef VC_TRANSCRIPT_H
#define VC_TRANSCRIPT_H

#include "bytes.h"
#include "err.h"

#include <stdio.h>

#define VC_TRANSCRIPT_TITLE "# ukey-vcard transcript 1"

struct vc_transcript {
	FILE *file;          /* NULL: none is written */
	bool redact;         /* hides PINs, keys and what was deciphered */
	bool answers_secret; /* the last command was one whose answer is */
};

/* Appends to the file, mode 0600; a new one begins with the title. */
UK_RESULT vc_transcript_open(
    struct vc_transcript *t, const char *path, bool redact, uk_bytes atr);
void vc_transcript_close(struct vc_transcript *t);

void vc_transcript_control(struct vc_transcript *t, uint8_t control);
/* sign: '>', '!' or '?'. */
void vc_transcript_command(struct vc_transcript *t, char sign, uk_bytes v);
/* command: what is answered. */
void vc_transcript_answer(
    struct vc_transcript *t, uk_bytes command, uk_bytes v);

#endif
