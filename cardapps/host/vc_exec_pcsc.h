/* Cards behind a reader service of their own, in a process of its own. */
#ifndef VC_EXEC_PCSC_H
#define VC_EXEC_PCSC_H

#include "vc_folder.h"
#include "vc_house.h"

#include "vc_child.h"

/*
 * A child takes over the house, starts the service and serves the cards until
 * it gets SIGTERM; here the house is empty then, but for its signals. Returns
 * when the service sees all cards. UK_ERR_NO_SERVICE: it did not come to that;
 * the reason has been said.
 */
UK_RESULT vc_exec_pcsc(
    struct vc_house *h, struct vc_folder *folder, struct vc_child *server);

#endif
