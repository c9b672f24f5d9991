/*
 * A card in a slot of vpcd, the virtual reader of vsmartcard.
 *
 * vpcd listens, the card connects; every message has two bytes of length. One
 * byte is a control (00 power off, 01 power on, 02 reset, 04 asks for the ATR),
 * anything else a command. Pulling the card is closing the connection.
 */
#ifndef VC_VPCD_H
#define VC_VPCD_H

#include "vc_plug.h"

enum { VC_MESSAGE_MAX = 65535 };

struct vc_vpcd {
	struct vc_plug *plug; /* borrowed */
	const char *host;
	unsigned port; /* of this slot */
	int fd;        /* -1: not connected */
	bool asked;    /* vpcd has asked for the ATR on this connection */
	uint8_t in[2 + VC_MESSAGE_MAX];
	size_t have; /* bytes of messages that are not answered */
};

/* Not yet connected. *out is allocated. */
UK_RESULT vc_vpcd_open(struct vc_plug *plug, const char *host, unsigned port,
    struct vc_vpcd **out);
void vc_vpcd_close(struct vc_vpcd **v);

/* Connects if the card is in and this is not; hangs up if it is out. True if it
 * is connected now. */
bool vc_vpcd_connect(struct vc_vpcd *v);
/* There is something to read: takes it, answers whole messages. */
void vc_vpcd_serve(struct vc_vpcd *v);
/* Messages that came while the card was at work. */
void vc_vpcd_settle(struct vc_vpcd *v);

#endif
