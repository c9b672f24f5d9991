/*
 * Strict UTF-8 (RFC 3629), and which characters may appear in a text that a
 * person is asked to approve: those that are drawn where and as they stand.
 */
#ifndef UK_UTF8_H
#define UK_UTF8_H

#include "bytes.h"

/* The next character, 0 to 10FFFF without surrogates, shortest form only. On
 * anything else, and at the end, r turns bad and the result is 0. */
uint32_t uk_utf8_next(uk_reader *r);
/* Every byte belongs to a well-formed character. */
bool uk_utf8_valid(uk_bytes text);

/* Is drawn by itself and hides or reorders nothing: no control, format (bidi,
 * zero-width), separator, filler, tag, variation selector, private-use
 * character or non-character. Letters of right-to-left scripts are allowed. */
bool uk_utf8_is_shown(uint32_t c);
/* A blank of whatever width (Unicode category Zs). */
bool uk_utf8_is_blank(uint32_t c);
/* Drawn over the character before it (the general combining blocks). */
bool uk_utf8_is_combining(uint32_t c);

#endif
