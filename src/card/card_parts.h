/* What drivers have in common; only for the folders below. */
#ifndef UK_CARD_PARTS_H
#define UK_CARD_PARTS_H

#include "card.h"
#include "x509.h"

/* Of a command that is not about a PIN: status words that only VERIFY and its
 * kin may use become UK_ERR_CARD_STATUS, so that no other command can make
 * anybody believe that a PIN was wrong. */
UK_RESULT uk_card_plain(uk_err err);
/* A command whose data is a PIN; wipes all of data's storage. */
UK_RESULT uk_card_send_secret(
    uk_channel *ch, uint8_t ins, uint8_t p2, uk_buf *data);
/* What a command that compared a value tells about its counter. */
void uk_pin_note(uk_pin_state *s, uk_err err);

/* UK_ERR_FORMAT unless the numbers fit and are not zero. */
UK_RESULT uk_public_take_rsa(
    uk_bytes modulus, uk_bytes exponent, uk_public_key *out);
/* UK_ERR_FORMAT unless it is 04 || x || y of this curve. */
UK_RESULT uk_public_take_point(
    enum uk_key_type type, uk_bytes point, uk_public_key *out);
/* UK_ERR_UNSUPPORTED for keys of no kind that we know. */
UK_RESULT uk_public_take_x509(const uk_x509 *x, uk_public_key *out);

#endif
