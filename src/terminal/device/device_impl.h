/* What the files of the device share. */
#ifndef TRM_DEVICE_IMPL_H
#define TRM_DEVICE_IMPL_H

#include "device.h"

/* What is in the slot, in bStatus's terms. */
uint8_t trm_card_bits(const struct trm_device *d, unsigned slot);

/* Answers of the reader to the command it is busy with, or to m. */
void trm_send(struct trm_device *d, const struct uk_ccid *m);
void trm_answer(struct trm_device *d, unsigned slot, uint8_t type, uint8_t seq,
    uk_bytes data);
void trm_fail(struct trm_device *d, unsigned slot, uint8_t type, uint8_t seq,
    uint8_t error);

/* The slot works on m from now on. */
void trm_begin(struct trm_device *d, unsigned slot, const struct uk_ccid *m,
    int64_t now_ms);
/* And is done: the type of what it worked on, 0 if on nothing. */
uint8_t trm_end(struct trm_device *d, unsigned slot);
void trm_ask(
    struct trm_device *d, unsigned slot, unsigned seconds, int64_t now_ms);
/* The card is given power, or reset. */
void trm_power(struct trm_device *d, unsigned slot);
/* And is done without an answer, whatever it was doing. */
void trm_give_up(struct trm_device *d, unsigned slot, uint8_t error);
/* Nothing stays approved, and no statement. */
void trm_forget_card(struct trm_slot *s);

void trm_on_escape(struct trm_device *d, unsigned slot, const struct uk_ccid *m,
    int64_t now_ms);
/* The person has judged the text on the screen. */
void trm_escape_judged(struct trm_device *d, unsigned slot, enum trm_answer a);

/* The signature over an approved text is whole: the statement is made. */
void trm_make_statement(struct trm_device *d, unsigned slot);

#endif
