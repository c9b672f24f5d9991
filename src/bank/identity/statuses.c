/* A table of small sets, as in certs.c; an entry that is being asked for stays
 * until it is kept. */
#include "statuses.h"

enum { WAYS = 4 };

struct entry {
	uint8_t fingerprint[BANK_FINGERPRINT];
	enum bank_status status; /* NONE: a free place */
	int64_t from, until;     /* true in [from, until) */
	uint64_t used;
	uk_blob answer;
};

struct bank_statuses {
	size_t sets;
	uint64_t clock; /* counts uses */
	struct entry *entries;
};

uk_err bank_statuses_open(size_t room, struct bank_statuses **out)
{
	struct bank_statuses *s = uk_new(sizeof(*s));

	*out = NULL;
	if (s == NULL)
		return uk_fail(UK_ERR_MEMORY);
	s->sets = (room + WAYS - 1) / WAYS;
	s->entries = uk_new_array(s->sets * WAYS, sizeof(*s->entries));
	if (s->entries == NULL) {
		bank_statuses_close(&s);
		return uk_fail(UK_ERR_MEMORY);
	}
	*out = s;
	return uk_ok();
}

static void drop(struct entry *e)
{
	uk_blob_free(&e->answer);
	*e = (struct entry){ .status = BANK_STATUS_NONE };
}

void bank_statuses_forget(struct bank_statuses *s)
{
	for (size_t i = 0; i < s->sets * WAYS; i++) {
		if (s->entries[i].status != BANK_STATUS_ASKING)
			drop(&s->entries[i]);
	}
}

void bank_statuses_close(struct bank_statuses **s)
{
	if (*s == NULL)
		return;
	for (size_t i = 0; (*s)->entries != NULL && i < (*s)->sets * WAYS; i++)
		drop(&(*s)->entries[i]);
	uk_free((*s)->entries);
	uk_free(*s);
	*s = NULL;
}

/* The fingerprint is as good as random. */
static struct entry *set_of(const struct bank_statuses *s, uk_bytes fingerprint)
{
	uk_reader r = uk_read(fingerprint);

	return &s->entries[uk_get_u32(&r) % s->sets * WAYS];
}

static struct entry *find(struct bank_statuses *s, uk_bytes fingerprint)
{
	struct entry *set = set_of(s, fingerprint);

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].status != BANK_STATUS_NONE &&
		    uk_bytes_eq(UK_ARRAY(set[i].fingerprint), fingerprint))
			return &set[i];
	}
	return NULL;
}

enum bank_status bank_statuses_find(struct bank_statuses *s,
    uk_bytes fingerprint, int64_t now, uk_bytes *answer)
{
	struct entry *e = find(s, fingerprint);

	if (answer != NULL)
		*answer = UK_NONE;
	if (e == NULL)
		return BANK_STATUS_NONE;
	/* A clock that was set back makes us ask again, too. */
	if (e->status != BANK_STATUS_ASKING &&
	    (now < e->from || now >= e->until))
		return BANK_STATUS_NONE;
	e->used = ++s->clock;
	if (answer != NULL)
		*answer = uk_blob_view(&e->answer);
	return e->status;
}

/* Its own, else a free one, else the least used that nobody asks for. */
static struct entry *place_for(struct bank_statuses *s, uk_bytes fingerprint)
{
	struct entry *e = find(s, fingerprint), *set = set_of(s, fingerprint);

	for (size_t i = 0; e == NULL && i < WAYS; i++) {
		if (set[i].status == BANK_STATUS_NONE)
			return &set[i];
	}
	if (e != NULL)
		return e;
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].status != BANK_STATUS_ASKING &&
		    (e == NULL || set[i].used < e->used))
			e = &set[i];
	}
	return e;
}

static void put(struct bank_statuses *s, struct entry *e, uk_bytes fingerprint,
    enum bank_status status)
{
	drop(e);
	e->status = status;
	e->used = ++s->clock;
	/* A fingerprint of another length is never found again. */
	UK_IGNORE(
	    uk_copy_exact(e->fingerprint, sizeof(e->fingerprint), fingerprint));
}

bool bank_statuses_ask(struct bank_statuses *s, uk_bytes fingerprint)
{
	struct entry *e = place_for(s, fingerprint);

	if (e == NULL)
		return false;
	put(s, e, fingerprint, BANK_STATUS_ASKING);
	return true;
}

void bank_statuses_keep(struct bank_statuses *s, uk_bytes fingerprint,
    enum bank_status status, int64_t now, int64_t until, uk_bytes answer)
{
	struct entry *e = place_for(s, fingerprint);

	if (e == NULL)
		return;
	put(s, e, fingerprint, status);
	e->from = now;
	e->until = until;
	if (status == BANK_STATUS_GOOD &&
	    !uk_is_ok(uk_blob_set(&e->answer, answer)))
		drop(e); /* asked again */
}
