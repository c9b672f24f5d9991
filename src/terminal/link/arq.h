/*
 * A stream of bytes over a line that loses and spoils some: every frame has a
 * number, what is not acknowledged is sent again (go back N). The host opens
 * the stream; whoever finds that the other side knows of none says so, and it
 * is opened anew: everything above begins again then.
 *
 * No operating system in here: bytes and the time come in, bytes and the next
 * moment to be woken come out. So the same code runs in the driver, in the
 * terminal and, without a clock, in a test. All of a stream is in one struct
 * with no pointers to the heap.
 */
#ifndef TRM_ARQ_H
#define TRM_ARQ_H

#include "frame.h"

enum {
	TRM_ARQ_WINDOW = 8, /* frames on their way; less than 128 */
	TRM_ARQ_ROOM = TRM_ARQ_WINDOW * TRM_FRAME_PAYLOAD,
	TRM_ARQ_OUT = (TRM_ARQ_WINDOW + 2) * TRM_FRAME_MAX,
	TRM_ARQ_RETRY_MS = 250, /* first wait for an answer; doubles */
	TRM_ARQ_RETRIES = 6     /* then the other side is gone */
};

enum trm_arq_state {
	TRM_ARQ_CLOSED,  /* no stream */
	TRM_ARQ_OPENING, /* asked for, not yet answered */
	TRM_ARQ_READY,
	TRM_ARQ_LOST /* the other side no longer answers, or has forgotten */
};

struct trm_arq {
	enum trm_arq_state state;
	bool host;        /* opens */
	uint32_t number;  /* of the stream */
	unsigned streams; /* how many there have been, of whatever number */
	struct trm_frame_reader reader;
	/* sent and not acknowledged: frames base .. next-1 */
	struct {
		uint8_t bytes[TRM_FRAME_PAYLOAD];
		size_t n;
	} window[TRM_ARQ_WINDOW];
	uint8_t base, next;
	uint8_t expected; /* the next number from the other side */
	uint8_t repeats;  /* acknowledgements that asked for base again */
	int64_t
	    deadline; /* of the oldest frame; meaningless if nothing waits */
	unsigned tries;
	uint8_t in[TRM_ARQ_ROOM]; /* received, in order, not yet taken */
	size_t in_n;
	uint8_t out[TRM_ARQ_OUT]; /* for the wire, not yet written */
	size_t out_n;
};

/* Nothing is sent. A terminal (host false) waits for somebody to open. */
void trm_arq_init(struct trm_arq *a, bool host);
/* The host begins a stream; number is random, so that an answer to an earlier
 * attempt is not taken for one to this. */
void trm_arq_open(struct trm_arq *a, uint32_t number, int64_t now_ms);
/* The terminal has just started or a cable was put in: asks to be opened. */
void trm_arq_call(struct trm_arq *a);

/* Bytes from the wire. */
void trm_arq_feed(struct trm_arq *a, uk_bytes raw, int64_t now_ms);
/* Bytes for the wire; after some were written they are dropped. */
uk_bytes trm_arq_pending(const struct trm_arq *a);
void trm_arq_written(struct trm_arq *a, size_t n);

/* Takes as much of data as there is room for, and says how much. */
size_t trm_arq_send(struct trm_arq *a, uk_bytes data, int64_t now_ms);
/* What has arrived, in order; and that so much of it was used. */
uk_bytes trm_arq_received(const struct trm_arq *a);
void trm_arq_taken(struct trm_arq *a, size_t n);

/* When trm_arq_tick is due at the latest; -1: nothing waits. */
int64_t trm_arq_deadline(const struct trm_arq *a);
void trm_arq_tick(struct trm_arq *a, int64_t now_ms);

#endif
