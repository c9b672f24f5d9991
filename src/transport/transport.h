/*
 * Where commands go: a link to one card, and the readers that links come from.
 *
 * A uk_link carries raw APDUs, one at a time. PC/SC is one kind of link; tests
 * script, replay or break others behind the same table, and decorators (trace,
 * fault injection) wrap any of them. Nothing here knows what an APDU means.
 *
 * Foreign error language: SCard LONG, translated in pcsc.c by one function.
 */
#ifndef UK_TRANSPORT_H
#define UK_TRANSPORT_H

#include "bytes.h"

enum uk_card_fate { UK_LEAVE_CARD, UK_RESET_CARD };

typedef struct uk_link uk_link;

struct uk_link_ops {
	/* Sends cmd, appends the answer to resp. UK_ERR_CARD_REMOVED,
	 * _CARD_RESET (the card was reset before: cmd was not sent),
	 * _CARD_MUTE, _NO_SERVICE ... `secret` = do not trace. */
	uk_err (*transmit)(uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret);
	/* Keeps other programs away from the card; nests not. May say
	 * UK_ERR_CARD_RESET once: the card was reset since the last time, and
	 * the link is usable again; nothing was begun, so begin again. */
	uk_err (*begin)(uk_link *l);
	void (*end)(uk_link *l, enum uk_card_fate fate);
	/* Asks the reader itself, not the card: a control code of PC/SC and its
	 * data, which are never traced. UK_ERR_UNSUPPORTED if the reader does
	 * not know the code. NULL: this link has no reader to ask. */
	uk_err (*control)(uk_link *l, uint32_t code, uk_bytes in, uk_buf *out);
	/* Appends the card's answer to reset; sends nothing to the card. NULL:
	 * this link cannot tell. */
	uk_err (*atr)(uk_link *l, uk_buf *out);
	/* Is T=0 spoken, which has no extended lengths, whatever the card says?
	 * NULL: no. */
	bool (*short_only)(uk_link *l);
	/* Ends the connection and frees l. */
	void (*close)(uk_link *l, enum uk_card_fate fate);
};

struct uk_link {
	const struct uk_link_ops *ops;
};

UK_RESULT uk_link_transmit(uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret);
UK_RESULT uk_link_begin(uk_link *l);
UK_RESULT uk_link_control(uk_link *l, uint32_t code, uk_bytes in, uk_buf *out);
UK_RESULT uk_link_atr(uk_link *l, uk_buf *out); /* or UK_ERR_UNSUPPORTED */
bool uk_link_short_only(uk_link *l);
void uk_link_end(uk_link *l, enum uk_card_fate fate);
void uk_link_close(uk_link **l, enum uk_card_fate fate); /* accepts NULL */

/* --- PC/SC --------------------------------------------------------------- */

enum { UK_READER_NAME_MAX = 128, UK_ATR_MAX = 33, UK_READERS_MAX = 64 };

/* One connection to pcscd. A context that is blocked in uk_pcsc_wait must not
 * be used for anything else but uk_pcsc_cancel: use two. */
typedef struct uk_pcsc uk_pcsc;

typedef struct uk_reader_state {
	char name[UK_READER_NAME_MAX];
	bool present;    /* a card is in it and powered or powerable */
	bool exclusive;  /* somebody else holds it exclusively */
	uint32_t events; /* counts insertions and removals: another value means
			  * another card, even if none was seen missing */
	uint8_t atr[UK_ATR_MAX];
	size_t atr_len;
} uk_reader_state;

/* UK_ERR_NO_SERVICE, UK_ERR_NO_PERMISSION or UK_ERR_MEMORY. */
UK_RESULT uk_pcsc_open(uk_pcsc **out);
void uk_pcsc_close(uk_pcsc **p); /* accepts NULL */
/* The readers and their cards now, in the service's order; sends no APDU. No
 * reader at all is UK_OK with *n = 0. UK_ERR_NO_SERVICE: the service went away,
 * close and open again. */
UK_RESULT uk_pcsc_readers(
    uk_pcsc *p, uk_reader_state *out, size_t cap, size_t *n);
/* Blocks until a reader or card differs from `known`, or timeout_ms passed
 * (UK_ERR_TIMEOUT), or uk_pcsc_cancel was called (UK_ERR_CANCELLED). */
UK_RESULT uk_pcsc_wait(
    uk_pcsc *p, const uk_reader_state *known, size_t n, unsigned timeout_ms);
void uk_pcsc_cancel(uk_pcsc *p); /* from any thread */
/* Connects, shared. */
UK_RESULT uk_pcsc_connect(uk_pcsc *p, const char *reader, uk_link **out);

/* --- readers behind a socket -----------------------------------------------
 */

/*
 * A reader in another process of this user, such as a virtual card for tests:
 * no service, no root. Its protocol is wire.h's.
 *
 *   unix:PATH   a listening stream socket
 *   fd:N        an inherited descriptor: the other end of a socket pair of
 *               type SOCK_SEQPACKET, through which connections are handed over
 *
 * Whoever can name such an address chooses what the program takes for a card:
 * never take one from the environment of a set-user-ID program.
 */
enum { UK_LOCALS_MAX = 16, UK_ADDRESS_MAX = 120 };

struct uk_readers_config {
	bool no_pcsc;
	size_t count;
	char local[UK_LOCALS_MAX][UK_ADDRESS_MAX];
};

/* Adds an address; UK_ERR_FORMAT if it is none, UK_ERR_TOO_SMALL if there are
 * too many. */
UK_RESULT uk_readers_add(struct uk_readers_config *c, const char *address);

/* --- all readers -----------------------------------------------------------
 */

/*
 * PC/SC's readers and local ones as one list. The functions mean what those of
 * uk_pcsc mean; a local reader that is not there is not listed, and comes when
 * it comes. Without local readers this is PC/SC and nothing else; with them, a
 * service that does not run is no error.
 */
typedef struct uk_readers uk_readers;

/* Connects nowhere yet. config is copied. */
UK_RESULT uk_readers_open(
    const struct uk_readers_config *config, uk_readers **out);
void uk_readers_close(uk_readers **r); /* accepts NULL */
UK_RESULT uk_readers_list(
    uk_readers *r, uk_reader_state *out, size_t cap, size_t *n);
UK_RESULT uk_readers_wait(
    uk_readers *r, const uk_reader_state *known, size_t n, unsigned timeout_ms);
void uk_readers_cancel(uk_readers *r); /* from any thread */
UK_RESULT uk_readers_connect(uk_readers *r, const char *reader, uk_link **out);

/* --- decorators ---------------------------------------------------------- */

/* Logs every APDU at UK_LOG_DEBUG (secret ones by length only) and counts them.
 * Takes over *inner (left NULL on success and on failure). */
UK_RESULT uk_trace_open(uk_link **inner, uk_link **out);
/* Commands sent so far and the time the card took, in microseconds. */
void uk_trace_counts(const uk_link *l, uint32_t *commands, uint64_t *micros);

#endif
