/*
 * Bills: what a merchant wants from whoever has a phone number.
 *
 *   open -> shown -> paid | rejected | expired | cancelled
 *
 * A merchant sees "open" for both of the first two: whether somebody has seen a
 * bill tells that he is a customer. For the same reason a bill for an unknown
 * number is placed like any other; it waits for its customer or expires.
 *
 * A bill that is paid with a card has no payer that we know: it waits at a
 * terminal (bank/pos), and only the merchant is told what becomes of it.
 *
 * Every change is one transaction: the new state, the event for the customer
 * (bill_events.h) and the word to the merchant (deliveries.h).
 */
#ifndef BANK_BILLS_H
#define BANK_BILLS_H

#include "merchants.h"
#include "phones.h"

enum {
	BANK_BILL_NUMBER = 26,
	BANK_BILL_TEXT_MAX = 256 * 4, /* payee, memo, reason */
	BANK_BILL_ITEMS_MAX = 4096,   /* JSON text */
	BANK_BILL_SECONDS_MIN = 5,
	BANK_BILL_SECONDS_MAX = 7 * 86400,
	BANK_BILL_SECONDS = 86400,
	BANK_BILLS_OPEN_PHONE = 20, /* open at a time for one number */
	BANK_BILLS_OPEN_MERCHANT = 10000
};

enum bank_bill_state {
	BANK_BILL_OPEN,
	BANK_BILL_SHOWN,
	BANK_BILL_PAID,
	BANK_BILL_REJECTED,
	BANK_BILL_EXPIRED,
	BANK_BILL_CANCELLED,
	BANK_BILL_STATES
};
const char *bank_bill_state_name(enum bank_bill_state state);

struct bank_bill {
	int64_t id, merchant, payer; /* payer 0: not known */
	enum bank_bill_state state;
	bool acknowledged;
	bool card; /* paid at a card terminal, by nobody we know */
	int64_t amount, created, expires, changed;
	char number[BANK_BILL_NUMBER + 1];
	char order[64 + 1]; /* the merchant's number */
	char merchant_name[BANK_NAME_MAX + 1];
	char account[BANK_ACCOUNT_MAX + 1]; /* that is paid into */
	char currency[BANK_CURRENCY_LEN + 1];
	char callback[BANK_URL_MAX + 1];
	char receipt[32]; /* number of the receipt; "" until paid */
	uk_blob payee, memo, items, reason; /* texts; items is JSON */
	uint8_t content[32];
};
void bank_bill_free(struct bank_bill *b); /* what is inside */

/* What a merchant asks for; checked by the caller as far as texts go. */
struct bank_bill_wanted {
	int64_t merchant, amount, seconds;
	uk_bytes order, phone, payee, memo, items, currency, callback;
	bool card; /* then there is no phone number */
	/* What belongs to a new bill, in the same transaction; may be NULL. */
	uk_err (*also)(void *arg, int64_t bill, uk_bytes number);
	void *arg;
};

/* The same order number with the same content is the same bill, in whatever
 * state; with other content it is UK_ERR_EXISTS. UK_ERR_CONDITIONS: too many
 * are open. *payer: whom to tell (0: nobody, or nothing is new). A transaction
 * of its own. */
UK_RESULT bank_bill_place(struct bank_store *s, uk_crypto *c,
    const struct bank_fields *f, const struct bank_bill_wanted *w, int64_t now,
    struct bank_bill *out, int64_t *payer);

/* UK_ERR_NOT_FOUND. *out is to be freed in every case. */
UK_RESULT bank_bill_of_order(struct bank_store *s, int64_t merchant,
    uk_bytes order, struct bank_bill *out);
UK_RESULT bank_bill_of_payer(struct bank_store *s, int64_t customer,
    uk_bytes number, struct bank_bill *out);
UK_RESULT bank_bill_get(
    struct bank_store *s, int64_t id, struct bank_bill *out);
/* His bills, the newest first, at most so many: all, or the unanswered only. */
typedef void bank_bill_fn(void *arg, const struct bank_bill *b);
UK_RESULT bank_bills_each(struct bank_store *s, int64_t customer,
    bool unanswered, int64_t limit, bank_bill_fn *fn, void *arg);

/* A merchant's, the newest first: at most limit of those with an id below
 * before (0: from the newest). */
UK_RESULT bank_bills_of_merchant(struct bank_store *s, int64_t merchant,
    int64_t before, int64_t limit, bank_bill_fn *fn, void *arg);

/* A bill that is open or shown becomes shown, rejected or cancelled; one that
 * is so already stays so. UK_ERR_CONDITIONS: it is something else, or over. */
UK_RESULT bank_bill_change(struct bank_store *s, const struct bank_bill *b,
    enum bank_bill_state to, uk_bytes reason, int64_t now);

/* This order pays this bill, once it is posted. */
UK_RESULT bank_bill_link(struct bank_store *s, int64_t order, int64_t bill);
/* In the transaction that posts the order: first, nobody else can change the
 * bill (UK_ERR_CONDITIONS: it cannot be paid any more); last, it is paid. */
UK_RESULT bank_bill_lock(struct bank_store *s, int64_t bill, int64_t now);
UK_RESULT bank_bill_settle(
    struct bank_store *s, int64_t bill, uk_bytes receipt, int64_t now);

/* In the transactions of a card payment. Reserved: nobody cancels it and it
 * does not expire, until it is settled or refused. UK_ERR_CONDITIONS as above.
 */
UK_RESULT bank_bill_reserve(struct bank_store *s, int64_t bill, int64_t now);
UK_RESULT bank_bill_refuse(
    struct bank_store *s, int64_t bill, uk_bytes reason, int64_t now);

/* Those whose time is over; fn is told the payers. */
UK_RESULT bank_bills_expire(struct bank_store *s, int64_t now,
    void (*fn)(void *arg, int64_t customer), void *arg);

#endif
