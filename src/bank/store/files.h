/* Files of the bank's folder: mode 0600, whole or not at all. */
#ifndef BANK_FILES_H
#define BANK_FILES_H

#include "mem.h"

enum { BANK_PATH_MAX = 4096 };

/* The files of the bank's folder. */
#define BANK_FILE_CONFIG      "bankd.json"
#define BANK_FILE_DATABASE    "bank.db"
#define BANK_FILE_CA_KEY      "ca.key"
#define BANK_FILE_CA_CERT     "ca.pem"
#define BANK_FILE_TLS_CA_KEY  "tls-ca.key"
#define BANK_FILE_TLS_CA_CERT "tls-ca.pem"
#define BANK_FILE_CRL         "ca.crl"
#define BANK_FILE_TLS_KEY     "tls.key"
#define BANK_FILE_TLS_CERT    "tls.pem"
#define BANK_FILE_SIGN_KEY    "sign.key"
#define BANK_FILE_SIGN_CERT   "sign.pem"
#define BANK_FILE_SEAL_KEY    "seal.key"
#define BANK_FILE_FIELDS      "fields.key"

/* dir/name; UK_ERR_TOO_SMALL if the path is too long. */
UK_RESULT bank_path(
    const char *dir, const char *name, char path[BANK_PATH_MAX]);

/* The whole of it; UK_ERR_NOT_FOUND, UK_ERR_TOO_SMALL if it is longer than
 * max. */
UK_RESULT bank_file_read(const char *path, size_t max, uk_blob *out);
/* UK_ERR_EXISTS if it is there and replace is false. What is replaced is so in
 * one step, so that a reader sees the old or the new content. */
UK_RESULT bank_file_write(const char *path, uk_bytes content, bool replace);

#endif
