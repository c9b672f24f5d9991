/*
 * CK_RV: uk_err and the standard's answers, translated here and nowhere else,
 * and the rules about output arguments that hold for every function.
 */
#ifndef P11_RV_H
#define P11_RV_H

#include "bytes.h"
#include "cryptoki.h"

CK_RV p11_rv(uk_err err);
const char *p11_rv_name(CK_RV rv); /* "CKR_OK"; "CKR_?" if we never say it */

/* Internal: a length was asked for and told; the operation stays alive. Shells
 * never see it: p11_leave turns it into CKR_OK. */
#define P11_ASKED (CKR_VENDOR_DEFINED | 0x756bUL)

/*
 * PKCS#11 3.0, 5.2: may `need` bytes be written to `out`? CKR_OK: yes, go on.
 * P11_ASKED: out is NULL, *len now tells the length. CKR_BUFFER_TOO_SMALL: *len
 * tells it, too. CKR_ARGUMENTS_BAD: len is NULL.
 */
CK_RV p11_room(const void *out, CK_ULONG_PTR len, size_t need);

/* Copies v (room was made for it) and sets *len. */
CK_RV p11_give(CK_BYTE_PTR out, CK_ULONG_PTR len, uk_bytes v);

/* The same rule for lists of numbers. */
CK_RV p11_give_list(
    CK_ULONG_PTR out, CK_ULONG_PTR count, const CK_ULONG *list, size_t n);

/* An input argument: NULL with a length is CKR_ARGUMENTS_BAD. */
CK_RV p11_take(const void *p, CK_ULONG n, uk_bytes *out);

/* Text into a blank-padded field; what does not fit is left out at a UTF-8
 * character's edge. */
void p11_pad(CK_UTF8CHAR *field, size_t n, const char *text);

#endif
