/*
 * Customers' phone numbers: sealed, and found by their blind index only.
 */
#ifndef BANK_PHONES_H
#define BANK_PHONES_H

#include "fields.h"
#include "store.h"

/* Gives the number to the customer, instead of the one he had; open bills that
 * wait for it are his from now on. UK_ERR_EXISTS: it is somebody else's.
 * UK_ERR_ARGUMENT: not a phone number. A transaction of its own. */
UK_RESULT bank_phone_set(struct bank_store *s, const struct bank_fields *f,
    int64_t customer, uk_bytes phone, int64_t now);
/* Whose it is; 0: nobody's. */
UK_RESULT bank_phone_owner(
    struct bank_store *s, uk_bytes index, int64_t *customer);
/* Appends his number, to be wiped by the caller. UK_ERR_NOT_FOUND. */
UK_RESULT bank_phone_of(struct bank_store *s, const struct bank_fields *f,
    int64_t customer, uk_buf *out);

#endif
