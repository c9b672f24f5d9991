/*
 * The control socket of running cards: one line in, one line out, then closed.
 *
 *   [@SLOT] remove | insert | reset | no-faults   -> ok
 *   [@SLOT] count                                  -> NUMBER
 *   [@SLOT] remove-after N                         -> ok
 *   [@SLOT] fault WHEN WHAT (vc_fault.h)           -> ok
 *   [@SLOT] swap FILE                              -> ok
 *   [@SLOT] look OPTION VALUE (vc_front.h)         -> ok
 *
 * or "error: ..."; insert may answer "waiting" (no vpcd). SLOT is the position
 * on run's command line, from 0, which is the default; those that take no text
 * also take it behind them.
 */
#ifndef VC_CONTROL_H
#define VC_CONTROL_H

#include "vc_house.h"

/* Where `exec` tells its command the path. */
#define VC_CONTROL_VARIABLE "UKEY_VCARD_CONTROL"

/* Serves one connection; a listening socket of vc_socket_listen. */
void vc_control_serve(int listener, struct vc_house *house);

#endif
