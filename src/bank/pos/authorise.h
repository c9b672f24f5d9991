/*
 * A payment: what the terminal sends about a card, checked by the issuer, and
 * the card's last word (docs/protocol.md, card terminals).
 *
 * The message is sealed with keys of one transaction (DUKPT): card data and PIN
 * block enciphered, and all of it, with the order's number, under a MAC. The
 * card's own proof is its ARQC over amount, currency, date and the order's
 * unpredictable number.
 */
#ifndef BANK_AUTHORISE_H
#define BANK_AUTHORISE_H

#include "pos_cards.h"
#include "pos_orders.h"
#include "pos_readers.h"

enum {
	BANK_POS_CARD_MAX = 64, /* enciphered track 2 */
	BANK_POS_EMV_MAX = 512,
	BANK_POS_ISSUER_DATA_MAX = 16,
	BANK_POS_REQUEST_HASH = 32
};

#define BANK_POS_CONTEXT "ukey pos authorise 1"

/* As received; all of it bounded by the reader of the message. */
struct bank_pos_message {
	uk_bytes ksn;       /* 12 bytes: AES; 10: triple DES */
	uk_bytes card;      /* track 2 equivalent data (57), padded, CBC */
	uk_bytes emv;       /* field 55: objects, BER-TLV */
	uk_bytes pin_block; /* may be empty */
	uk_bytes signature; /* strokes.h; may be empty */
	uk_bytes mac;       /* AES-CMAC, or retail MAC */
};

struct bank_pos_outcome {
	enum bank_pos_state state; /* authorised, declined, completed, reversed
				    */
	char code[3]; /* ISO 8583 response code: "00" approved, "51" ... */
	uint8_t issuer_data[BANK_POS_ISSUER_DATA_MAX]; /* tag 91 */
	size_t issuer_data_len; /* 0: the card was not genuine, or known */
	char masked[UK_EMV_PAN_MAX + 1];
	int64_t complete_before;
	int64_t pin_left; /* with code 55: tries; else -1 */
};

/* What the MAC is of: context, and the length (4 bytes) and content of order
 * number, ksn, card, emv, pin block and signature. Appends. */
void bank_pos_put_message(
    uk_buf *out, uk_bytes number, const struct bank_pos_message *m);

/*
 * BANK_OK: the issuer has decided, outcome says how, and the same message gets
 * the same outcome again. BANK_NOT_FOUND; BANK_ORDER_EXPIRED;
 * BANK_ORDER_CONFLICT: the order is not pending; BANK_READER: not this owner's
 * reader, used counter, or wrong MAC; BANK_CARD_DATA: the card's data belong to
 * another order or amount; nothing has changed after any of these.
 */
enum bank_code bank_pos_authorise(struct bank_pos *p, int64_t owner,
    uk_bytes number, const struct bank_pos_message *m, int64_t now,
    struct bank_pos_outcome *out);

/* emv: the objects of the second GENERATE AC; empty: there was none, and the
 * payment is reversed, as it is with an AAC. BANK_CARD_DATA: a TC that is not
 * this card's over this payment. */
enum bank_code bank_pos_complete(struct bank_pos *p, int64_t owner,
    uk_bytes number, uk_bytes emv, int64_t now, struct bank_pos_outcome *out);

/* Reverses what was not completed in time, so many at most, and gives back what
 * is set aside and over; *more: there are others. For a timer. */
UK_RESULT bank_pos_sweep(
    struct bank_pos *p, int64_t now, int64_t most, bool *more);

/* --- inside the room ------------------------------------------------------ */

/* Objects of field 55, each once. */
UK_RESULT bank_pos_read_emv(uk_bytes emv, struct uk_emv_set *out);
/* Amount, currency, number and so on are the order's? */
bool bank_pos_fits(struct bank_pos *p, const struct bank_pos_order *o,
    const struct uk_emv_set *emv, int64_t now);
/* The cryptogram in these data is this card's. UK_ERR_SIGNATURE if not. */
UK_RESULT bank_pos_check_ac(struct bank_pos *p, const struct bank_card *card,
    const struct uk_emv_set *emv, uint8_t session_key[BANK_CARD_KEY]);
UK_RESULT bank_pos_put_state(
    struct bank_pos *p, int64_t order, enum bank_pos_state state);

#endif
