/* What every file of handlers needs: pieces of answers, and numbers of queries.
 */
#ifndef BANK_API_JSON_H
#define BANK_API_JSON_H

#include "routes.h"

/* NULL for lack of memory, as json_pack understands it. */
json_t *bank_json_string(uk_bytes v);
json_t *bank_json_base64(uk_bytes v);
json_t *bank_json_time(int64_t seconds);

/* A decimal number of the query within min..max; otherwise if it is absent. */
enum bank_code bank_query_number(const struct bank_call *call, const char *name,
    int64_t min, int64_t max, int64_t otherwise, int64_t *out);

#endif
