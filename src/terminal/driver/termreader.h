/*
 * One terminal as pcscd's driver has it: a thread that keeps the line and the
 * link, and requests of pcscd's threads that wait for their answers.
 *
 * The terminal may be there or not, at any moment: a reader without a terminal
 * is a reader without a card. Nothing polls: the thread sleeps until the line
 * or a request wakes it (a tty that is gone is looked for again when its folder
 * changes). Every request ends: with the answer, with the line's end, when the
 * terminal has given no sign of life for TRM_SILENCE_MS, or after
 * TRM_LONGEST_MS.
 */
#ifndef TRM_TERMREADER_H
#define TRM_TERMREADER_H

#include "ccid.h"
#include "link.h"

enum {
	TRM_READER_SLOTS = 2,
	TRM_SILENCE_MS = 5000,
	TRM_LONGEST_MS = 300000, /* however often it asks for more time */
	TRM_PAIR_MS = 20000,
	TRM_READER_NAME = 63
};

struct trm_reader;

/* name: line.h. Succeeds also if no terminal is there. */
UK_RESULT trm_reader_open(const char *name, struct trm_reader **out);
/* Ends all requests and waits, now and from now on; they return soon. */
void trm_reader_stop(struct trm_reader *r);
/* Nobody is in any of the functions below. */
void trm_reader_close(struct trm_reader **r); /* accepts NULL */

/* Is there a card? One that went and came while nobody asked is told as gone
 * once, because it may be another. */
bool trm_reader_present(struct trm_reader *r, unsigned slot);
/* Waits until trm_reader_present has something new to tell, for timeout_ms at
 * most, or until trm_reader_wake. */
void trm_reader_wait(struct trm_reader *r, unsigned slot, int timeout_ms);
void trm_reader_wake(struct trm_reader *r, unsigned slot);

/* What the terminal has said of itself; zero while there is none. */
struct trm_reader_facts {
	bool keypad, display, strict;
	uint8_t columns, lines;
};
struct trm_reader_facts trm_reader_facts(struct trm_reader *r);

/*
 * One command and its answer: data is appended to answer. UK_ERR_NO_READER: no
 * terminal. UK_ERR_TIMEOUT: it has become silent. UK_ERR_CARD_MUTE,
 * UK_ERR_CANCELLED (the person), UK_ERR_UNSUPPORTED, UK_ERR_IO: by bError. For
 * PINs, see the status words of PC/SC part 10 in controls.h.
 */
UK_RESULT trm_reader_request(struct trm_reader *r, unsigned slot,
    enum uk_ccid_type type, uk_bytes data, uk_buf *answer, uint8_t *error);

/* Pairs with the terminal that is there: eight digits that it shows, and keeps
 * the secret in the file. UK_ERR_NO_READER, UK_ERR_ARGUMENT, UK_ERR_CONDITIONS
 * (it shows no code), UK_ERR_SIGNATURE (another code), UK_ERR_IO (the file). */
UK_RESULT trm_reader_pair(struct trm_reader *r, uk_bytes code);

#endif
