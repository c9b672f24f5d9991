/*
 * The transaction text: what the customer is shown and the card signs.
 *
 * It is the small XML that banks' display keys already speak:
 *
 *   text  = [ '<?xml version="1.0" encoding="utf-8"?>' ] '<T>' D [ E ] '</T>'
 *   D     = '<D>' item+ '</D>'         shown to the customer, in order
 *   E     = '<E>' item* '</E>'         signed but not shown
 *   item  = '<M><k>' chars '</k><v>' chars '</v></M>'
 *
 * Nothing else is allowed anywhere: no blanks between tags, no attributes,
 * entities, comments, CDATA, other elements or other case. chars is strict
 * UTF-8 (shortest forms, no surrogates), 1 to 64 characters in k, 0 to 256 in
 * v, without '<', '>', '&', control characters, and the characters that reorder
 * or hide text (bidi controls, zero-width, line and paragraph separators, tags,
 * variation selectors, private use, non-characters: uk_utf8_is_shown). At most
 * UK_TX_ITEMS items and UK_TX_MAX bytes.
 *
 * So that the display is unambiguous, further:
 *   - blanks stand singly and between other characters: none at either end,
 *     no two together (a long run could pass for a new line of the display);
 *   - a combining mark does not come first (it would be drawn over the frame),
 *     and no more than four follow each other (they would grow into other
 * lines);
 *   - no key occurs twice: what a person reads under a name and what a program
 *     finds under it are the same.
 * Everything the parser accepts can be shown exactly.
 */
#ifndef UK_TXTEXT_H
#define UK_TXTEXT_H

#include "bytes.h"

enum {
	UK_TX_MAX = 4096, /* bytes */
	UK_TX_ITEMS = 32,
	UK_TX_KEY_MAX = 64, /* characters */
	UK_TX_VALUE_MAX = 256
};

typedef struct uk_tx_item {
	uk_bytes key, value; /* views into the text */
} uk_tx_item;

typedef struct uk_tx {
	uk_tx_item items[UK_TX_ITEMS];
	size_t shown; /* items[0..shown) are D */
	size_t count; /* items[shown..count) are E */
} uk_tx;

/* UK_ERR_FORMAT for anything that is not exactly the grammar; out is then
 * empty. */
UK_RESULT uk_tx_parse(uk_bytes text, uk_tx *out);
/* Value of the item with this key, shown or not; false if absent. */
bool uk_tx_find(const uk_tx *tx, const char *key, uk_bytes *value);
/* Could stand in <k>, or in <v>: for checking what people type beforehand. */
bool uk_tx_key_ok(uk_bytes key);
bool uk_tx_value_ok(uk_bytes value);

/* Writing; UK_ERR_FORMAT if a key or value could not be parsed back. The buffer
 * must be empty at the beginning.
 *     uk_tx_begin(&b); uk_tx_put(&b, k, v) ...; uk_tx_extra(&b); ...;
 * uk_tx_end(&b)
 */
void uk_tx_begin(uk_buf *out);
void uk_tx_put(uk_buf *out, const char *key, uk_bytes value);
void uk_tx_extra(uk_buf *out);    /* from here on: not shown */
UK_RESULT uk_tx_end(uk_buf *out); /* checks the whole text by parsing it */

#endif
