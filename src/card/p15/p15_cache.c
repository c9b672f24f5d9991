/*
 * PKCS#15: what IsoApplet cards tell everybody, remembered.
 *
 * Which card it is, and that its certificates and public keys are still the
 * same, is proved by TokenInfo, whole. lastUpdate in it is "the most recent
 * update of the files ..., useful when applications want to know if they need
 * to read files or can use cached information" (PKCS #15 v1.1, 6.9); whoever
 * writes a new file sets it, OpenSC and this driver. It counts seconds: within
 * the second that it names, by our clock, and before it, it proves nothing.
 *
 * OpenSC does not set it when it deletes or renames objects through PKCS#11.
 * So a directory file is compared with the card before it is believed, by one
 * command: READ BINARY with a short identifier. That suffices, because a file
 * that comes into an old one's place is new.
 *
 * Serial numbers that pkcs15-init gives are all the same, and two cards may
 * have been written in one second, alike. What comes of that is caught where it
 * matters: p15_prove.c.
 */
#include "p15_driver.h"

#include "crypto.h"
#include "sw.h"

#include <time.h>

enum { NAME_LEN = 16 };

static unsigned number_at(const char *digits, size_t n)
{
	unsigned v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (unsigned)(digits[i] - '0');
	return v;
}

/* YYYYMMDDHHMMSSZ as a number that grows with time. */
static uint64_t order_of(const char *t)
{
	return (uint64_t)number_at(t, 8) * 1000000 + number_at(t + 8, 6);
}

static bool write_now(char out[UK_P15_TIME_LEN + 1])
{
	time_t now = time(NULL);
	struct tm utc;

	return gmtime_r(&now, &utc) != NULL &&
	       strftime(out, UK_P15_TIME_LEN + 1, "%Y%m%d%H%M%SZ", &utc) ==
		   UK_P15_TIME_LEN;
}

static bool is_past(const char *t)
{
	char now[UK_P15_TIME_LEN + 1];

	return write_now(now) && order_of(t) < order_of(now);
}

void p15_cache_open(uk_card *c, uk_bytes file, const uk_p15_info *info)
{
	struct p15 *p = p15_of(c);
	const uk_bytes parts[] = { uk_view(p->aid, p->aid_len), file };
	uint8_t sum[UK_CHECKSUM_SIZE];

	p->last_update_at = 0;
	if (!p->quirks->tells_access || p->fixed || info->last_update[0] == 0)
		return;
	p->last_update_at = info->last_update_at;
	if (is_past(info->last_update) &&
	    uk_is_ok(uk_checksum(parts, sizeof(parts) / sizeof(parts[0]), sum)))
		c->cache = uk_cache_open(
		    "p15", uk_view(sum, NAME_LEN), UK_ARRAY(sum));
}

static bool is_directory(uint32_t item)
{
	return item > P15_FID_PINS && item <= P15_FID_LAST_DIR;
}

/* 0: not remembered. */
static uint32_t item_of(const uk_p15_path *path)
{
	uint32_t fid;

	if (path->n < 2 || path->has_range)
		return 0;
	fid = (uint32_t)path->p[path->n - 2] << 8 | path->p[path->n - 1];
	return fid == P15_FID_ODF || fid == P15_FID_INFO || fid == P15_FID_PINS
		   ? 0
		   : fid;
}

/* One more byte than there was shows that the file has grown; the same is true
 * of a file that was not there. Another file may have the same short identifier
 * (the low five bits of the long one): it has another content. */
static uk_err compare_directory(
    uk_card *c, uint32_t fid, uk_bytes known, bool *same)
{
	struct p15 *p = p15_of(c);
	uint8_t sfi = fid & 0x1f;
	uk_bytes now;
	uk_err err;

	*same = false;
	if (!p->in_folder)
		return uk_ok();
	err = p15_read_short(c, sfi, known.n + 1, &now);
	if (uk_is_ok(err))
		*same = known.n > 0 && uk_bytes_eq(known, now);
	else if (err.sw != 0)
		*same = known.n == 0 && err.sw == UK_SW_NO_FILE;
	return err.sw != 0 ? uk_ok() : err;
}

uk_err p15_recall(
    uk_card *c, const uk_p15_path *path, uk_bytes *content, bool *known)
{
	uint32_t item = item_of(path), bit = 1U << (item & 7);
	struct p15 *p = p15_of(c);

	*known = item != 0 && uk_cache_get(c->cache, item, content);
	if (!*known)
		return uk_ok();
	if (!is_directory(item) || (p->compared & bit) != 0 || p->recall_only ||
	    uk_cache_believes(c->cache)) {
		; /* as good as it will be */
	} else if (p->listing) {
		p->listed |= bit;
	} else {
		UK_TRY(compare_directory(c, item, *content, known));
		if (!*known)
			return uk_ok();
		p->compared |= bit;
	}
	p->recalled = true;
	return uk_ok();
}

/* Was the list made of this one without looking at it? */
bool p15_was_listed(struct p15 *p, const uk_p15_path *path)
{
	uint32_t item = item_of(path), bit = 1U << (item & 7);
	bool was = is_directory(item) && (p->listed & bit) != 0;

	if (was)
		p->listed &= ~bit;
	return was;
}

void p15_remember(uk_card *c, const uk_p15_path *path, uk_bytes content)
{
	uint32_t item = item_of(path);

	if (item == 0)
		return;
	uk_cache_put(c->cache, item, content);
	if (is_directory(item))
		p15_of(c)->compared |= 1U << (item & 7);
}

void p15_distrust(uk_card *c)
{
	struct p15 *p = p15_of(c);

	/* also what is in the file, by the same proof */
	uk_cache_start_anew(c->cache);
	p->recalled = false;
	c->loaded = false;
}

/* First, so that nobody is left with an old list and an old time when what
 * follows is not finished: others read only when our transaction is over. */
uk_err p15_touch(uk_card *c)
{
	struct p15 *p = p15_of(c);
	char now[UK_P15_TIME_LEN + 1];

	uk_cache_prove(c->cache, UK_NONE);
	p->recalled = false;
	if (p->last_update_at == 0 || !write_now(now))
		return uk_ok();
	return p15_overwrite(
	    c, P15_FID_INFO, p->last_update_at, uk_view_str(now));
}
