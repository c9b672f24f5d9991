/* The handlers of routes.c: one per row of the protocol. */
#ifndef BANK_API_H
#define BANK_API_H

#include "routes.h"

/* BANK_OK with *answer, or else a code; *answer may be left over then. */
typedef enum bank_code bank_handler(
    struct bank *b, const struct bank_call *call, json_t **answer);

bank_handler bank_api_bank, bank_api_challenge, bank_api_login, bank_api_logout,
    bank_api_accounts, bank_api_records, bank_api_prepare, bank_api_order,
    bank_api_proof, bank_api_confirm;

#endif
