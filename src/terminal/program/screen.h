/*
 * The terminal's screen and keys: a text screen of so many columns and lines.
 * On a phone this file would be another; everything else stays.
 *
 * One question at a time. Keys come in as bytes, results go to a table of
 * functions. What a person has typed of a PIN is shown as stars and wiped when
 * the question is over, however it ends.
 */
#ifndef TRM_SCREEN_H
#define TRM_SCREEN_H

#include "padentry.h"
#include "txtext.h"

enum {
	TRM_SCREEN_COLUMNS_MIN = 16,
	TRM_SCREEN_LINE = 512,
	TRM_SCREEN_LINES = 256 /* of the longest text */
};

struct trm_screen_ops {
	void (*write)(void *arg, uk_bytes text);
	/* A PIN question is over: yes tells whether it was answered. */
	void (*pin)(void *arg, unsigned slot, bool yes, const uk_pin *old,
	    const uk_pin *fresh);
	void (*judged)(void *arg, unsigned slot, bool yes);
	void (*wants_pairing)(void *arg);
	void (*wants_end)(void *arg);
};

enum trm_question { TRM_Q_NONE, TRM_Q_PIN, TRM_Q_TEXT };

struct trm_screen {
	const struct trm_screen_ops *ops;
	void *arg;
	unsigned columns, lines;
	enum trm_question question;
	unsigned slot;
	/* a PIN question */
	struct trm_pin_wish wish;
	unsigned part; /* 0: the present PIN, 1: the new one, 2: it again */
	uk_pin typed, old, fresh;
	/* a text */
	uint8_t
	    text[UK_TX_MAX + UK_TX_ITEMS * 8 + 1024]; /* broken into lines */
	size_t text_n, shown_to; /* how far it has been shown */
	bool whole;              /* all of it has been shown */
	uint8_t answer[4];       /* what is typed, up to Enter */
	size_t answer_n;
};

void trm_screen_init(struct trm_screen *s, unsigned columns, unsigned lines,
    const struct trm_screen_ops *ops, void *arg);

/* False: something else is being asked. */
bool trm_screen_ask_pin(
    struct trm_screen *s, unsigned slot, const struct trm_pin_wish *wish);
bool trm_screen_show(
    struct trm_screen *s, unsigned slot, const uk_tx_item *items, size_t n);
/* Takes this slot's question away; nothing is told of it. */
void trm_screen_dismiss(struct trm_screen *s, unsigned slot);
void trm_screen_keys(struct trm_screen *s, uk_bytes keys);
/* One line for people. */
void trm_screen_say(struct trm_screen *s, const char *line);

#endif
