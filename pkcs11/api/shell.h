/*
 * The C_ functions: shells around pkcs11/core, one file per chapter of the
 * standard. Each enters, calls one function of the core, and leaves; a shell
 * has no behaviour of its own.
 */
#ifndef P11_SHELL_H
#define P11_SHELL_H

#include "module.h"

#define UNUSED(x) (void)(x)

/* A function that we do not have: the session is checked all the same. */
CK_RV p11_unsupported(const char *name, CK_SESSION_HANDLE session);

#endif
