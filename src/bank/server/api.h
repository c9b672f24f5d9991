/* The handlers of routes.c: one per row of the protocol. */
#ifndef BANK_API_H
#define BANK_API_H

#include "routes.h"

/* BANK_OK with *answer, or else a code; *answer may be left over then. */
typedef enum bank_code bank_handler(
    struct bank *b, const struct bank_call *call, json_t **answer);

bank_handler bank_api_bank, bank_api_challenge, bank_api_plain_challenge,
    bank_api_login, bank_api_login_by_tls, bank_api_logout, bank_api_accounts,
    bank_api_records, bank_api_prepare, bank_api_order, bank_api_proof,
    bank_api_confirm, bank_api_evidence;
/* An order as steps 1 and 3 of a transfer answer it. */
struct bank_order;
json_t *bank_json_order(const struct bank *b, const struct bank_order *o);

/* api_enrol.c */
bank_handler bank_api_enrol, bank_api_enrolled;
/* api_bills.c */
bank_handler bank_api_bills, bank_api_events, bank_api_bill,
    bank_api_bill_shown, bank_api_bill_reject, bank_api_bill_order;
/* api_pages.c */
bank_handler bank_api_orders, bank_api_shops, bank_api_shop_orders;
/* api_shop.c */
bank_handler bank_api_merchant, bank_api_place, bank_api_placed,
    bank_api_cancel;

/* Card terminals: who is logged in is their own business (users.h). */
bank_handler bank_api_pos_register, bank_api_pos_confirm, bank_api_pos_login,
    bank_api_pos_logout, bank_api_pos_password, bank_api_pos_readers,
    bank_api_pos_reader, bank_api_pos_orders, bank_api_pos_order,
    bank_api_pos_authorise, bank_api_pos_complete, bank_api_pos_signature,
    bank_api_pos_records;

#endif
