/* Numbers as people write them on command lines and in scripts. */
#ifndef VC_NUMBER_H
#define VC_NUMBER_H

#include "err.h"

/* Decimal digits and nothing else. */
bool vc_number(const char *text, unsigned long max, unsigned long *out);
/* 250us, 1.5ms, 2s, 0; at most an hour. */
bool vc_duration(const char *text, int64_t *ns);
/* A fixed part and one for every byte: 5ms, 0.1ms/B, 5ms+0.1ms/B. */
bool vc_delay(const char *text, int64_t *ns, int64_t *ns_per_byte);

#endif
