/* What the files of the link share. */
#ifndef TRM_LINK_IMPL_H
#define TRM_LINK_IMPL_H

#include "arq.h"
#include "link.h"
#include "pairing.h"
#include "secure.h"

enum talk { TALK_NONE, TALK_PLAIN, TALK_PAIRING, TALK_SECURE };

/* A queue of bytes with a front. */
struct queue {
	uint8_t *p;
	size_t cap, from, to;
};

struct trm_link {
	enum trm_link_state state;
	enum talk talk;
	uk_err why;
	bool host;
	char name[TRM_PAIRING_NAME + 1];
	const struct trm_link_terminal *terminal; /* NULL: the host */
	struct trm_arq arq;
	struct trm_secure *secure;
	struct trm_secret secret;   /* of the host, until the stream opens */
	struct trm_pairing pairing; /* in TALK_PAIRING */
	struct trm_paired paired;
	bool has_paired;
	struct queue out;   /* for the stream */
	struct queue in;    /* what the stream has said, in the clear */
	size_t message_len; /* of the message given out last */
};

/* link_queue.c */
uk_bytes trm_queue_view(const struct queue *q);
void trm_queue_take(struct queue *q, size_t n);
/* A writer behind what is there; the front is moved to make room. */
uk_buf trm_queue_room(struct queue *q);
bool trm_queue_put(struct queue *q, uk_bytes v); /* all of it, or nothing */

/* link.c */
void trm_link_give(struct trm_link *l, int64_t now);
/* What TLS wants to say goes to the stream. */
void trm_link_move_secure(struct trm_link *l, int64_t now);
void trm_link_failed(struct trm_link *l, uk_err err);
/* What has come, or has waited for room. */
void trm_link_hear(struct trm_link *l, int64_t now);

#endif
