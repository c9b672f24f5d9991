/* The real reader service (desk_service.c), for the cards in it (desk_vpcd.c)
 * and for another program that uses them (desk_other.c). */
#ifndef DESK_SERVICE_H
#define DESK_SERVICE_H

#include "desk.h"

#include <winscard.h>

enum { DESK_PORT = 35963 }; /* of slot 0; slot 1 stays empty */
#define DESK_READER "Virtual PCD 00 00"

/* A context of this process's own; 0: there is no service. */
SCARDCONTEXT desk_service_context(void);
/* Waits until the service says so, for some seconds at most. */
bool desk_service_await_empty(void);
bool desk_service_has_card(void); /* without waiting */
bool desk_service_lives(void);
bool desk_service_start(void);
void desk_service_kill(void);
void desk_service_unplug(void);
void desk_service_plug(void);

/* Another process, which does what the event says when it is told to (one byte)
 * and has got the card. */
int desk_other_start(struct desk_world *world, const struct desk_kind *kind);

#endif
