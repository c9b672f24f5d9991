/*
 * The desk: everything that happens to a card while a program uses it, at every
 * command that the module sends.
 *
 * A cell of the matrix is one kind of card, one operation, one event and one
 * place: "before command 3 of C_Sign another card is put in". Each cell has
 * processes of its own, made by fork: a reader with fresh cards in it, which
 * makes the event happen (desk_reader.c, desk_events.c), and a program that
 * calls the module (desk_program.c). What they share is a struct desk_world.
 * desk_table.c says what must come of it.
 *
 * There are two of them: `desk`, whose reader is a socket of its own and knows
 * exactly when a program has let go of the card, and `desk-pcsc`, whose cards
 * are in vpcd behind a pcscd that is the test's alone.
 */
#ifndef DESK_H
#define DESK_H

#include "vc_card.h"

#include <openssl/evp.h>
#include <p11-kit/pkcs11.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

enum { DESK_CARDS = 2, DESK_CERT_MAX = 2048 };

/* The keys of a card, by what they are for. */
enum desk_key {
	DESK_SIGNS,     /* after login */
	DESK_CONSENTS,  /* asks for the PIN each time */
	DESK_DECIPHERS, /* or agrees, on curves */
	DESK_KEYS
};

enum desk_event {
	DESK_NOTHING,
	/* Of hands; they ask nobody. */
	DESK_OUT,    /* the card is pulled */
	DESK_AGAIN,  /* out and in */
	DESK_SWAP,   /* out, and another one in */
	DESK_JOLT,   /* a reset, say by a bad contact */
	DESK_UNPLUG, /* the reader, with the card in it */
	DESK_KILL,   /* the reader service ends without a word */
	/* Of other programs; they wait until they get the card. */
	DESK_RESET,  /* one ends and resets the card */
	DESK_SELECT, /* another application */
	DESK_LOGIN,
	DESK_LOGOUT,
	DESK_EVENTS
};

/* When does the event happen, as seen from the command that was chosen? */
enum desk_moment { DESK_BEFORE, DESK_AFTER }; /* after: the answer is lost */

struct desk_cert {
	unsigned char der[DESK_CERT_MAX];
	size_t n;
};

/* What the three processes of a cell share. */
struct desk_world {
	_Atomic long countdown; /* commands before the event; < 0: not armed */
	_Atomic int event, moment;
	_Atomic bool fired;
	_Atomic bool called; /* another program waits for the card */
	_Atomic bool theirs; /* another program has the card */
	/* what the cards have seen from the module */
	_Atomic unsigned commands, pins[DESK_CARDS], wrong[DESK_CARDS];
	/* the program's part: where it got to, and how that ended */
	char step[40];
	CK_RV rv;
	char complaint[200]; /* the first thing that must not be, or "" */
	struct desk_cert certs[DESK_KEYS]; /* of desk_program_tell */
};

struct desk_kind {
	const char *name;
	/* of its profile: docs/virtual-card.md */
	const char *application;
	/* NULL: IsoApplet, which no profile fills (desk_iso.c); one key, which
	 * signs */
	const char *keys;
	bool rsa;
	/* plain commands, hexadecimal, for other programs */
	const char *select, *verify, *logout, *ask;
	bool so_makes; /* keys; with desk_so_pin */
	/* SELECT ends a login, also of the application that is selected: so
	 * whoever looks at such a card logs everybody out */
	bool select_ends;
	/* The cards were seen before (cache), and are held as long as usual
	 * after a call; otherwise every card is new and let go at once. */
	bool seen;
};

extern const struct desk_kind desk_kinds[];
extern const size_t desk_kind_count;
/* Not const: PKCS#11 takes its input so. */
extern char desk_pins[DESK_CARDS][8], desk_so_pin[];

struct desk_cards {
	const struct desk_kind *kind;
	struct vc_card *cards[DESK_CARDS];
	char *ca[DESK_CARDS]; /* PEM */
	struct desk_cert certs[DESK_CARDS][DESK_KEYS];
	EVP_PKEY *pub[DESK_CARDS][DESK_KEYS];
};

/* Two cards with keys and certificates of their own, and the PINs of desk_pins.
 * Says on standard error what is wrong. */
bool desk_cards_make(const struct desk_kind *kind, struct desk_cards *out);
/* A new card of that kind gets its content. *ca: OPENSSL_free. */
bool desk_iso_make(struct vc_card *card, const char *pin, char **ca);
void desk_cards_free(struct desk_cards *c);
/* Takes over what an undisturbed program has read, if the card's CA has signed
 * it. */
bool desk_cards_believe(
    struct desk_cards *c, size_t card, const struct desk_cert *certs);

/* --- where the cards are -----------------------------------------------------
 * desk_reader.c: behind a socket of our own; desk_service.c, desk_vpcd.c:
 * behind the real service. */

/* What can happen there: bits by enum desk_event. */
extern const unsigned desk_place_events;
/* folder: for what it needs. Says on standard error what is wrong. */
bool desk_place_open(const char *folder);
/* For the module. */
void desk_place_configure(FILE *f);
/* Before each cell. */
bool desk_place_tidy(void);
void desk_place_close(void);

/* --- the reader's process ------------------------------------------------ */

/* What the program may ask, one byte; the answer is one byte. */
enum {
	DESK_ASK_READY = 'r', /* 'y' when the reader listens */
	DESK_ASK_HEAL = 'h',  /* the card is put in, the reader plugged */
	DESK_ASK_OPEN = 'o'   /* 'y': somebody is logged in on the card */
};

/* Never returns. control: the program's questions. */
void desk_reader_run(struct desk_cards *cards, size_t card,
    struct desk_world *world, int control) __attribute__((noreturn));

/* --- the program's process ----------------------------------------------- */

struct desk_program;
struct desk_op {
	const char *name;
	bool login; /* the user, before */
	int key;    /* which must be there; -1: none */
	void (*run)(struct desk_program *p);
	bool needs_generate;
};
extern const struct desk_op desk_ops[];
extern const size_t desk_op_count;

struct desk_cell {
	const struct desk_op *op;
	enum desk_event event;
	enum desk_moment moment;
	long at;
};

/* Does the operation, with the event in it; the rest is in the world. Never
 * returns. */
void desk_program_run(CK_FUNCTION_LIST *p11, struct desk_cards *cards,
    const struct desk_cell *cell, struct desk_world *world, int control)
    __attribute__((noreturn));
/* Nothing happens: reads the certificates of this card's keys. */
void desk_program_tell(CK_FUNCTION_LIST *p11, struct desk_cards *cards,
    size_t card, struct desk_world *world, int control)
    __attribute__((noreturn));

/* --- what must come of it ------------------------------------------------ */

/* NULL, or a sentence about what is wrong. */
const char *desk_judge(
    const struct desk_cell *cell, const struct desk_world *world);
const char *desk_rv_name(CK_RV rv);

#endif
