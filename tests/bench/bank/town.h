/*
 * The bank under measurement and its customers: a folder with a test bank, and
 * cards that are keys in memory. Made by the bank's own rooms, without the
 * server.
 */
#ifndef BENCH_TOWN_H
#define BENCH_TOWN_H

#include "config.h"
#include "crypto.h"
#include "proto.h"
#include "store.h"

enum { TOWN_PATH = 128 };

struct resident {
	int64_t customer;
	uk_key *key;
	uk_blob login, signing; /* certificates: base64 text of their DER */
	char account[40];
	char session[80]; /* of the last login */
};

struct town {
	uk_crypto *crypto;
	const char *kind; /* of the cards' keys */
	const struct bank_alg *alg;
	char folder[TOWN_PATH], dir[TOWN_PATH];
	struct bank_config config;
	size_t count;
	struct resident *residents;
};

/* A bank of BANKD with so many customers, each with a card for both purposes
 * and an account with money. false: it does not know this kind of card. */
bool town_make(
    struct town *t, const char *bankd, const char *kind, size_t residents);
/* The same with its books in PostgreSQL. */
bool town_make_at(struct town *t, const char *bankd, const char *kind,
    size_t residents, const char *database);
/* Its books; the caller closes them. */
struct bank_store *town_books(const struct town *t);
/* Further customers with an account each, until there are that many. */
void town_grow(struct town *t, size_t accounts);
/* Writes the settings anew: before the server starts. */
void town_configure(struct town *t);
void town_clear(struct town *t);

/* What the card signs: base64 text. */
void town_sign(const struct town *t, const struct resident *r, uk_bytes message,
    uk_blob *out);
/* A CA for cards as banks have them, with an intermediate one, which the bank
 * trusts by its settings, and a login certificate of it for the last resident:
 * login.pem with the intermediate one behind it, card.key, root.pem. */
void town_card_ca(struct town *t);
/* FOLDER/NAME, in a ring of 4. */
const char *town_file(const struct town *t, const char *name);

#endif
