/* For the files of this room only. */
#ifndef TRM_CONTACT_IMPL_H
#define TRM_CONTACT_IMPL_H

#include "contact.h"

/* Times from what the ATR says and the speed in use. UK_ERR_UNSUPPORTED: a
 * reserved value of F or D. */
UK_RESULT trm_contact_times(struct trm_contact *c);
/* First character of an answer to reset, and each further one, 6.2 and 8.1. */
uint64_t trm_contact_first_us(const struct trm_contact *c);
uint64_t trm_contact_initial_us(const struct trm_contact *c);

uk_err trm_contact_gone(struct trm_contact *c);

/* One block out and one in. */
enum trm_t1_heard {
	TRM_T1_GOOD,
	TRM_T1_EDC,   /* or parity */
	TRM_T1_OTHER, /* silence, or not a block */
	TRM_T1_PULLED
};
/* The block is made in t1.sent. */
void trm_t1_make(struct trm_contact *c, uint8_t pcb, uk_bytes inf);
/* Sends what is in t1.sent and receives into t1.got, where its EDC is cut off.
 */
enum trm_t1_heard trm_t1_swap(struct trm_contact *c);
/* Characters until the card is silent, into t1.got. */
enum trm_t1_heard trm_t1_receive(struct trm_contact *c);
bool trm_t1_edc_fits(const struct trm_contact *c);

/* IFSD, after the protocol was chosen. */
UK_RESULT trm_t1_begin(struct trm_contact *c);
UK_RESULT trm_t1_transmit(struct trm_contact *c, uk_bytes apdu, uk_buf *answer);
UK_RESULT trm_t0_transmit(struct trm_contact *c, uk_bytes apdu, uk_buf *answer);

#endif
