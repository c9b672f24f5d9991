/*
 * A PKCS#11 module, loaded by path. Ours also has the vendor interface;
 * somebody else's works with less comfort: without it nothing is known about
 * the service, no bank proof can be given to the card, and a text is not shown
 * by who signs it.
 */
#ifndef CLI_MODULE_H
#define CLI_MODULE_H

#include "exitcode.h"
#include "p11client.h"

struct cli;

struct module {
	void *lib;
	CK_FUNCTION_LIST *f;
	const struct ukey_functions *vendor; /* NULL: not ours */
	bool initialized;
};

/* Has it sign_transaction? */
static inline bool module_shows_texts(const struct module *m)
{
	return m->vendor != NULL && m->vendor->version.minor >= 1;
}

/* The path from option, configuration, or the installed one. */
const char *module_path(const struct cli *cli);
CLI_RESULT module_open(struct cli *cli, struct module **out);
void module_close(struct module **m); /* accepts NULL */

/* Why there is no card to talk to, as far as the module can tell. */
enum cli_cause module_what_is_missing(const struct module *m);

/* A card that is pulled in the middle of a command looks like one that answers
 * garbage until the service has noticed. Waits for that, at most 600 ms: is the
 * card in this slot (NULL: any card at all) gone? */
bool module_card_is_gone(const struct module *m, const CK_SLOT_ID *slot);

/* A slot as `ukey cards` and the search for a token see it. */
struct slot {
	CK_SLOT_ID id;
	char reader[65];     /* description, blanks at its end removed */
	CK_RV token_rv;      /* what C_GetTokenInfo said */
	CK_TOKEN_INFO token; /* if it said CKR_OK */
};

enum { MODULE_SLOTS_MAX = 64 };

/* The key of a reader with a screen of its own, from the vendor interface;
 * false: it has none, or nobody can tell. */
bool module_reader_key(
    const struct module *m, CK_SLOT_ID slot, CK_BYTE key[UKEY_READER_KEY]);

/* At most MODULE_SLOTS_MAX of them. */
CLI_RESULT module_slots(
    struct cli *cli, const struct module *m, struct slot *slots, size_t *n);

/* PKCS#11 text fields are blank padded, not NUL-terminated. They come from a
 * card: whatever could drive a terminal, or hide or reorder what it shows, and
 * what is not UTF-8, becomes a question mark. out and field are apart. */
void module_text(char *out, size_t cap, const CK_UTF8CHAR *field, size_t n);

#endif
