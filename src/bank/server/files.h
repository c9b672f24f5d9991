/* Files of the bank's folder: mode 0600, whole or not at all. */
#ifndef BANK_FILES_H
#define BANK_FILES_H

#include "bytes.h"

/* UK_ERR_EXISTS if it is there and replace is false. What is replaced is so in
 * one step, so that a reader sees the old or the new content. */
UK_RESULT bank_file_write(const char *path, uk_bytes content, bool replace);

#endif
