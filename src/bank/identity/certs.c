/* A table of small sets: a fingerprint belongs to one set, in which the entry
 * that was used longest ago makes room. */
#include "certs.h"

#include "proto.h"

enum { WAYS = 4 };

struct entry {
	uint8_t fingerprint[BANK_FINGERPRINT];
	enum uk_purpose purpose;
	int64_t from, until; /* good in [from, until) */
	uint64_t used;       /* 0: free place */
	uk_cert *cert;
};

struct bank_certs {
	size_t sets;
	uint64_t clock; /* counts uses */
	struct entry *entries;
};

uk_err bank_certs_open(size_t room, struct bank_certs **out)
{
	struct bank_certs *c = uk_new(sizeof(*c));

	*out = NULL;
	if (c == NULL)
		return uk_fail(UK_ERR_MEMORY);
	c->sets = (room + WAYS - 1) / WAYS;
	c->entries = uk_new_array(c->sets * WAYS, sizeof(*c->entries));
	if (c->entries == NULL) {
		bank_certs_close(&c);
		return uk_fail(UK_ERR_MEMORY);
	}
	*out = c;
	return uk_ok();
}

static void drop(struct entry *e)
{
	uk_cert_close(&e->cert);
	*e = (struct entry){ 0 };
}

void bank_certs_forget(struct bank_certs *c)
{
	for (size_t i = 0; c->entries != NULL && i < c->sets * WAYS; i++)
		drop(&c->entries[i]);
}

void bank_certs_close(struct bank_certs **c)
{
	if (*c == NULL)
		return;
	bank_certs_forget(*c);
	uk_free((*c)->entries);
	uk_free(*c);
	*c = NULL;
}

/* The fingerprint is as good as random. */
static struct entry *set_of(const struct bank_certs *c, uk_bytes fingerprint)
{
	uk_reader r = uk_read(fingerprint);

	return &c->entries[uk_get_u32(&r) % c->sets * WAYS];
}

static bool is_it(
    const struct entry *e, uk_bytes fingerprint, enum uk_purpose purpose)
{
	return e->used != 0 && e->purpose == purpose &&
	       uk_bytes_eq(UK_ARRAY(e->fingerprint), fingerprint);
}

const uk_cert *bank_certs_find(struct bank_certs *c, uk_bytes fingerprint,
    enum uk_purpose purpose, int64_t now)
{
	struct entry *set = set_of(c, fingerprint);

	for (size_t i = 0; i < WAYS; i++) {
		if (!is_it(&set[i], fingerprint, purpose))
			continue;
		/* A clock that was set back makes us look again, too. */
		if (now < set[i].from || now >= set[i].until)
			return NULL;
		set[i].used = ++c->clock;
		return set[i].cert;
	}
	return NULL;
}

/* The same certificate's, else a free place, else the least used. */
static struct entry *place_for(
    struct bank_certs *c, uk_bytes fingerprint, enum uk_purpose purpose)
{
	struct entry *set = set_of(c, fingerprint), *best = set;

	for (size_t i = 0; i < WAYS; i++) {
		if (is_it(&set[i], fingerprint, purpose))
			return &set[i];
		if (set[i].used < best->used)
			best = &set[i];
	}
	return best;
}

/* For the signatures that are to come; what cannot be prepared costs more. */
static void prepare(uk_cert *cert)
{
	const struct bank_alg *alg = bank_alg_for_key(
	    uk_key_kind(uk_cert_key(cert)));

	if (alg != NULL)
		UK_IGNORE(uk_cert_prepare(cert, alg->scheme, alg->hash));
}

const uk_cert *bank_certs_keep(struct bank_certs *c, uk_bytes fingerprint,
    enum uk_purpose purpose, int64_t now, int64_t until, uk_cert **cert)
{
	struct entry *e = place_for(c, fingerprint, purpose);

	drop(e);
	prepare(*cert);
	e->purpose = purpose;
	e->from = now;
	e->until = until;
	e->used = ++c->clock;
	e->cert = *cert;
	*cert = NULL;
	/* A fingerprint of another length is never found again. */
	UK_IGNORE(
	    uk_copy_exact(e->fingerprint, sizeof(e->fingerprint), fingerprint));
	return e->cert;
}
