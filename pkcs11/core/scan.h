/*
 * Who comes and goes: the readers, the cards in them, and the one thread that
 * watches them.
 *
 * A scan asks the service for its readers (no command goes to a card), gives
 * new readers a slot, drops what was pulled, and recognises a card that is new:
 * one SELECT per kind of card, once per insertion. So C_GetSlotInfo,
 * C_GetTokenInfo and C_GetSessionInfo answer from memory.
 *
 * Scans are done by C_Initialize, then by the watcher. Where we may not create
 * a thread, C_GetSlotList, C_OpenSession and C_WaitForSlotEvent scan instead.
 */
#ifndef P11_SCAN_H
#define P11_SCAN_H

#include "slot.h"

#include "ukey/vendor.h"

/* The first scan, and the watcher if threads are allowed. */
CK_RV p11_scan_start(bool threads);
/* Ends and joins the watcher. Nobody else may scan any more. */
void p11_scan_stop(void);
/* After fork: the thread and the connection are the parent's. */
void p11_scan_forget(void);

/* Scans now unless the watcher does it for us. Takes no lock and expects none.
 */
void p11_scan_now(void);

/* C_WaitForSlotEvent: expects to be between p11_enter and p11_leave. */
CK_RV p11_wait_event(bool block, CK_SLOT_ID *slot);

void p11_scan_status(struct ukey_status *out);

#endif
