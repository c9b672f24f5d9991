/* Between a program's beginning and end (desk_program.c) and what it does
 * (desk_ops.c). */
#ifndef DESK_PROGRAM_H
#define DESK_PROGRAM_H

#include "desk.h"

enum { DESK_FOUND_MAX = 64, DESK_FROM_NOTHING = -2 };

struct desk_program {
	CK_FUNCTION_LIST *f;
	struct desk_cards *cards;
	struct desk_world *world;
	int control;
	size_t card; /* whose PIN the person knows */
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE keys[DESK_KEYS];
	CK_BYTE out[1024]; /* signature, plain text */
	CK_ULONG out_len;
	bool ended;     /* a step failed: no more are taken */
	bool finalized; /* the operation was the end */
	unsigned given; /* PINs that the person gave */
	unsigned slips; /* wrong ones of them */
	char *new_pin;  /* it may have been changed to that */
	bool session_lives, logged_in;
};

/* A call of the operation: its result is noted; false: it failed, now or
 * before. */
bool desk_step(struct desk_program *p, const char *name, CK_RV rv);
/* Something that must not be. */
void desk_complain(struct desk_program *p, const char *what, CK_RV rv);
char desk_ask(struct desk_program *p, char word);

CK_RV desk_open(struct desk_program *p);
CK_RV desk_login(struct desk_program *p, CK_USER_TYPE who);
CK_RV desk_find(struct desk_program *p, CK_ATTRIBUTE *t, CK_ULONG n,
    CK_OBJECT_HANDLE *found, CK_ULONG *count);
CK_RV desk_find_keys(struct desk_program *p);
/* Nobody is logged in on the card, unless another program is. */
void desk_check_closed(struct desk_program *p, const char *complaint);

/* What is signed. */
extern unsigned char desk_digest[32];
CK_RV desk_sign_begin(struct desk_program *p, enum desk_key key);
CK_RV desk_sign_end(struct desk_program *p);
/* Is p->out a signature by this key? OpenSSL says. */
bool desk_signature_is(const struct desk_program *p, EVP_PKEY *pub);
void desk_check_signature(struct desk_program *p, EVP_PKEY *pub);

#endif
