/* Two small items: an AID for each answer to reset, a time for each card. */
#include "hint.h"

#include "crypto.h"

#include <time.h>

enum {
	ITEM_AID = 1,
	ITEM_LEFT,
	ITEM_KNOWN,   /* one of these cards was ours, once */
	RECENT_S = 4, /* pcscd switches an idle card off after five seconds */
	ITEM_ALONE = 0x7fffffff, /* no driver's: see cache.h */
	BELIEVED_S = 24 * 60 * 60
};

uk_cache *uk_hint_open(uk_channel *ch)
{
	static const uint8_t always[] = { 1 };
	uint8_t bytes[UK_ATR_MAX], name[UK_CHECKSUM_SIZE];
	uk_buf atr = UK_BUF(bytes);
	uk_bytes v;

	if (!uk_is_ok(uk_channel_atr_bytes(ch, &atr)) || atr.len == 0)
		return NULL;
	v = uk_buf_view(&atr);
	if (!uk_is_ok(uk_checksum(&v, 1, name)))
		return NULL;
	return uk_cache_open("atr", UK_ARRAY(name), UK_ARRAY(always));
}

uk_bytes uk_hint_aid(uk_cache *hint)
{
	uk_bytes aid;

	(void)uk_cache_get(hint, ITEM_AID, &aid);
	return aid;
}

void uk_hint_note(uk_cache *hint, uk_bytes aid)
{
	static const uint8_t yes[] = { 1 };
	uk_bytes known;

	uk_cache_put(hint, ITEM_KNOWN, UK_ARRAY(yes));
	if (uk_cache_get(hint, ITEM_AID, &known) || aid.n > 0)
		uk_cache_put(hint, ITEM_AID, aid);
	uk_cache_save(hint);
}

void uk_hint_note_unknown(uk_cache *hint, uk_bytes next)
{
	uk_bytes known;

	if (uk_cache_get(hint, ITEM_KNOWN, &known))
		return;
	uk_cache_put(hint, ITEM_AID, next);
	uk_cache_save(hint);
}

static uk_bytes put_now(uk_buf *out)
{
	uk_put_u64(out, (uint64_t)time(NULL));
	return uk_buf_view(out);
}

static bool is_within(uk_cache *c, uint32_t item, uint64_t seconds)
{
	uint64_t then, now = (uint64_t)time(NULL);
	uk_reader r;
	uk_bytes v;

	if (!uk_cache_get(c, item, &v) || v.n != 8)
		return false;
	r = uk_read(v);
	then = uk_get_u64(&r);
	return then <= now && now - then < seconds;
}

bool uk_hint_is_recent(uk_cache *hint)
{
	return is_within(hint, ITEM_LEFT, RECENT_S);
}

void uk_hint_note_left(uk_channel *ch)
{
	uk_cache *hint = uk_hint_open(ch);
	uint8_t bytes[8];
	uk_buf now = UK_BUF(bytes);

	if (uk_hint_aid(hint).n > 0)
		uk_cache_put(hint, ITEM_LEFT, put_now(&now));
	uk_cache_save(hint);
	uk_cache_close(&hint);
}

bool uk_hint_is_alone(const uk_card *c)
{
	return is_within(c->cache, ITEM_ALONE, BELIEVED_S);
}

void uk_hint_note_alone(uk_card *c, bool alone)
{
	uint8_t bytes[8];
	uk_buf now = UK_BUF(bytes);
	uk_bytes known;

	if (alone)
		uk_cache_put(c->cache, ITEM_ALONE, put_now(&now));
	else if (uk_cache_get(c->cache, ITEM_ALONE, &known))
		uk_cache_put(c->cache, ITEM_ALONE, UK_NONE);
}
