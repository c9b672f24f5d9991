/*
 * The reader's own screen, if it has one (docs/terminal.md, sections 7 and 8).
 * All expect the slot's lock. A reader is asked when somebody wants to know,
 * never before.
 */
#ifndef P11_DISPLAY_H
#define P11_DISPLAY_H

#include "slot.h"

/* Appends the reader's key, 65 bytes; nothing if it has no screen. Not CKR_OK:
 * the way to the reader is broken. */
CK_RV p11_display_find(struct p11_slot *s, uk_buf *key);
/* A person reads the text there and answers; the lock is let go meanwhile, as
 * for a PIN. CKR_OK is a yes; CKR_FUNCTION_REJECTED, CKR_FUNCTION_CANCELED
 * (nobody), CKR_DATA_INVALID (not shown). */
CK_RV p11_display_show(struct p11_slot *s, uk_bytes text);
/* Appends what the reader states of the signature made last; false: nothing. */
bool p11_display_state(struct p11_slot *s, uk_buf *statement);

#endif
