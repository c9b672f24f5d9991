/* For the files of this room only. */
#ifndef TRM_PROX_IMPL_H
#define TRM_PROX_IMPL_H

#include "prox.h"

enum {
	TRM_PROX_CRC = 2,
	TRM_PROX_PCB = 1,
	TRM_PROX_DESELECT = 0xc2,
	/* 5.5 and 8.1: 65536/fc for RATS and S(DESELECT); and a margin */
	TRM_PROX_ACTIVATION_US = 4834 + 1000
};

enum trm_prox_heard {
	TRM_PROX_GOOD,
	TRM_PROX_WRONG, /* silence, too, and a wrong check code */
	TRM_PROX_PULLED
};

/* PCB or command byte, and what follows it; the check code is put behind. */
void trm_prox_make(struct trm_prox *p, uint8_t first, uk_bytes rest);
/* Sends what is in sent and receives into got, where its check code is cut off;
 * never nothing. */
enum trm_prox_heard trm_prox_swap(struct trm_prox *p, uint64_t wait_us);
uint64_t trm_prox_fwt_us(uint8_t fwi);

/* Deselects and switches off; says what was the matter. */
uk_err trm_prox_gone(struct trm_prox *p);

#endif
