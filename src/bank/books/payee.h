/*
 * Is the payee that a customer typed the holder of the account? Names are
 * compared as people write them: case, blanks and punctuation of ASCII do not
 * count, and a word more or less is "close".
 */
#ifndef BANK_PAYEE_H
#define BANK_PAYEE_H

#include "bytes.h"

enum bank_payee {
	BANK_PAYEE_EXACT, /* the same but for case, blanks, punctuation */
	BANK_PAYEE_CLOSE, /* all words of the one are words of the other */
	BANK_PAYEE_NONE
};

enum bank_payee bank_payee_match(uk_bytes typed, uk_bytes holder);
const char *bank_payee_name(enum bank_payee match); /* "exact" ... */

#endif
