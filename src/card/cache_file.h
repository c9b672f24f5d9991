/* The files behind cache.c: reading one safely, replacing it, and not letting
 * them become many. */
#ifndef UK_CACHE_FILE_H
#define UK_CACHE_FILE_H

#include "mem.h"

/* The folder, made (with ~/.cache around it) if it is wanted and missing; the
 * caller closes it. -1 (and
 * errno) unless it is ours and nobody else can write there. */
int uk_cache_folder_open(const char *folder, bool make);

/* UK_ERR_NOT_FOUND; UK_ERR_NO_PERMISSION if anybody but us could have written
 * it; UK_ERR_TOO_SMALL if it is longer than max. */
UK_RESULT uk_cache_file_read(
    const char *folder, const char *name, size_t max, uk_blob *out);
/* Makes the folder if need be. Whole or not at all; readers see the old one or
 * the new one. Then the oldest files go, until files_max are left. */
UK_RESULT uk_cache_file_write(
    const char *folder, const char *name, uk_bytes content, size_t files_max);

#endif
