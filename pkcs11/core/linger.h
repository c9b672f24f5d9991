/*
 * Letting go of cards in time.
 *
 * A reader's transaction is held for a moment after a call, in case more is to
 * come: then nobody has come between, and nothing needs to be proved again. One
 * thread ends what is held when its time is over. It is made when something is
 * held for the first time, and only where C_Initialize allows threads of ours;
 * where not, nothing is held but a consent (reader.h), until the next call.
 */
#ifndef P11_LINGER_H
#define P11_LINGER_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds of a clock that nobody sets. */
uint64_t p11_now_ms(void);

/* May there be a thread? Before readers are used. */
void p11_linger_allow(bool threads);
/* Some reader's release_at was set, to `at`; its lock is held. false: there is
 * no thread that will see to it. */
bool p11_linger_watch(uint64_t at);
/* Ends and joins the thread; nothing is held for longer than its call from now
 * on. No reader's lock may be held. */
void p11_linger_stop(void);
/* The same for the end of the host: gives up after a while. false: it did. */
bool p11_linger_stop_within(unsigned timeout_ms);
/* After fork: the thread is the parent's. */
void p11_linger_forget(void);

#endif
