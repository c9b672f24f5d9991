/*
 * PIV: what another program has read from this card.
 *
 * A PIV card has no version of its content, and its CHUID need not change with
 * its certificates. So what is remembered is a guess:
 *
 * - A certificate is asked for, and taken from memory as soon as the card's
 *   answer has shown everything before the key to be as it was (piv_data.c).
 * - That there is nothing is never remembered.
 * - The kind of a key is enough to find it, and to use it, which shows whether
 *   it was right; every other question about it is asked of the card.
 *
 * Only whoever says that cards are to be believed (cache.h) is told without
 * asking. All is bound to the card's answer to reset and to the whole CHUID.
 */
#include "piv_driver.h"

#include "crypto.h"

enum { NOTHING = 0, ALWAYS = 1 };

_Static_assert(
    sizeof(((struct piv *)NULL)->proof) == UK_CHECKSUM_SIZE, "a checksum");

/* --- which card ----------------------------------------------------------- */

void piv_recall_origin(struct piv *p)
{
	uint8_t bytes[UK_ATR_MAX];
	uk_buf atr = UK_BUF(bytes);
	uk_bytes part = UK_NONE;

	if (uk_is_ok(uk_channel_atr_bytes(p->base.ch, &atr)))
		part = uk_buf_view(&atr);
	UK_IGNORE(uk_checksum(&part, 1, p->origin));
}

void piv_recall_chuid(struct piv *p, uk_bytes chuid)
{
	const uk_bytes parts[] = { UK_ARRAY(p->origin), chuid };

	UK_IGNORE(uk_checksum(parts, 2, p->proof));
	uk_cache_prove(p->base.cache, UK_ARRAY(p->proof));
}

/* Cards without a name are not told apart. */
void piv_recall_open(uk_card *c)
{
	c->cache = uk_cache_open("piv",
	    uk_view(c->info.serial, c->info.serial_len),
	    UK_ARRAY(piv_of(c)->proof));
}

/* --- answers -------------------------------------------------------------- */

static bool is_nothing(uk_bytes v)
{
	return v.n == 1 && v.p[0] == NOTHING;
}

uk_bytes piv_recall_object(uk_card *c, uint32_t tag)
{
	uk_bytes v;

	return uk_cache_get(c->cache, tag, &v) && !is_nothing(v) ? v : UK_NONE;
}

bool piv_recall_believed(uk_card *c, uint32_t item, uk_bytes *answer)
{
	*answer = UK_NONE;
	if (!uk_cache_believes(c->cache) ||
	    !uk_cache_get(c->cache, item, answer) || answer->n == 0)
		return false;
	if (is_nothing(*answer))
		*answer = UK_NONE;
	return true;
}

void piv_note_answer(uk_card *c, uint32_t item, uk_bytes answer)
{
	static const uint8_t nothing[] = { NOTHING };

	uk_cache_put(
	    c->cache, item, answer.n == 0 ? UK_ARRAY(nothing) : answer);
}

void piv_note_change(uk_card *c, uint32_t item)
{
	uk_bytes known;

	if (uk_cache_get(c->cache, item, &known) && known.n > 0)
		uk_cache_put(c->cache, item, UK_NONE);
}

/* --- facts ---------------------------------------------------------------- */

/* algorithm(1) | ALWAYS or 0(1) */
bool piv_recall_key(uk_card *c, size_t place, struct piv_key *out)
{
	uk_bytes v;

	if (!uk_cache_get(c->cache, PIV_ITEM_KEY + (uint32_t)place, &v) ||
	    v.n != 2 || !piv_alg_key(v.p[0], &out->type, &out->bits))
		return false;
	out->own_policy = out->always = v.p[1] == ALWAYS;
	return true;
}

/* A key that needs no PIN is public: that is asked each time. */
void piv_note_key(uk_card *c, size_t place, const struct piv_key *k)
{
	const uint8_t fact[] = { piv_alg_of(k->type, k->bits),
		k->own_policy && k->always ? ALWAYS : 0 };

	if (fact[0] != 0 && !(k->own_policy && k->never))
		uk_cache_put(
		    c->cache, PIV_ITEM_KEY + (uint32_t)place, UK_ARRAY(fact));
	else
		piv_note_change(c, PIV_ITEM_KEY + (uint32_t)place);
}

bool piv_recall_version(uk_card *c, uk_bytes *version)
{
	if (!uk_cache_get(c->cache, PIV_ITEM_VERSION, version) ||
	    version->n == 0)
		return false;
	if (is_nothing(*version))
		*version = UK_NONE;
	return true;
}

void piv_note_version(uk_card *c, uk_bytes version)
{
	piv_note_answer(c, PIV_ITEM_VERSION, version);
}

bool piv_recall_pin(uk_card *c)
{
	uk_bytes v;

	return uk_cache_get(c->cache, PIV_ITEM_PIN, &v) && v.n == 1;
}

void piv_note_pin(uk_card *c, bool application_only)
{
	static const uint8_t yes[] = { 1 };

	if (application_only)
		uk_cache_put(c->cache, PIV_ITEM_PIN, UK_ARRAY(yes));
	else
		piv_note_change(c, PIV_ITEM_PIN);
}
