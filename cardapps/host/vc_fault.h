/*
 * What goes wrong with a card, on command: rules that say when and what.
 *
 *     at 5 remove               the fifth command from now
 *     every 3 delay 10ms        each third
 *     ins 20 status 63C1        each with this instruction byte
 *     chance 5 flip             one in twenty, by the seed
 *     at 2 swap other.card
 *
 * Everything is determined by the commands and the seed. Rules are tried in
 * their order; the first that applies to a command is the one.
 */
#ifndef VC_FAULT_H
#define VC_FAULT_H

#include "bytes.h"
#include "err.h"

enum vc_fault_kind {
	VC_FAULT_NONE,
	VC_FAULT_REMOVE,   /* pulled instead of answering */
	VC_FAULT_RESET,    /* by another program, before the command */
	VC_FAULT_MUTE,     /* no answer */
	VC_FAULT_STATUS,   /* this status word; nothing is done */
	VC_FAULT_TRUNCATE, /* the answer without its last N bytes */
	VC_FAULT_EXTEND, /* the answer with N random bytes before the status */
	VC_FAULT_RANDOM, /* N random bytes and the status word */
	VC_FAULT_FLIP,   /* one bit of the last eight bytes before the status,
			  * where secure messaging has its MAC */
	VC_FAULT_DELAY,  /* the answer comes so much later */
	VC_FAULT_TEAR,   /* pulled when it writes its memory the Nth time */
	VC_FAULT_SWAP    /* pulled, and another card is put in */
};

enum { VC_FAULTS_MAX = 64, VC_FAULT_FILE_MAX = 256 };

struct vc_fault {
	enum vc_fault_kind kind;
	enum vc_fault_when {
		VC_WHEN_AT,
		VC_WHEN_EVERY,
		VC_WHEN_INS,
		VC_WHEN_CHANCE
	} when;
	unsigned long which;  /* command, period, instruction byte, percent */
	unsigned long from;   /* VC_WHEN_AT, _EVERY: counted from this one */
	unsigned long number; /* status word, bytes, writes */
	int64_t ns;
	char file[VC_FAULT_FILE_MAX];
};

struct vc_faults {
	struct vc_fault rules[VC_FAULTS_MAX];
	size_t count;
	uint64_t state; /* of the random numbers */
};

void vc_faults_seed(struct vc_faults *f, uint64_t seed);
/* Adds a rule; `at` and `every` count from the command after number `now`.
 * UK_ERR_FORMAT: not understood. UK_ERR_TOO_SMALL: too many. */
UK_RESULT vc_faults_add(
    struct vc_faults *f, const char *rule, unsigned long now);
/* Forgets the rules of this kind; VC_FAULT_NONE: all. */
void vc_faults_drop(struct vc_faults *f, enum vc_fault_kind kind);
/* A file of rules, '#' comments; *line: where it went wrong (0: the file could
 * not be read, UK_ERR_IO). */
UK_RESULT vc_faults_load(struct vc_faults *f, const char *path, size_t *line);

/* What happens to command `number`, counted from 1; NULL: nothing. A rule whose
 * time is over is forgotten at the next call. */
const struct vc_fault *vc_faults_next(
    struct vc_faults *f, unsigned long number, uk_bytes command);

/* Spoils an answer as the rule says; answer, with its status word, is in b. */
void vc_fault_spoil(
    struct vc_faults *f, const struct vc_fault *rule, uk_buf *b);

#endif
