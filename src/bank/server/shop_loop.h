/*
 * What happens between requests: waiting clients are told, merchants are
 * called, bills expire. One place of the event loop for all of it, after the
 * commit that it depends on (answers.h).
 */
#ifndef BANK_SHOP_LOOP_H
#define BANK_SHOP_LOOP_H

#include "newsroom.h"
#include "watch.h"

struct bank_shop_loop;
struct event_base;

/* b->touch becomes ours. All is borrowed. */
UK_RESULT bank_shop_loop_open(struct bank *b, struct event_base *base,
    struct bank_answers *answers, struct bank_watch *watch,
    struct bank_newsroom *news, struct bank_shop_loop **out);
void bank_shop_loop_close(struct bank_shop_loop **l); /* accepts NULL */

#endif
