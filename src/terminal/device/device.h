/*
 * The terminal as a card reader: CCID messages come in, CCID messages go out.
 *
 * Two slots, a keypad and a display. Whatever takes time (a card, a person) is
 * begun by calling a function of the table and ended by telling the result, so
 * that one loop serves everything and nothing waits. No operating system, no
 * clock, no heap in here: it could run in a microcontroller.
 *
 * What the host cannot do, whoever it is: learn a PIN, have the transaction key
 * sign what nobody has approved (gate.h), or get a statement for it.
 * docs/terminal.md, sections 6 to 9.
 */
#ifndef TRM_DEVICE_H
#define TRM_DEVICE_H

#include "ccid.h"
#include "gate.h"
#include "padentry.h"

enum {
	TRM_SLOTS = 2, /* 0: contact, 1: contactless */
	TRM_ATR_MAX = 33,
	TRM_POINT = 65,    /* the statement key, 04 x y */
	TRM_NAME_MAX = 62, /* bytes */
	/* SHA-256 of our key's SubjectPublicKeyInfo, counter, time, r||s */
	TRM_STATEMENT = 32 + 8 + 8 + 64,
	TRM_MORE_TIME_MS = 1000,
	TRM_PIN_SECONDS = 30, /* where the host says nothing */
	TRM_DISPLAY_SECONDS = 120
};

/* How a person's part has ended. */
enum trm_answer {
	TRM_YES,
	TRM_NO,     /* pressed Cancel, or said no */
	TRM_SILENT, /* did nothing until the time was over */
	TRM_GONE /* the card was taken out, or the host gave up: already said */
};

/* Everything but the last three returns at once. The result of those marked *
 * is told by the function of the device of the same name. */
struct trm_device_ops {
	void (*send)(void *arg, uk_bytes message);
	/* * The card is powered and reset. */
	void (*power)(void *arg, unsigned slot);
	void (*power_off)(void *arg, unsigned slot);
	/* * One command; a secret one is wiped after use and traced nowhere. */
	void (*transmit)(void *arg, unsigned slot, uk_bytes apdu, bool secret);
	/* * A PIN or two; they are typed on the terminal's own keys. */
	void (*ask_pin)(
	    void *arg, unsigned slot, const struct trm_pin_wish *wish);
	/* * All n items are shown, in order; the way out is no. */
	void (*show)(
	    void *arg, unsigned slot, const uk_tx_item *items, size_t n);
	/* Takes a question off the screen; its result is not told any more. */
	void (*dismiss)(void *arg, unsigned slot);

	trm_hash_fn *hash;
	/* Appends r||s: ECDSA with SHA-256 by the statement key. */
	uk_err (*sign)(void *arg, uk_bytes message, uk_buf *signature);
	/* The next number of statements, never given before, and the time in
	 * seconds since 1970. */
	uk_err (*count)(void *arg, uint64_t *number, uint64_t *time);
};

struct trm_device_settings {
	char name[TRM_NAME_MAX + 1];
	uint8_t point[TRM_POINT];
	uint8_t columns, lines; /* of the display; 0: none */
	bool keypad;
	bool strict; /* transaction keys sign only what was approved here */
};

/* One slot's state; for the files of this room. */
struct trm_slot {
	bool present, powered;
	bool working;    /* the card has a command and no answer to it yet */
	bool power_next; /* once it has answered: the host waits */
	uint8_t busy;    /* type of the message that is worked on, or 0 */
	uint8_t seq;
	int64_t more_time;       /* when the host must be told to wait on */
	int64_t give_up;         /* when the person has been silent too long */
	bool asking;             /* a question is on the screen */
	uint8_t text[UK_TX_MAX]; /* on the screen */
	size_t text_n;
	struct trm_pin_wish wish;
	struct trm_gate gate;
	bool signing; /* answers make up the approved signature */
	uint8_t signature[1024];
	size_t signature_n;
	uint8_t statement[TRM_STATEMENT];
	size_t statement_n;
};

struct trm_device {
	const struct trm_device_ops *ops;
	void *arg;
	struct trm_device_settings settings;
	struct trm_slot slots[TRM_SLOTS];
	uint8_t out[UK_CCID_MAX]; /* the message being made */
};

/* ops is borrowed for ever. */
void trm_device_init(struct trm_device *d,
    const struct trm_device_settings *settings,
    const struct trm_device_ops *ops, void *arg);

/* A message from the host. */
void trm_device_message(struct trm_device *d, uk_bytes message, int64_t now_ms);
/* The host is gone, or another one has come: questions are taken off the
 * screen, cards lose their power, nothing stays approved. */
void trm_device_host_gone(struct trm_device *d);

/* A card was put in or taken out. */
void trm_device_card(struct trm_device *d, unsigned slot, bool present);
/* Results. What nobody asked for any more is ignored. */
void trm_device_powered(
    struct trm_device *d, unsigned slot, uk_err err, uk_bytes atr);
void trm_device_transmitted(
    struct trm_device *d, unsigned slot, uk_err err, uk_bytes answer);
void trm_device_pin(struct trm_device *d, unsigned slot, enum trm_answer a,
    const uk_pin *old, const uk_pin *fresh);
void trm_device_shown(struct trm_device *d, unsigned slot, enum trm_answer a);

/* When trm_device_tick is due; -1: never. */
int64_t trm_device_deadline(const struct trm_device *d);
void trm_device_tick(struct trm_device *d, int64_t now_ms);

/* Bytes that a statement signs: docs/protocol.md, section 9. */
void trm_statement_put(uk_buf *out, uk_bytes text_sha256,
    uk_bytes signature_sha256, uint64_t number, uint64_t time);

#endif
