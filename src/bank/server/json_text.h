/*
 * Answers as text: RFC 8259, compact, members in the order in which they were
 * added. jansson's own writer looks at every character several times; most of
 * what we send is base64.
 */
#ifndef BANK_JSON_TEXT_H
#define BANK_JSON_TEXT_H

#include "mem.h"

#include <jansson.h>

enum { BANK_JSON_DEPTH = 16 };

/* Replaces *out. UK_ERR_ARGUMENT for NULL (there was no memory for it), for
 * numbers with a fraction, which no answer has, and for what is deeper than
 * BANK_JSON_DEPTH. */
UK_RESULT bank_json_text(const json_t *value, uk_blob *out);

#endif
