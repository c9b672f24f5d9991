/*
 * Enrolment: keys of the card that have no certificate yet, the requests for
 * one that wait at a bank, and the certificate's way to the card.
 */
#ifndef CLI_ENROL_H
#define CLI_ENROL_H

#include "cli_token.h"

/* --- enrol_token.c -------------------------------------------------------- */

enum { ENROL_KEYS_MAX = 16 };

struct enrol_keys {
	struct token_key items[ENROL_KEYS_MAX];
	size_t n;
};

/* The keys that sign and have no certificate, by their public halves: without
 * login. id: only the one with this CKA_ID, in hex; NULL: all of them. Also on
 * failure to be freed. */
CLI_RESULT enrol_find_keys(
    struct cli *cli, const char *id, struct enrol_keys *out);
void enrol_free_keys(struct enrol_keys *k);

/* The only one of them for this use: a key for transactions wants the PIN each
 * time, one for login does not. After login. */
CLI_RESULT enrol_choose(struct cli *cli, const struct enrol_keys *k,
    enum token_use use, const struct token_key **out);

/* Is it a certificate for this key and this use? CLI_BANK_MALFORMED. */
CLI_RESULT enrol_check(struct cli *cli, const struct token_key *k,
    enum token_use use, uk_bytes cert);
/* To the card, after login. */
CLI_RESULT enrol_write(
    struct cli *cli, const struct token_key *k, uk_bytes cert);

/* --- enrol_keep.c --------------------------------------------------------- */

/* A request that waits at a bank. To be wiped: whoever has the receipt sees
 * what becomes of it. */
struct kept_enrol {
	char enrolment[BC_ENROL_RECEIPT + 1];
	char name[BC_TEXT_MAX + 1];
};

/* Which one: the bank's address, the key, and what for. */
struct enrol_place {
	const char *origin;
	uk_bytes spki;
	enum token_use use;
};

const char *enrol_use_name(enum token_use use);
CLI_RESULT enrol_keep(
    struct cli *cli, const struct enrol_place *p, const struct kept_enrol *k);
/* false: there is none that can be read. */
bool enrol_load(const struct enrol_place *p, struct kept_enrol *out);
CLI_RESULT enrol_forget(struct cli *cli, const struct enrol_place *p);

#endif
