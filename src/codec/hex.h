/* Hexadecimal text. */
#ifndef UK_HEX_H
#define UK_HEX_H

#include "bytes.h"

/* Appends 2 * v.n lower-case digits (no NUL). */
void uk_put_hex(uk_buf *out, uk_bytes v);
/* Writes a NUL-terminated string; what does not fit in cap is an empty string.
 */
void uk_hex_str(char *out, size_t cap, uk_bytes v);
/* Digits of either case, an even number, nothing else; appends the bytes. */
UK_RESULT uk_hex_decode(uk_bytes text, uk_buf *out);

#endif
