/* What the fake card's files have in common: its one command, and the objects
 * that it keeps (p11_fake_objects.c). */
#ifndef P11_FAKE_PARTS_H
#define P11_FAKE_PARTS_H

#include "p11_fake.h"

struct fake_item {
	uk_object o; /* ref 0 = free */
	uint8_t value[2048];
	size_t n;
	uk_public_key pub;
};

struct fake_card {
	uk_card base;
	int reader;
	struct fake_item items[FAKE_ROOM];
};

/* One command; every operation costs one. */
uk_err fake_tick(uk_card *c);
bool fake_logged_in(uk_card *c, bool as_so);

uk_err fake_load_objects(uk_card *c);
uk_err fake_describe(uk_card *c, uk_object *o);
uk_err fake_read_object(uk_card *c, const uk_object *o, uk_blob *out);
uk_err fake_read_public(uk_card *c, const uk_object *key, uk_public_key *out);
uk_err fake_generate(uk_card *c, const struct uk_new_object *what, size_t *out);
uk_err fake_import(uk_card *c, const struct uk_new_object *what,
    const struct uk_private_key *key, size_t *out);
uk_err fake_store(uk_card *c, const struct uk_new_object *what, size_t *out);
uk_err fake_destroy(uk_card *c, const uk_object *o);
uk_err fake_rename(
    uk_card *c, const uk_object *o, const char *label, uk_bytes id);
uk_err fake_wipe_objects(uk_card *c);
/* The list must be read again then. */
void fake_lose_first(uk_card *c);
bool fake_can_decipher(
    const uk_card *c, const uk_object *key, enum uk_decipher_scheme scheme);
uk_err fake_decipher(uk_card *c, const uk_object *key,
    enum uk_decipher_scheme scheme, uk_bytes in, uk_buf *out);
/* Made by the owner. */
bool fake_is_further(const uk_object *o);

#endif
