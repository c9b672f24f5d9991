/*
 * What our module's other processes of the same user are doing.
 *
 * The reader service has no queue: who waits for a card asks again ten times a
 * second. And a card does not say who is logged in, so that one program's
 * logout is everybody's. So our processes tell each other, with record locks
 * (fcntl, which end with their process and are nobody's child's) on empty files
 * in a folder of the user's: one for each reader, to stand in line, and one for
 * each card, held by those who are logged in.
 *
 * It is a help and never needed: where there is no such folder, or a process is
 * not ours, the service keeps order and a logout is for all.
 */
#ifndef P11_OTHERS_H
#define P11_OTHERS_H

#include "bytes.h"

/* A file for that name, or -1; kept open. The functions below accept -1. */
int p11_others_open(const char *kind, uk_bytes name);
void p11_others_close(int *fd); /* leaves -1 */

/* Waits until it is our turn at this reader; again is no harm. */
void p11_others_queue(int fd);
void p11_others_next(int fd);

/* We are logged in with this card, or not any more. */
void p11_others_enter(int fd);
/* true: nobody else is logged in. */
bool p11_others_leave(int fd);

#endif
