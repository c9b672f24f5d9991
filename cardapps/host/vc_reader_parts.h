/* What vc_reader.c and vc_reader_client.c share. */
#ifndef VC_READER_PARTS_H
#define VC_READER_PARTS_H

#include "vc_reader.h"
#include "wire.h"

enum vc_role { VC_NEW, VC_WATCHER, VC_LINK };

struct vc_client {
	struct vc_reader *reader;
	int fd;
	enum vc_role role;
	bool ends; /* when its answer is sent */
	/* VC_LINK */
	struct vc_plug *plug;
	size_t slot;
	uint32_t events, resets; /* of the plug, as this one knows them */
	bool at_work;            /* its command is with the card */
	uint64_t ticket;         /* waits since; 0: does not */
	/* VC_WATCHER */
	uint64_t told; /* the reader's version */
	size_t sent;   /* of out */
	uk_buf in, out;
	uint8_t in_bytes[UK_WIRE_MAX], out_bytes[UK_WIRE_MAX];
};

struct vc_reader {
	int listener; /* -1: nobody can come any more */
	bool handed_over;
	struct vc_plug *const *plugs;
	size_t count;
	struct vc_client *owners[UK_WIRE_SLOTS_MAX]; /* of transactions */
	struct uk_wire state;                        /* as last compared */
	uint64_t version, tickets;
	struct vc_client *clients[VC_CLIENTS_MAX];
};

/* Appends a message to what is sent; only while nothing else is. */
void vc_client_say(struct vc_client *c, const struct uk_wire *m);
/* Serves the message at the front of what this one has said, if it may be
 * served now. True: something has happened. */
bool vc_client_advance(struct vc_client *c);
/* Ends its hold on the card, if it has one. */
void vc_client_let_go(struct vc_client *c, enum uk_wire_fate fate);

#endif
