/*
 * The side of a card that its reader sees: which lengths it takes, how it hands
 * out long answers, its ATR, and how slow it is. It stands between the reader
 * and the operating system of the card, which knows nothing of it.
 */
#ifndef VC_FRONT_H
#define VC_FRONT_H

#include "apdu.h"
#include "err.h"

enum vc_lengths {
	VC_EXTENDED, /* everything */
	VC_CHAINING, /* short commands; long ones are chained */
	VC_SHORT,    /* short commands, not chained either */
	VC_T0 /* as cards with T=0: answers are fetched after 61xx, a wrong
	       * Le is told by 6Cxx; short, may be chained */
};

enum { VC_ATR_MAX = 33 };

struct vc_look {
	enum vc_lengths lengths;
	uint8_t atr[VC_ATR_MAX];
	size_t atr_len;              /* 0: the card's own */
	int64_t command_ns, byte_ns; /* for every command; for every byte */
	int64_t key_ns, generate_ns; /* more, if a private key works; is made */
};

/*
 * By name, as the options of `run` have it; false: not understood.
 *
 *   lengths        extended, chaining, short, t0
 *   atr            a known card's name, or bytes that are an ATR
 *   speed          bits in a second, as on contacts
 *   delay          5ms, 0.1ms/B, 5ms+0.1ms/B
 *   key-time, generate-time   150ms
 */
bool vc_look_set(struct vc_look *look, const char *name, const char *value);

struct vc_front {
	struct vc_look look;
	/* T=0: an answer that was not fetched yet, and whose it is */
	uint8_t header[4];
	uint8_t atr[VC_ATR_MAX];
	bool by_length; /* the command will come again with the right Le */
	uint16_t sw;
	uk_buf held;
	size_t fetched;
	uint8_t held_bytes[UK_RESPONSE_MAX], reply[UK_LE_SHORT_MAX + 2];
};

/* The ATR it shows: the one it was given; or the card's own, whose historical
 * bytes then tell the truth about lengths. A view into f or own. */
uk_bytes vc_front_atr(struct vc_front *f, uk_bytes own);

void vc_front_init(struct vc_front *f, const struct vc_look *look);
void vc_front_reset(struct vc_front *f);

/* What the card behind it answers. */
typedef uk_bytes vc_transmit_fn(void *card, uk_bytes command);

/* The answer: a view, good until the next call. */
uk_bytes vc_front_transmit(
    struct vc_front *f, uk_bytes command, vc_transmit_fn *transmit, void *card);
/* How long that takes a card that looks so. */
int64_t vc_front_cost_ns(
    const struct vc_look *look, uk_bytes command, size_t answer);

#endif
