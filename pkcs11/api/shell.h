/*
 * The C_ functions: shells around pkcs11/core, one file per chapter of the
 * standard. Each enters, calls one function of the core, and leaves; a shell
 * has no behaviour of its own. What we do not have is in missing.c.
 */
#ifndef P11_SHELL_H
#define P11_SHELL_H

#include "module.h"

#define UNUSED(x) (void)(x)

/* Answers rv, if the library is initialised and the session there. */
CK_RV p11_refuse(const char *name, CK_SESSION_HANDLE session, CK_RV rv);

#endif
