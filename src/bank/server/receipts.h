/* The receipt of a posted order: its text and the bank's signature over it. */
#ifndef BANK_RECEIPTS_H
#define BANK_RECEIPTS_H

#include "orders.h"

/* number: the journal row. Appends text and signature. */
UK_RESULT bank_receipt_make(struct bank *b, const struct bank_order *order,
    int64_t number, int64_t now, uk_bytes customer_signature,
    enum bank_display display, uk_buf *text, uk_buf *signature);

#endif
