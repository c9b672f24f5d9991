/*
 * The control socket of running cards: one line in, one line out, then closed.
 *
 *   remove [SLOT]           pull the card           -> ok
 *   insert [SLOT]           put it back             -> ok | waiting (no vpcd)
 *   reset [SLOT]            a reset by somebody     -> ok
 *   count [SLOT]            commands since start    -> NUMBER
 *   remove-after N [SLOT]   answer N more commands, then be pulled when the
 * next comes                   -> ok
 *
 * SLOT is the position on run's command line, from 0, which is the default.
 */
#ifndef VC_CONTROL_H
#define VC_CONTROL_H

#include "vc_house.h"

/* Where `exec` tells its command the path. */
#define VC_CONTROL_VARIABLE "UKEY_VCARD_CONTROL"

/* Serves one connection; a listening socket of vc_socket_listen. */
void vc_control_serve(int listener, struct vc_house *house);

#endif
