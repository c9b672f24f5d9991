/* Pieces of answers and of queries. */
#include "api_json.h"

#include "proto.h"

#include <errno.h>
#include <stdlib.h>

json_t *bank_json_string(uk_bytes v)
{
	return json_stringn(v.n == 0 ? "" : (const char *)v.p, v.n);
}

json_t *bank_json_base64(uk_bytes v)
{
	uk_blob text = { NULL, 0 };
	json_t *j = NULL;

	if (uk_is_ok(uk_base64_encode(v, &text)))
		j = bank_json_string(uk_blob_view(&text));
	uk_blob_free(&text);
	return j;
}

json_t *bank_json_time(int64_t seconds)
{
	uint8_t storage[24];
	uk_buf text = UK_BUF(storage);

	bank_put_time(&text, seconds);
	return text.bad ? NULL : bank_json_string(uk_buf_view(&text));
}

enum bank_code bank_query_number(const struct bank_call *call, const char *name,
    int64_t min, int64_t max, int64_t otherwise, int64_t *out)
{
	const char *text = call->query(call->query_arg, name);
	char *end;

	*out = otherwise;
	if (text == NULL)
		return BANK_OK;
	errno = 0;
	*out = strtoll(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 ||
	    *out < min || *out > max)
		return BANK_MALFORMED;
	return BANK_OK;
}
