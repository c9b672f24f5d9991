/* A payment while it is decided: what the files of authorisation share. Inside
 * the room. */
#ifndef BANK_ATTEMPT_H
#define BANK_ATTEMPT_H

#include "authorise.h"

/* ISO 8583:1987, field 39, as issuers use it. */
#define APPROVED        "00"
#define NOT_HONOURED    "05" /* the cryptogram is not the card's */
#define NO_SUCH_CARD    "14"
#define NO_FUNDS        "51"
#define EXPIRED_CARD    "54"
#define WRONG_PIN       "55"
#define NOT_PERMITTED   "57" /* not from this card's account */
#define RESTRICTED_CARD "62"
#define PIN_TRIES       "75"
#define DUPLICATE       "94"

/* Everything that is known about the payment, collected step by step. */
struct attempt { /* secret */
	struct bank_pos *p;
	const struct bank_pos_message *m;
	int64_t now;
	struct bank_pos_order order;
	uint8_t hash[BANK_POS_REQUEST_HASH];
	struct bank_reader reader;
	struct uk_dukpt_keys keys;
	struct uk_track2 track;
	struct uk_emv_set emv;
	struct bank_card card;
	bool known, genuine;
	uint8_t session_key[BANK_CARD_KEY];
	int64_t hold;
	struct bank_pos_outcome *out;
};

/* Under the reader's MAC? */
enum bank_code bank_attempt_mac(struct attempt *a, uk_bytes message);
/* The card's track data out of the message. */
enum bank_code bank_attempt_card(struct attempt *a);
bool bank_attempt_is_arqc(const struct uk_emv_set *emv);
/* *code: a response code that refuses, or NULL. */
UK_RESULT bank_attempt_decide(struct attempt *a, const char **code);
/* Tag 91, into the outcome. */
UK_RESULT bank_attempt_answer(struct attempt *a, const char *code);

#endif
