/*
 * Every function of PKCS#11 2.40 and 3.0, one row each:
 *
 *     V2 or V3 (name, clause in 3.0, state in which it can be called, role of
 *     its mechanism and key, arguments)
 *
 * An argument is U(index, kind) for a number or P(index, kind) for a pointer.
 * The kinds say what a right value is and what a wrong one must lead to; see
 * walk.c.
 */
#ifndef CONF_FUNCTIONS_H
#define CONF_FUNCTIONS_H

/* One row, one line. */
/* clang-format off */
#define SESSION U(0, SESSION)

#define GENERAL_FUNCTIONS \
V2(C_Initialize, "5.4.1", LOADED, NONE, P(0, OPTIONAL)) \
V2(C_Finalize, "5.4.2", READY, NONE, P(0, OPTIONAL)) \
V2(C_GetInfo, "5.4.3", READY, NONE, P(0, RESULT)) \
V2(C_GetFunctionList, "5.4.4", LOADED, NONE, P(0, RESULT)) \
V3(C_GetInterfaceList, "5.4.5", LOADED, NONE, P(0, OUT), P(1, OUT_LEN)) \
V3(C_GetInterface, "5.4.6", LOADED, NONE, P(0, OPTIONAL), P(1, OPTIONAL), P(2, RESULT), U(3, FLAGS))

#define SLOT_FUNCTIONS \
V2(C_GetSlotList, "5.5.1", READY, NONE, U(0, BOOL), P(1, OUT), P(2, OUT_LEN)) \
V2(C_GetSlotInfo, "5.5.2", READY, NONE, U(0, SLOT), P(1, RESULT)) \
V2(C_GetTokenInfo, "5.5.3", READY, NONE, U(0, SLOT), P(1, RESULT)) \
V2(C_WaitForSlotEvent, "5.5.4", READY, NONE, U(0, DONT_BLOCK), P(1, RESULT), P(2, OPTIONAL)) \
V2(C_GetMechanismList, "5.5.5", READY, NONE, U(0, SLOT), P(1, OUT), P(2, OUT_LEN)) \
V2(C_GetMechanismInfo, "5.5.6", READY, NONE, U(0, SLOT), U(1, MECH_TYPE), P(2, RESULT)) \
V2(C_InitToken, "5.5.7", READY, NONE, U(0, SLOT), P(1, PIN), U(2, PIN_LEN), P(3, LABEL)) \
V2(C_InitPIN, "5.5.8", SO, NONE, SESSION, P(1, PIN), U(2, PIN_LEN)) \
V2(C_SetPIN, "5.5.9", USER, NONE, SESSION, P(1, PIN), U(2, PIN_LEN), P(3, PIN), U(4, PIN_LEN))

#define SESSION_FUNCTIONS \
V2(C_OpenSession, "5.6.1", READY, NONE, U(0, SLOT), U(1, OPEN_FLAGS), P(2, OPTIONAL), P(3, OPTIONAL), P(4, RESULT)) \
V2(C_CloseSession, "5.6.2", RW, NONE, SESSION) \
V2(C_CloseAllSessions, "5.6.3", READY, NONE, U(0, SLOT)) \
V2(C_GetSessionInfo, "5.6.4", RW, NONE, SESSION, P(1, RESULT)) \
V3(C_SessionCancel, "5.6.5", RW, NONE, SESSION, U(1, FLAGS)) \
V2(C_GetOperationState, "5.6.6", DIGESTING, NONE, SESSION, P(1, OUT), P(2, OUT_LEN)) \
V2(C_SetOperationState, "5.6.7", RW, NONE, SESSION, P(1, IN), U(2, IN_LEN), U(3, ZERO), U(4, ZERO)) \
V2(C_Login, "5.6.8", RW, NONE, SESSION, U(1, USER), P(2, PIN), U(3, PIN_LEN)) \
V3(C_LoginUser, "5.6.9", RW, NONE, SESSION, U(1, USER), P(2, PIN), U(3, PIN_LEN), P(4, OPTIONAL), U(5, ZERO)) \
V2(C_Logout, "5.6.10", USER, NONE, SESSION)

#define OBJECT_FUNCTIONS \
V2(C_CreateObject, "5.7.1", USER, NONE, SESSION, P(1, TEMPLATE), U(2, COUNT), P(3, RESULT)) \
V2(C_CopyObject, "5.7.2", USER, NONE, SESSION, U(1, OBJECT), P(2, TEMPLATE), U(3, COUNT), P(4, RESULT)) \
V2(C_DestroyObject, "5.7.3", USER, NONE, SESSION, U(1, OBJECT)) \
V2(C_GetObjectSize, "5.7.4", USER, NONE, SESSION, U(1, OBJECT), P(2, RESULT)) \
V2(C_GetAttributeValue, "5.7.5", USER, NONE, SESSION, U(1, OBJECT), P(2, TEMPLATE), U(3, COUNT)) \
V2(C_SetAttributeValue, "5.7.6", USER, NONE, SESSION, U(1, OBJECT), P(2, TEMPLATE), U(3, COUNT)) \
V2(C_FindObjectsInit, "5.7.7", USER, NONE, SESSION, P(1, TEMPLATE), U(2, COUNT)) \
V2(C_FindObjects, "5.7.8", FINDING, NONE, SESSION, P(1, LIST), U(2, COUNT), P(3, RESULT)) \
V2(C_FindObjectsFinal, "5.7.9", FINDING, NONE, SESSION)

#define CIPHER_FUNCTIONS \
V2(C_EncryptInit, "5.8.1", USER, ENCRYPT, SESSION, P(1, MECH), U(2, KEY)) \
V2(C_Encrypt, "5.8.2", ENCRYPT, ENCRYPT, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN)) \
V2(C_EncryptUpdate, "5.8.3", ENCRYPT, ENCRYPT, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN)) \
V2(C_EncryptFinal, "5.8.4", ENCRYPT, ENCRYPT, SESSION, P(1, OUT), P(2, OUT_LEN)) \
V3(C_MessageEncryptInit, "5.9.1", USER, ENCRYPT, SESSION, P(1, MECH), U(2, KEY)) \
V3(C_EncryptMessage, "5.9.2", MESSAGE, NONE, SESSION, P(1, OPTIONAL), U(2, ZERO), P(3, OPTIONAL), U(4, ZERO), P(5, IN), U(6, IN_LEN), P(7, OUT), P(8, OUT_LEN)) \
V3(C_EncryptMessageBegin, "5.9.3", MESSAGE, NONE, SESSION, P(1, OPTIONAL), U(2, ZERO), P(3, OPTIONAL), U(4, ZERO)) \
V3(C_EncryptMessageNext, "5.9.4", MESSAGE, NONE, SESSION, P(1, OPTIONAL), U(2, ZERO), P(3, IN), U(4, IN_LEN), P(5, OUT), P(6, OUT_LEN), U(7, FLAGS)) \
V3(C_MessageEncryptFinal, "5.9.5", MESSAGE, NONE, SESSION) \
V2(C_DecryptInit, "5.10.1", USER, DECRYPT, SESSION, P(1, MECH), U(2, KEY)) \
V2(C_Decrypt, "5.10.2", DECRYPT, DECRYPT, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN)) \
V2(C_DecryptUpdate, "5.10.3", DECRYPT, DECRYPT, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN)) \
V2(C_DecryptFinal, "5.10.4", DECRYPT, DECRYPT, SESSION, P(1, OUT), P(2, OUT_LEN)) \
V3(C_MessageDecryptInit, "5.11.1", USER, DECRYPT, SESSION, P(1, MECH), U(2, KEY)) \
V3(C_DecryptMessage, "5.11.2", MESSAGE, NONE, SESSION, P(1, OPTIONAL), U(2, ZERO), P(3, OPTIONAL), U(4, ZERO), P(5, IN), U(6, IN_LEN), P(7, OUT), P(8, OUT_LEN)) \
V3(C_DecryptMessageBegin, "5.11.3", MESSAGE, NONE, SESSION, P(1, OPTIONAL), U(2, ZERO), P(3, OPTIONAL), U(4, ZERO)) \
V3(C_DecryptMessageNext, "5.11.4", MESSAGE, NONE, SESSION, P(1, OPTIONAL), U(2, ZERO), P(3, IN), U(4, IN_LEN), P(5, OUT), P(6, OUT_LEN), U(7, FLAGS)) \
V3(C_MessageDecryptFinal, "5.11.5", MESSAGE, NONE, SESSION)

#define SIGN_FUNCTIONS \
V2(C_DigestInit, "5.12.1", RW, DIGEST, SESSION, P(1, MECH)) \
V2(C_Digest, "5.12.2", DIGEST, DIGEST, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN)) \
V2(C_DigestUpdate, "5.12.3", DIGEST, DIGEST, SESSION, P(1, IN), U(2, IN_LEN)) \
V2(C_DigestKey, "5.12.4", DIGEST, DIGEST, SESSION, U(1, KEY)) \
V2(C_DigestFinal, "5.12.5", DIGESTING, DIGEST, SESSION, P(1, OUT), P(2, OUT_LEN)) \
V2(C_SignInit, "5.13.1", USER, SIGN, SESSION, P(1, MECH), U(2, KEY)) \
V2(C_Sign, "5.13.2", SIGN, SIGN, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN)) \
V2(C_SignUpdate, "5.13.3", SIGN, SIGN, SESSION, P(1, IN), U(2, IN_LEN)) \
V2(C_SignFinal, "5.13.4", SIGNING, SIGN, SESSION, P(1, OUT), P(2, OUT_LEN)) \
V2(C_SignRecoverInit, "5.13.5", USER, RECOVER, SESSION, P(1, MECH), U(2, KEY)) \
V2(C_SignRecover, "5.13.6", RECOVER, RECOVER, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN)) \
V3(C_MessageSignInit, "5.14.1", USER, SIGN_MESSAGES, SESSION, P(1, MECH), U(2, KEY)) \
V3(C_SignMessage, "5.14.2", SIGN_MESSAGES, SIGN_MESSAGES, SESSION, P(1, OPTIONAL), U(2, ZERO), P(3, IN), U(4, IN_LEN), P(5, OUT), P(6, OUT_LEN)) \
V3(C_SignMessageBegin, "5.14.3", SIGN_MESSAGES, SIGN_MESSAGES, SESSION, P(1, OPTIONAL), U(2, ZERO)) \
V3(C_SignMessageNext, "5.14.4", SIGNING_MESSAGE, SIGN_MESSAGES, SESSION, P(1, OPTIONAL), U(2, ZERO), P(3, IN), U(4, IN_LEN), P(5, OPTIONAL), P(6, OPTIONAL)) \
V3(C_MessageSignFinal, "5.14.5", SIGN_MESSAGES, SIGN_MESSAGES, SESSION) \
V2(C_VerifyInit, "5.15.1", USER, VERIFY, SESSION, P(1, MECH), U(2, KEY)) \
V2(C_Verify, "5.15.2", VERIFY, VERIFY, SESSION, P(1, IN), U(2, IN_LEN), P(3, IN), U(4, IN_LEN)) \
V2(C_VerifyUpdate, "5.15.3", VERIFY, VERIFY, SESSION, P(1, IN), U(2, IN_LEN)) \
V2(C_VerifyFinal, "5.15.4", VERIFYING, VERIFY, SESSION, P(1, IN), U(2, IN_LEN)) \
V2(C_VerifyRecoverInit, "5.15.5", USER, VERIFY_RECOVER, SESSION, P(1, MECH), U(2, KEY)) \
V2(C_VerifyRecover, "5.15.6", VERIFY_RECOVER, VERIFY_RECOVER, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN)) \
V3(C_MessageVerifyInit, "5.16.1", USER, VERIFY_MESSAGES, SESSION, P(1, MECH), U(2, KEY)) \
V3(C_VerifyMessage, "5.16.2", VERIFY_MESSAGES, VERIFY_MESSAGES, SESSION, P(1, OPTIONAL), U(2, ZERO), P(3, IN), U(4, IN_LEN), P(5, IN), U(6, IN_LEN)) \
V3(C_VerifyMessageBegin, "5.16.3", VERIFY_MESSAGES, VERIFY_MESSAGES, SESSION, P(1, OPTIONAL), U(2, ZERO)) \
V3(C_VerifyMessageNext, "5.16.4", VERIFYING_MESSAGE, VERIFY_MESSAGES, SESSION, P(1, OPTIONAL), U(2, ZERO), P(3, IN), U(4, IN_LEN), P(5, OPTIONAL), U(6, ZERO)) \
V3(C_MessageVerifyFinal, "5.16.5", VERIFY_MESSAGES, VERIFY_MESSAGES, SESSION) \
V2(C_DigestEncryptUpdate, "5.17.1", DUAL, NONE, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN)) \
V2(C_DecryptDigestUpdate, "5.17.2", DUAL, NONE, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN)) \
V2(C_SignEncryptUpdate, "5.17.3", DUAL, NONE, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN)) \
V2(C_DecryptVerifyUpdate, "5.17.4", DUAL, NONE, SESSION, P(1, IN), U(2, IN_LEN), P(3, OUT), P(4, OUT_LEN))

#define KEY_FUNCTIONS \
V2(C_GenerateKey, "5.18.1", USER, GENERATE, SESSION, P(1, MECH), P(2, TEMPLATE), U(3, COUNT), P(4, RESULT)) \
V2(C_GenerateKeyPair, "5.18.2", USER, PAIR, SESSION, P(1, MECH), P(2, TEMPLATE), U(3, COUNT), P(4, TEMPLATE), U(5, COUNT), P(6, RESULT), P(7, RESULT)) \
V2(C_WrapKey, "5.18.3", USER, WRAP, SESSION, P(1, MECH), U(2, KEY), U(3, OBJECT), P(4, OUT), P(5, OUT_LEN)) \
V2(C_UnwrapKey, "5.18.4", USER, UNWRAP, SESSION, P(1, MECH), U(2, KEY), P(3, IN), U(4, IN_LEN), P(5, TEMPLATE), U(6, COUNT), P(7, RESULT)) \
V2(C_DeriveKey, "5.18.5", USER, DERIVE, SESSION, P(1, MECH), U(2, KEY), P(3, TEMPLATE), U(4, COUNT), P(5, RESULT)) \
V2(C_SeedRandom, "5.19.1", RW, NONE, SESSION, P(1, IN), U(2, IN_LEN)) \
V2(C_GenerateRandom, "5.19.2", RW, NONE, SESSION, P(1, LIST), U(2, IN_LEN)) \
V2(C_GetFunctionStatus, "5.20.1", RW, NONE, SESSION) \
V2(C_CancelFunction, "5.20.2", RW, NONE, SESSION)
/* clang-format on */

#define ALL_FUNCTIONS                                                          \
	GENERAL_FUNCTIONS SLOT_FUNCTIONS SESSION_FUNCTIONS OBJECT_FUNCTIONS    \
	    CIPHER_FUNCTIONS SIGN_FUNCTIONS KEY_FUNCTIONS

#endif
