/* What a bad line does to what passes over it, the same each time: at one
 * place, or by chance from a seed. */
#ifndef TRM_WIRENOISE_H
#define TRM_WIRENOISE_H

#include "bytes.h"

enum trm_noise_kind {
	TRM_NOISE_NONE,
	TRM_NOISE_PARITY, /* a wrong bit, which the parity bit tells */
	TRM_NOISE_LOST,
	TRM_NOISE_FLIP,  /* two wrong bits: the parity is right */
	TRM_NOISE_EXTRA, /* a character more */
	TRM_NOISE_LATE,  /* later than the longest waiting time */
	TRM_NOISE_KINDS
};

struct trm_noise {
	enum trm_noise_kind kind;
	unsigned long at, run; /* the characters at, at+1, ... (from 0) */
	unsigned per_mille;    /* otherwise: of all characters, any kind */
	uint64_t seed;
	unsigned long passed;
};

/* What happens to the next character; a number for the details. */
enum trm_noise_kind trm_noise_next(struct trm_noise *n, unsigned *detail);

#endif
