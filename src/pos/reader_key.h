/*
 * The reader's keys on this machine, where a real one has them in its security
 * module: a file of mode 0600 with the registers of uk_dukpt, in which no key
 * of an earlier payment is left. It is written before a key of it is used.
 */
#ifndef POS_READER_KEY_H
#define POS_READER_KEY_H

#include "dukpt.h"

/* From the file that `ukey-bankd pos-reader` wrote. UK_ERR_FORMAT;
 * UK_ERR_UNSUPPORTED: for a reader of another kind. */
UK_RESULT pos_reader_load(uk_crypto *c, const char *path);
/* The keys of one payment; the caller wipes. UK_ERR_NOT_FOUND: no reader has
 * been loaded. */
UK_RESULT pos_reader_next(
    uk_crypto *c, uint8_t ksn[UK_DUKPT_KSN], struct uk_dukpt_keys *keys);

#endif
