/*
 * Random numbers: the card's and the system's, hashed together, so that they
 * are as good as the better of the two.
 */
#include "operate.h"

#include "log.h"
#include "reader.h"
#include "rv.h"
#include "secret.h"

enum { CHALLENGE = 32, SYSTEM = 32, BLOCK = 32 };

/* A card that fails leaves the system's numbers, which are good alone; the log
 * tells. A card that is gone is told like everywhere else. */
static CK_RV ask_card(struct p11_slot *s, uk_buf *out)
{
	uint8_t challenge[CHALLENGE];
	CK_RV rv = p11_slot_begin(s);
	uk_err err;

	if (rv == CKR_OK) {
		err = uk_card_challenge(s->card, challenge, sizeof(challenge));
		p11_slot_end(s);
		rv = uk_is_ok(err) ? CKR_OK : p11_slot_failed(s, err);
	}
	if (rv == CKR_OK)
		uk_put(out, UK_ARRAY(challenge));
	else if (!s->reader->lost)
		uk_log(UK_LOG_INFO, "no random numbers from the card: %s",
		    p11_rv_name(rv));
	uk_wipe(challenge, sizeof(challenge));
	return s->reader->lost ? rv : CKR_OK;
}

/* SHA-256(card's || system's, fresh for every block || number of the block) */
static uk_err mix(uk_crypto *crypto, uk_bytes card, uint32_t i, uk_buf *out)
{
	uint8_t fresh[SYSTEM], number[4];
	uk_buf n = UK_BUF(number);
	uk_bytes parts[] = { card, UK_ARRAY(fresh), UK_ARRAY(number) };
	uk_err err = uk_random(crypto, fresh, sizeof(fresh));

	uk_put_u32(&n, i);
	if (uk_is_ok(err))
		err = uk_hash_parts(crypto, UK_HASH_SHA256, parts,
		    sizeof(parts) / sizeof(parts[0]), out);
	uk_wipe(fresh, sizeof(fresh));
	return err;
}

static CK_RV fill(uk_crypto *crypto, uk_bytes card, uk_buf *out)
{
	uk_err err = uk_ok();

	for (uint32_t i = 0; uk_buf_left(out) > 0 && uk_is_ok(err); i++) {
		uint8_t value[BLOCK];
		uk_buf block = UK_BUF(value);

		err = mix(crypto, card, i, &block);
		if (uk_is_ok(err))
			uk_put(out, uk_bytes_first(
					uk_buf_view(&block), uk_buf_left(out)));
		uk_wipe(value, sizeof(value));
	}
	return p11_rv(err);
}

CK_RV p11_random(struct p11_slot *s, CK_BYTE_PTR out, CK_ULONG n)
{
	uint8_t from_card[CHALLENGE];
	uk_buf card = UK_BUF(from_card), all = uk_buf_over(out, n);
	uk_crypto *crypto;
	CK_RV rv;

	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	if (n == 0)
		return CKR_OK;
	rv = p11_slot_crypto(s, &crypto);
	/* A challenge that the bank is about to answer must stay the last. */
	if (rv == CKR_OK && !s->challenged)
		rv = ask_card(s, &card);
	if (rv == CKR_OK)
		rv = fill(crypto, uk_buf_view(&card), &all);
	uk_wipe(from_card, sizeof(from_card));
	return rv;
}
