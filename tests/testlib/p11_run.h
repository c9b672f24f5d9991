/* Short words for tests that call the module through its function list. */
#ifndef P11_RUN_H
#define P11_RUN_H

#include "cryptoki.h"
#include "p11_fake.h"

extern CK_FUNCTION_LIST *F; /* 2.40 */
extern CK_FUNCTION_LIST_3_2 *F3;

#define expect_rv(got, want) expect_rv_at(got, want, __FILE__, __LINE__)
void expect_rv_at(CK_RV got, CK_RV want, const char *file, int line);

/* cmocka set-up and tear-down: a fresh world, reader 0 with card 1, the module
 * initialised with CKF_OS_LOCKING_OK; at the end finalised, nothing leaked. */
int p11_up(void **state);
int p11_down(void **state);

CK_SESSION_HANDLE open_rw(CK_SLOT_ID slot);
CK_SESSION_HANDLE open_ro(CK_SLOT_ID slot);
CK_RV login(CK_SESSION_HANDLE s, CK_USER_TYPE user, const char *pin);
/* The first object of the class with this one-byte CKA_ID (0 = any); 0 = none.
 */
CK_OBJECT_HANDLE find(CK_SESSION_HANDLE s, CK_OBJECT_CLASS class, uint8_t id);
/* C_SignInit with CKM_SHA256_RSA_PKCS, and C_Sign of "abc". */
CK_RV sign_with(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key);
/* Everything that a client does to sign once: a session, the PIN unless that
 * was given, the first private key, a signature. */
CK_RV sign_once(CK_SLOT_ID slot);
size_t count_objects(CK_SESSION_HANDLE s);
CK_FLAGS token_flags(CK_SLOT_ID slot);
/* Waits until the slot's C_GetTokenInfo answers rv; fails after two seconds. */
void await_token(CK_SLOT_ID slot, CK_RV rv);
/* Takes out what is in reader (and slot) i, puts in the card, waits for it. */
void fresh_card(int i, uint8_t serial);

#endif
