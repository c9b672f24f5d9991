/*
 * A card in a slot of vpcd, the virtual reader of vsmartcard.
 *
 * vpcd listens, the card connects; every message has two bytes of length. One
 * byte is a control (00 power off, 01 power on, 02 reset, 04 asks for the ATR),
 * anything else a command. Pulling the card is closing the connection.
 */
#ifndef VC_PLUG_H
#define VC_PLUG_H

#include "vc_card.h"
#include "vc_options.h"

#include <stdio.h>

enum { VC_MESSAGE_MAX = 65535 };

struct vc_plug {
	struct vc_card *card;
	FILE *transcript;    /* NULL: none */
	bool answers_secret; /* the last command was one of those */
	const char *host;
	unsigned port;          /* of this slot */
	int fd;                 /* -1: not connected */
	bool inserted;          /* wants to be connected */
	unsigned long commands; /* answered or swallowed since the start */
	long remove_after;      /* commands still answered; -1: no limit */
	uint8_t in[2 + VC_MESSAGE_MAX];
	size_t have; /* bytes of a message that is not complete */
};

/* Opens the card; not yet connected. *plug is allocated. */
UK_RESULT vc_plug_open(const struct vc_slot_option *slot, const char *host,
    unsigned port, struct vc_plug **plug);
void vc_plug_close(struct vc_plug **plug);

/* Connects if it should be and is not; true if it is now. */
bool vc_plug_connect(struct vc_plug *plug);
/* There is something to read: takes it, answers whole messages. */
void vc_plug_serve(struct vc_plug *plug);
/* Off the contacts: the card forgets everything that power held. */
void vc_plug_pull(struct vc_plug *plug);

#endif
