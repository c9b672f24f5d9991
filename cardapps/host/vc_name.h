/* Distinguished names as openssl's -subj writes them. */
#ifndef VC_NAME_H
#define VC_NAME_H

#include "err.h"

#include <openssl/x509.h>

/* Adds the parts of "/CN=Name/O=Bank"; "\/" and "\=" stand for themselves.
 * UK_ERR_ARGUMENT if it is no name, or an empty one. */
UK_RESULT vc_name_parse(X509_NAME *name, const char *text);

#endif
