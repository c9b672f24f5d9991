/*
 * Conformance of a PKCS#11 module, seen from outside: rules of the standard,
 * each tried in a process of its own, so that a module that crashes or hangs
 * fails one rule and not the run. Nothing here knows whose module it is.
 *
 * A rule brings the module into a state, makes its calls, and gives a verdict:
 * passed, failed (with what was said instead), or skipped, when the module does
 * not offer what the rule is about. Functions that PKCS#11 profiles require of
 * everybody cannot be skipped.
 */
#ifndef CONF_CONFORM_H
#define CONF_CONFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "p11api.h"

enum {
	CONF_BUF = 8192,
	CONF_PIN_MAX = 64,
	CONF_DETAIL_MAX = 480,
	CONF_MECHS_MAX = 512,
	CONF_IDS_MAX = 256,
};

/* What a caller of ours asks for when it ends a set of expected results. */
#define CONF_END (~0UL)
/* A function whose pointer in the list is NULL. */
#define CONF_ABSENT (~0UL - 1)

enum conf_state {
	CONF_NOTHING, /* nothing is loaded */
	CONF_LOADED,
	CONF_READY, /* C_Initialize; a slot with a token is chosen */
	CONF_RO,    /* a read-only session, nobody logged in */
	CONF_RW,
	CONF_USER, /* read-write session of the user; keys looked up */
	CONF_SO,
	/* operations, all in the session of CONF_USER */
	CONF_FINDING,
	CONF_DIGEST,
	CONF_DIGESTING, /* after an update */
	CONF_SIGN,
	CONF_SIGNING,
	CONF_VERIFY,
	CONF_VERIFYING,
	CONF_ENCRYPT,
	CONF_DECRYPT,
	CONF_RECOVER,
	CONF_VERIFY_RECOVER,
	CONF_SIGN_MESSAGES,
	CONF_SIGNING_MESSAGE, /* a message was begun */
	CONF_VERIFY_MESSAGES,
	CONF_VERIFYING_MESSAGE,
	CONF_MESSAGE, /* of ciphers: no client yet, the state is never reached
		       */
	CONF_DUAL,
};

enum conf_role {
	CONF_ROLE_NONE,
	CONF_ROLE_DIGEST,
	CONF_ROLE_SIGN,
	CONF_ROLE_VERIFY,
	CONF_ROLE_SIGN_MESSAGES,
	CONF_ROLE_VERIFY_MESSAGES,
	CONF_ROLE_RECOVER,
	CONF_ROLE_VERIFY_RECOVER,
	CONF_ROLE_ENCRYPT,
	CONF_ROLE_DECRYPT,
	CONF_ROLE_GENERATE,
	CONF_ROLE_PAIR,
	CONF_ROLE_WRAP,
	CONF_ROLE_UNWRAP,
	CONF_ROLE_DERIVE,
	CONF_ROLES,
};

/* Secrets come from descriptors and live in the options until the end. */
struct conf_secret {
	CK_UTF8CHAR text[CONF_PIN_MAX];
	CK_ULONG len; /* 0: not given */
};

struct conf_options {
	const char *module;
	struct conf_secret pin, so_pin;
	bool slot_given;
	CK_SLOT_ID slot;
	bool destructive; /* spend PIN tries, change PINs, make and destroy keys
			   */
	bool without_token; /* only what needs no token */
	bool json;
	const char *only; /* rules whose name begins so; NULL: all */
	unsigned timeout_s;
	const char *public_label, *private_label; /* of the OASIS cases' keys */
	char *card_program; /* NULL: nobody takes the card out */
};

enum conf_verdict {
	CONF_PASSED,
	CONF_FAILED,
	CONF_SKIPPED,
	CONF_CRASHED,
	CONF_HANGS,
};

/* A key pair of the token that signs without a PIN of its own. */
struct conf_key {
	CK_OBJECT_HANDLE private, public;
	CK_KEY_TYPE type;
	CK_BYTE id[CONF_IDS_MAX];
	CK_ULONG id_len;
};

/* Lives in the process of one rule. */
struct conf {
	struct conf_options *opt;
	void *library;
	struct api_functions
	    f; /* pointers of 3.0 are NULL in a module of 2.40 */
	bool is_3_0;
	api_interface_fn *get_interface;
	api_list_fn *get_interface_list;

	CK_SLOT_ID slot;
	CK_SESSION_HANDLE s;
	struct conf_key key;
	CK_OBJECT_HANDLE role_keys[CONF_ROLES]; /* 0: none for this role */
	CK_MECHANISM_TYPE mechs[CONF_MECHS_MAX];
	CK_ULONG n_mechs;

	enum conf_verdict verdict;
	bool decided; /* a skip that no later failure changes */
	char detail[CONF_DETAIL_MAX];
	/* Also lent to calls that store handles and pointers. */
	_Alignas(max_align_t) CK_BYTE in[64];
	_Alignas(max_align_t) CK_BYTE out[CONF_BUF];
};

/* --- state.c ------------------------------------------------------------ */

/* Brings the module into a state. False: the rule has been skipped or failed.
 */
bool conf_reach(struct conf *c, enum conf_state state);

/* The slot has a mechanism, with all of these CKF_ flags. */
bool conf_offers(struct conf *c, CK_MECHANISM_TYPE type, CK_FLAGS flags);

/* The key of CONF_USER and the mechanism that fits it. False: there is none. */
bool conf_mechanism(struct conf *c, enum conf_role role, CK_MECHANISM *out);
/* Handles of private keys die with a logout. */
void conf_look_up_keys(struct conf *c);
CK_OBJECT_HANDLE conf_key_of(struct conf *c, enum conf_role role);
/* The public half of the key that signs, for sig_verify. */
struct sig_key;
bool conf_load_public(struct conf *c, struct sig_key *out);

/* Sessions beside c->s; log-ins with the PINs of the options. */
CK_RV conf_open(struct conf *c, CK_FLAGS flags, CK_SESSION_HANDLE *out);
CK_RV conf_login(struct conf *c, CK_SESSION_HANDLE s, CK_USER_TYPE who);

/* Searches; the count is what was found, at most max. */
CK_ULONG conf_find(struct conf *c, CK_ATTRIBUTE *t, CK_ULONG n,
    CK_OBJECT_HANDLE *out, CK_ULONG max);
CK_ULONG conf_find_class(
    struct conf *c, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *out, CK_ULONG max);
/* One attribute of a fixed size, or false. */
bool conf_get(struct conf *c, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
    void *value, CK_ULONG len);
/* One attribute as it comes; its length, or CK_UNAVAILABLE_INFORMATION. */
CK_ULONG conf_get_bytes(struct conf *c, CK_OBJECT_HANDLE o,
    CK_ATTRIBUTE_TYPE type, void *value, CK_ULONG cap);

/* The options' program puts the card in, or takes it out. */
bool conf_card(const struct conf_options *opt, bool inside);

/* --- verdict.c ---------------------------------------------------------- */

const char *conf_rv_name(CK_RV rv);
const char *conf_verdict_name(enum conf_verdict v);

/* Notes that something is not as it must be; the first two are told. */
void conf_fail(struct conf *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The rule is about something that is not there. Does not undo a failure. */
void conf_skip(struct conf *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The result of a call is one of a set that ends with CONF_END. A function that
 * is not there skips the rule, unless every module must have it.
 */
bool conf_want(
    struct conf *c, const char *call, CK_RV rv, const CK_RV *expected);
bool conf_mandatory(const char *call);

#define WANT(c, call, ...)                                                     \
	conf_want((c), #call, (c)->f.v2.call,                                  \
	    (const CK_RV[]){ __VA_ARGS__, CONF_END })
#define WANT_3_0(c, name, args, ...)                                           \
	conf_want((c), #name #args,                                            \
	    (c)->f.v3.name == NULL ? CKR_FUNCTION_NOT_SUPPORTED                \
				   : (c)->f.v3.name args,                      \
	    (const CK_RV[]){ __VA_ARGS__, CONF_END })
#define CHECK(c, condition, ...)                                               \
	((condition) ? true : (conf_fail((c), __VA_ARGS__), false))

/* --- rules -------------------------------------------------------------- */

enum conf_need {
	CONF_SAFE = 0,
	CONF_DESTRUCTIVE = 1,
	CONF_SO_PIN = 2,
	CONF_V3 = 4,
	CONF_TOKEN = 8, /* of rules that begin before a session */
	CONF_CARD = 16, /* a program that takes the card out */
};

struct conf_rule {
	const char *name;   /* CHAPTER/what it says */
	const char *clause; /* of PKCS#11 3.0 */
	enum conf_state state;
	int needs; /* sum of enum conf_need */
	void (*run)(struct conf *c, const void *row);
	const void *row; /* handed to run; NULL for rules written as code */
};

/* Called for each rule in the order of running. */
typedef void conf_visit(const struct conf_rule *rule, void *arg);

void conf_rules_walk(conf_visit *visit, void *arg);
void conf_rules_calls(conf_visit *visit, void *arg);

struct conf_rules {
	const struct conf_rule *rules;
	size_t n;
};
extern const struct conf_rules conf_library_rules, conf_slot_rules,
    conf_session_rules, conf_pin_rules, conf_object_rules, conf_attribute_rules,
    conf_operation_rules, conf_message_rules, conf_newest_rules, conf_key_rules,
    conf_process_rules, conf_profile_rules, conf_cipher_rules, conf_event_rules;

#define CONF_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- run.c -------------------------------------------------------------- */

struct conf_totals {
	unsigned rules, passed, failed, skipped;
};

/* Runs every rule that the options select and reports on standard output. */
int conf_run_all(struct conf_options *opt, struct conf_totals *totals);

#endif
