/*
 * The numbers by which PKCS#11 programs know SM2 and SM3.
 *
 * No version of the standard has any, so every vendor made his own. The
 * configuration's gm_numbers chooses a row of one table; what the numbers stand
 * for (docs/mechanisms.md) is the same in every row.
 */
#ifndef P11_GM_H
#define P11_GM_H

#include "cryptoki.h"

#include <stdbool.h>

struct p11_gm {
	const char *name;           /* what the configuration calls it */
	CK_KEY_TYPE key;            /* CKA_KEY_TYPE of SM2 keys */
	CK_MECHANISM_TYPE generate; /* key pair */
	CK_MECHANISM_TYPE sign;     /* e, 32 bytes */
	CK_MECHANISM_TYPE sign_sm3; /* message, with Z */
	CK_MECHANISM_TYPE encrypt;  /* C1 || C3 || C2 */
	CK_MECHANISM_TYPE sm3;      /* digest */
};

/* The row in use; never NULL. */
const struct p11_gm *p11_gm(void);
/* Chooses; false, and nothing changes, if there is no row of this name. Only
 * during C_Initialize. */
bool p11_gm_choose(const char *name);
void p11_gm_default(void);
/* Row i of the table, NULL behind the last one. */
const struct p11_gm *p11_gm_at(size_t i);
/* The place of the row in use. */
size_t p11_gm_place(void);

#endif
