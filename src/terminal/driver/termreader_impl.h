/* What termreader.c (pcscd's threads), keeper.c and keeper_link.c (the
 * terminal's) share. */
#ifndef TRM_TERMREADER_IMPL_H
#define TRM_TERMREADER_IMPL_H

#include "line.h"
#include "termreader.h"

#include <pthread.h>

enum {
	TRM_STATUS_SEQ = 0xff, /* the keeper's own, not a request's */
	TRM_RETRY_MS = 1000 /* of connecting, where nothing tells of a change */
};

/* One command that waits; lives on the stack of who waits. */
struct request {
	bool waiting, done;
	uk_err err;
	uint8_t error; /* bError */
	uint8_t seq;
	int64_t deadline, last; /* of silence; of all patience */
	uk_buf *answer;
};

struct slot {
	bool present;
	bool gone; /* for a moment, and pcscd does not know */
	bool told; /* what pcscd was told last */
	bool woken;
	uint8_t seq;
	struct request *request;
};

struct trm_reader {
	pthread_mutex_t lock; /* all below, but for the thread's own */
	pthread_cond_t changed;
	bool stop;
	struct slot slots[TRM_READER_SLOTS];
	struct trm_reader_facts facts;
	struct trm_link *link;
	bool up; /* the terminal has said hello */
	bool want_pair;
	bool paired_now;
	uint8_t code[TRM_PAIRING_CODE];
	struct request pairing;

	/* the thread's own */
	pthread_t thread;
	bool has_thread;
	struct trm_line line;
	int wake, listener, fd;
	int watch;     /* inotify, or -1 */
	int64_t retry; /* when to try again; -1: when something changes */
};

/* The thread. */
void *trm_reader_keep(void *reader);
void trm_reader_wake_keeper(struct trm_reader *r);
/* Under the lock: one message to the terminal. */
void trm_reader_say(struct trm_reader *r, unsigned slot, enum uk_ccid_type type,
    uint8_t seq, uk_bytes data);

/* keeper_link.c, under the lock. */
void trm_reader_end_request(struct request *q, uk_err err); /* accepts NULL */
/* There is no terminal any more: no cards, no answers. */
void trm_reader_lose(struct trm_reader *r);
/* Begins the conversation that there should be now. Not paired: none. */
void trm_reader_open_link(struct trm_reader *r);
void trm_reader_begin_pairing(struct trm_reader *r);
/* The link's state may have changed by what came in or by time. */
void trm_reader_follow_link(struct trm_reader *r, enum trm_link_state before);

#endif
