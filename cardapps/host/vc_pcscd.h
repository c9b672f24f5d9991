/*
 * A reader service (pcscd) of this process's own, with vpcd's readers.
 *
 * Where it may, this process goes into a network of its own and the service
 * into a mount namespace (no root needed: a user namespace gives the right);
 * programs started before that keep theirs, and reach the service through
 * PCSCLITE_CSOCK_NAME. Where namespaces are forbidden, the service gets a
 * listening socket by systemd's protocol, needs an existing /run/pcscd, and
 * vpcd listens on a free port of all the machine's addresses.
 */
#ifndef VC_PCSCD_H
#define VC_PCSCD_H

#include "vc_child.h"
#include "vc_folder.h"

#define VC_PCSCD_VARIABLE "PCSCLITE_CSOCK_NAME"
#define VC_PCSCD_SOCKET   "ipc/pcscd.comm" /* in the folder */

struct vc_pcscd {
	struct vc_folder *folder; /* borrowed; "ipc" and "log" in it are ours */
	struct vc_child service;
	bool apart; /* in namespaces */
	unsigned port;
	char socket[VC_PATH_MAX];
};

/* One reader: vpcd mixes up the slots of two. */
enum { VC_PCSCD_SLOTS = 2 };

/* Starts it for that many cards. After this, this process is in other
 * namespaces. UK_ERR_NOT_FOUND: there is no pcscd, or no vpcd;
 * UK_ERR_TOO_SMALL: more cards than slots. */
UK_RESULT vc_pcscd_start(
    struct vc_pcscd *p, struct vc_folder *folder, size_t cards);
/* Has it ended? Then nothing will come any more. */
bool vc_pcscd_has_ended(struct vc_pcscd *p);
void vc_pcscd_end(struct vc_pcscd *p);

/* For another process than the one that serves the cards: the service does not
 * answer while it waits for a card. The folder is that of vc_pcscd_start.
 *
 * Does it see that many cards? */
bool vc_pcscd_sees(const struct vc_folder *folder, size_t cards);
/* The end of what it said, on standard error. */
void vc_pcscd_show_log(const struct vc_folder *folder);

#endif
