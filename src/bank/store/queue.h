/* News that wait: in a transaction, or for a listener of this process. */
#ifndef BANK_QUEUE_H
#define BANK_QUEUE_H

#include "news.h"

enum { BANK_QUEUE = 256 };

struct bank_queue {
	struct bank_news news[BANK_QUEUE];
	size_t count;
	size_t mark; /* so many there were when the part was begun */
	bool missed; /* there were more */
};

void bank_queue_mark(struct bank_queue *q);
void bank_queue_back(struct bank_queue *q); /* to the mark */
void bank_queue_drop(struct bank_queue *q);
/* Everything to the listener (NULL: nobody), and empty. */
void bank_queue_deliver(struct bank_queue *q, struct bank_listener *l);
bool bank_topic_ok(const char *topic);

#endif
