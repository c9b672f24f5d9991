/* Bills in JSON, as their customer and as their merchant see them. */
#ifndef BANK_BILL_JSON_H
#define BANK_BILL_JSON_H

#include "bills.h"

#include <jansson.h>

json_t *bank_json_bill(const struct bank_bill *b);
json_t *bank_json_merchant_bill(const struct bank_bill *b, int64_t now);

/* An event with its bill; NULL also if the bill cannot be read. */
struct bank_bill_event;
json_t *bank_json_event(struct bank_store *s, const struct bank_bill_event *e);

#endif
