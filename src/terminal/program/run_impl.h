/* What the files of the program's loop share. */
#ifndef TRM_RUN_IMPL_H
#define TRM_RUN_IMPL_H

#include "cards.h"
#include "device.h"
#include "keep.h"
#include "link.h"
#include "run.h"
#include "screen.h"

struct terminal {
	const struct trm_run_options *o;
	struct trm_keep keep;
	struct trm_link_terminal settings;
	struct trm_link *link;
	struct trm_device device;
	struct trm_screen screen;
	struct trm_cards *cards[TRM_SLOTS];
	struct trm_event event;
	uint8_t code[TRM_PAIRING_CODE];
	int64_t code_until; /* -1: none is shown */
	int64_t retry;      /* -1, or when to look for the line again */
	int fd, listener, wake, signals;
	unsigned streams; /* that hosts have opened, as far as we know */
	bool up, end;
};

/* run_device.c: the device and the screen, which ask each other. */
void trm_run_open_device(struct terminal *t);
/* The code on the screen is no longer good: it has been too long. */
void trm_run_code_old(struct terminal *t);

/* run_host.c: the line, the link, and who is at the other end. */
UK_RESULT trm_run_open_link(struct terminal *t);
/* Opens the line, or says when to look for it again. */
UK_RESULT trm_run_open_line(struct terminal *t);
/* Tells the computer that we go, and closes the line. */
void trm_run_leave(struct terminal *t);
void trm_run_on_listener(struct terminal *t);
/* events: poll's; 0: what else has happened may have something to say. */
void trm_run_move_bytes(struct terminal *t, short events);

#endif
