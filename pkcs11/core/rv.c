/* From uk_err to CK_RV, and the rules about output arguments. */
#include "rv.h"

static const CK_RV translation[UK_CODE_COUNT] = {
	[UK_OK] = CKR_OK,
	[UK_ERR_MEMORY] = CKR_HOST_MEMORY,
	[UK_ERR_ARGUMENT] = CKR_ARGUMENTS_BAD,
	[UK_ERR_TOO_SMALL] = CKR_DEVICE_ERROR, /* the card said too much */
	[UK_ERR_FORMAT] = CKR_DEVICE_ERROR,
	[UK_ERR_NOT_FOUND] = CKR_DEVICE_ERROR,
	[UK_ERR_EXISTS] = CKR_DEVICE_ERROR,
	[UK_ERR_UNSUPPORTED] = CKR_FUNCTION_NOT_SUPPORTED,
	[UK_ERR_IO] = CKR_FUNCTION_FAILED,
	[UK_ERR_TIMEOUT] = CKR_FUNCTION_FAILED,
	[UK_ERR_CANCELLED] = CKR_FUNCTION_CANCELED,
	[UK_ERR_INTERNAL] = CKR_GENERAL_ERROR,
	[UK_ERR_NO_SERVICE] = CKR_DEVICE_REMOVED,
	[UK_ERR_NO_PERMISSION] = CKR_DEVICE_ERROR,
	[UK_ERR_NO_READER] = CKR_DEVICE_REMOVED,
	[UK_ERR_NO_CARD] = CKR_TOKEN_NOT_PRESENT,
	[UK_ERR_CARD_REMOVED] = CKR_DEVICE_REMOVED,
	[UK_ERR_CARD_RESET] = CKR_DEVICE_ERROR,
	[UK_ERR_CARD_BUSY] = CKR_DEVICE_ERROR,
	[UK_ERR_CARD_MUTE] = CKR_DEVICE_ERROR,
	[UK_ERR_CARD_UNKNOWN] = CKR_TOKEN_NOT_RECOGNIZED,
	[UK_ERR_CARD_STATUS] = CKR_DEVICE_ERROR,
	[UK_ERR_PIN_WRONG] = CKR_PIN_INCORRECT,
	[UK_ERR_PIN_BLOCKED] = CKR_PIN_LOCKED,
	[UK_ERR_PIN_LENGTH] = CKR_PIN_LEN_RANGE,
	[UK_ERR_NOT_LOGGED_IN] = CKR_USER_NOT_LOGGED_IN,
	[UK_ERR_CONDITIONS] = CKR_FUNCTION_REJECTED,
	[UK_ERR_CRYPTO] = CKR_FUNCTION_FAILED,
	[UK_ERR_SIGNATURE] = CKR_SIGNATURE_INVALID,
};

CK_RV p11_rv(uk_err err)
{
	if (uk_is_ok(err))
		return CKR_OK;
	if (err.code >= UK_CODE_COUNT || translation[err.code] == CKR_OK)
		return CKR_GENERAL_ERROR;
	return translation[err.code];
}

#define NAME(rv)                                                               \
	{                                                                      \
		rv, #rv                                                        \
	}
static const struct {
	CK_RV rv;
	const char *name;
} names[] = {
	NAME(CKR_OK),
	NAME(CKR_HOST_MEMORY),
	NAME(CKR_SLOT_ID_INVALID),
	NAME(CKR_GENERAL_ERROR),
	NAME(CKR_FUNCTION_FAILED),
	NAME(CKR_ARGUMENTS_BAD),
	NAME(CKR_NO_EVENT),
	NAME(CKR_CANT_LOCK),
	NAME(CKR_ATTRIBUTE_READ_ONLY),
	NAME(CKR_ATTRIBUTE_SENSITIVE),
	NAME(CKR_ATTRIBUTE_TYPE_INVALID),
	NAME(CKR_ATTRIBUTE_VALUE_INVALID),
	NAME(CKR_ACTION_PROHIBITED),
	NAME(CKR_DATA_INVALID),
	NAME(CKR_DATA_LEN_RANGE),
	NAME(CKR_CURVE_NOT_SUPPORTED),
	NAME(CKR_DEVICE_ERROR),
	NAME(CKR_DEVICE_MEMORY),
	NAME(CKR_DEVICE_REMOVED),
	NAME(CKR_ENCRYPTED_DATA_LEN_RANGE),
	NAME(CKR_ENCRYPTED_DATA_INVALID),
	NAME(CKR_FUNCTION_CANCELED),
	NAME(CKR_FUNCTION_NOT_PARALLEL),
	NAME(CKR_FUNCTION_NOT_SUPPORTED),
	NAME(CKR_KEY_HANDLE_INVALID),
	NAME(CKR_KEY_TYPE_INCONSISTENT),
	NAME(CKR_KEY_INDIGESTIBLE),
	NAME(CKR_KEY_FUNCTION_NOT_PERMITTED),
	NAME(CKR_MECHANISM_INVALID),
	NAME(CKR_MECHANISM_PARAM_INVALID),
	NAME(CKR_OBJECT_HANDLE_INVALID),
	NAME(CKR_OPERATION_ACTIVE),
	NAME(CKR_OPERATION_NOT_INITIALIZED),
	NAME(CKR_PIN_INCORRECT),
	NAME(CKR_PIN_INVALID),
	NAME(CKR_PIN_LEN_RANGE),
	NAME(CKR_PIN_LOCKED),
	NAME(CKR_SESSION_CLOSED),
	NAME(CKR_SESSION_COUNT),
	NAME(CKR_SESSION_EXISTS),
	NAME(CKR_SESSION_HANDLE_INVALID),
	NAME(CKR_SESSION_PARALLEL_NOT_SUPPORTED),
	NAME(CKR_SESSION_READ_ONLY),
	NAME(CKR_SESSION_READ_ONLY_EXISTS),
	NAME(CKR_SESSION_READ_WRITE_SO_EXISTS),
	NAME(CKR_SIGNATURE_INVALID),
	NAME(CKR_SIGNATURE_LEN_RANGE),
	NAME(CKR_TEMPLATE_INCOMPLETE),
	NAME(CKR_TEMPLATE_INCONSISTENT),
	NAME(CKR_TOKEN_NOT_PRESENT),
	NAME(CKR_TOKEN_NOT_RECOGNIZED),
	NAME(CKR_USER_ALREADY_LOGGED_IN),
	NAME(CKR_USER_NOT_LOGGED_IN),
	NAME(CKR_USER_PIN_NOT_INITIALIZED),
	NAME(CKR_USER_TYPE_INVALID),
	NAME(CKR_USER_ANOTHER_ALREADY_LOGGED_IN),
	NAME(CKR_RANDOM_SEED_NOT_SUPPORTED),
	NAME(CKR_BUFFER_TOO_SMALL),
	NAME(CKR_CRYPTOKI_NOT_INITIALIZED),
	NAME(CKR_CRYPTOKI_ALREADY_INITIALIZED),
	NAME(CKR_FUNCTION_REJECTED),
};
#undef NAME

const char *p11_rv_name(CK_RV rv)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].rv == rv)
			return names[i].name;
	}
	return "CKR_?";
}

CK_RV p11_room(const void *out, CK_ULONG_PTR len, size_t need)
{
	CK_ULONG have;

	if (len == NULL)
		return CKR_ARGUMENTS_BAD;
	have = *len;
	if (out != NULL && have >= need)
		return CKR_OK;
	*len = need;
	return out == NULL ? P11_ASKED : CKR_BUFFER_TOO_SMALL;
}

CK_RV p11_give(CK_BYTE_PTR out, CK_ULONG_PTR len, uk_bytes v)
{
	uk_buf b = uk_buf_over(out, *len);

	uk_put(&b, v);
	*len = b.len;
	return b.bad ? CKR_GENERAL_ERROR : CKR_OK;
}

CK_RV p11_give_list(
    CK_ULONG_PTR out, CK_ULONG_PTR count, const CK_ULONG *list, size_t n)
{
	CK_RV rv = p11_room(out, count, n);

	if (rv != CKR_OK)
		return rv;
	for (size_t i = 0; i < n; i++)
		out[i] = list[i];
	*count = n;
	return CKR_OK;
}

CK_RV p11_take(const void *p, CK_ULONG n, uk_bytes *out)
{
	*out = uk_view(p, p == NULL ? 0 : n);
	return p == NULL && n > 0 ? CKR_ARGUMENTS_BAD : CKR_OK;
}

/* Is this byte inside a UTF-8 character, not at its start? */
static bool continues(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

void p11_pad(CK_UTF8CHAR *field, size_t n, const char *text)
{
	uk_bytes v = uk_view_str(text);
	uk_buf b = uk_buf_over(field, n);

	if (v.n > n) {
		size_t cut = n;

		while (cut > 0 && continues(v.p[cut]))
			cut--;
		v = uk_bytes_first(v, cut);
	}
	uk_put(&b, v);
	uk_put_fill(&b, ' ', uk_buf_left(&b));
}
