/* Verdicts, and the names of results. */
#include "conform.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NAME(x)                                                                \
	{                                                                      \
		x, #x                                                          \
	}

static const struct {
	CK_RV rv;
	const char *name;
} rv_names[] = {
	NAME(CKR_OK),
	NAME(CKR_CANCEL),
	NAME(CKR_HOST_MEMORY),
	NAME(CKR_SLOT_ID_INVALID),
	NAME(CKR_GENERAL_ERROR),
	NAME(CKR_FUNCTION_FAILED),
	NAME(CKR_ARGUMENTS_BAD),
	NAME(CKR_NO_EVENT),
	NAME(CKR_NEED_TO_CREATE_THREADS),
	NAME(CKR_CANT_LOCK),
	NAME(CKR_ATTRIBUTE_READ_ONLY),
	NAME(CKR_ATTRIBUTE_SENSITIVE),
	NAME(CKR_ATTRIBUTE_TYPE_INVALID),
	NAME(CKR_ATTRIBUTE_VALUE_INVALID),
	NAME(CKR_ACTION_PROHIBITED),
	NAME(CKR_DATA_INVALID),
	NAME(CKR_DATA_LEN_RANGE),
	NAME(CKR_DEVICE_ERROR),
	NAME(CKR_DEVICE_MEMORY),
	NAME(CKR_DEVICE_REMOVED),
	NAME(CKR_ENCRYPTED_DATA_INVALID),
	NAME(CKR_ENCRYPTED_DATA_LEN_RANGE),
	NAME(CKR_FUNCTION_CANCELED),
	NAME(CKR_FUNCTION_NOT_PARALLEL),
	NAME(CKR_FUNCTION_NOT_SUPPORTED),
	NAME(CKR_FUNCTION_REJECTED),
	NAME(CKR_KEY_HANDLE_INVALID),
	NAME(CKR_KEY_SIZE_RANGE),
	NAME(CKR_KEY_TYPE_INCONSISTENT),
	NAME(CKR_KEY_NOT_NEEDED),
	NAME(CKR_KEY_INDIGESTIBLE),
	NAME(CKR_KEY_FUNCTION_NOT_PERMITTED),
	NAME(CKR_KEY_NOT_WRAPPABLE),
	NAME(CKR_KEY_UNEXTRACTABLE),
	NAME(CKR_MECHANISM_INVALID),
	NAME(CKR_MECHANISM_PARAM_INVALID),
	NAME(CKR_OBJECT_HANDLE_INVALID),
	NAME(CKR_OPERATION_ACTIVE),
	NAME(CKR_OPERATION_NOT_INITIALIZED),
	NAME(CKR_PIN_INCORRECT),
	NAME(CKR_PIN_INVALID),
	NAME(CKR_PIN_LEN_RANGE),
	NAME(CKR_PIN_EXPIRED),
	NAME(CKR_PIN_LOCKED),
	NAME(CKR_SESSION_CLOSED),
	NAME(CKR_SESSION_COUNT),
	NAME(CKR_SESSION_HANDLE_INVALID),
	NAME(CKR_SESSION_PARALLEL_NOT_SUPPORTED),
	NAME(CKR_SESSION_READ_ONLY),
	NAME(CKR_SESSION_EXISTS),
	NAME(CKR_SESSION_READ_ONLY_EXISTS),
	NAME(CKR_SESSION_READ_WRITE_SO_EXISTS),
	NAME(CKR_SIGNATURE_INVALID),
	NAME(CKR_SIGNATURE_LEN_RANGE),
	NAME(CKR_TEMPLATE_INCOMPLETE),
	NAME(CKR_TEMPLATE_INCONSISTENT),
	NAME(CKR_TOKEN_NOT_PRESENT),
	NAME(CKR_TOKEN_NOT_RECOGNIZED),
	NAME(CKR_TOKEN_WRITE_PROTECTED),
	NAME(CKR_USER_ALREADY_LOGGED_IN),
	NAME(CKR_USER_NOT_LOGGED_IN),
	NAME(CKR_USER_PIN_NOT_INITIALIZED),
	NAME(CKR_USER_TYPE_INVALID),
	NAME(CKR_USER_ANOTHER_ALREADY_LOGGED_IN),
	NAME(CKR_USER_TOO_MANY_TYPES),
	NAME(CKR_RANDOM_SEED_NOT_SUPPORTED),
	NAME(CKR_RANDOM_NO_RNG),
	NAME(CKR_BUFFER_TOO_SMALL),
	NAME(CKR_WRAPPING_KEY_HANDLE_INVALID),
	NAME(CKR_UNWRAPPING_KEY_HANDLE_INVALID),
	NAME(CKR_SAVED_STATE_INVALID),
	NAME(CKR_STATE_UNSAVEABLE),
	NAME(CKR_CRYPTOKI_NOT_INITIALIZED),
	NAME(CKR_CRYPTOKI_ALREADY_INITIALIZED),
	NAME(CKR_MUTEX_BAD),
	NAME(CKR_MUTEX_NOT_LOCKED),
	{ API_CKR_OPERATION_CANCEL_FAILED, "CKR_OPERATION_CANCEL_FAILED" },
	{ CONF_ABSENT, "a NULL pointer in the function list" },
};

/* Profiles 3.0: what the Baseline and Extended Provider ask of everybody, and
 * the functions that have only one answer. */
static const char *const mandatory[] = {
	"C_Initialize",
	"C_Finalize",
	"C_GetInfo",
	"C_GetFunctionList",
	"C_GetSlotList",
	"C_GetSlotInfo",
	"C_GetTokenInfo",
	"C_GetMechanismList",
	"C_GetMechanismInfo",
	"C_OpenSession",
	"C_CloseSession",
	"C_CloseAllSessions",
	"C_GetSessionInfo",
	"C_Login",
	"C_Logout",
	"C_FindObjectsInit",
	"C_FindObjects",
	"C_FindObjectsFinal",
	"C_GetAttributeValue",
	"C_GetFunctionStatus",
	"C_CancelFunction",
};

const char *conf_rv_name(CK_RV rv)
{
	static char other[32];

	for (size_t i = 0; i < CONF_COUNT(rv_names); i++) {
		if (rv_names[i].rv == rv)
			return rv_names[i].name;
	}
	snprintf(other, sizeof(other), "0x%lX", rv);
	return other;
}

const char *conf_verdict_name(enum conf_verdict v)
{
	static const char *const names[] = {
		[CONF_PASSED] = "pass",
		[CONF_FAILED] = "FAIL",
		[CONF_SKIPPED] = "skip",
		[CONF_CRASHED] = "CRASH",
		[CONF_HANGS] = "HANG",
	};

	return names[v];
}

__attribute__((format(printf, 2, 0))) static void note(
    struct conf *c, const char *format, va_list args)
{
	size_t used = strlen(c->detail);

	if (used > 0 && used + 3 < sizeof(c->detail)) {
		snprintf(c->detail + used, sizeof(c->detail) - used, "; ");
		used += 2;
	}
	vsnprintf(c->detail + used, sizeof(c->detail) - used, format, args);
}

void conf_fail(struct conf *c, const char *format, ...)
{
	va_list args;

	if (c->verdict == CONF_SKIPPED)
		return; /* what follows from something missing is no fault */
	c->verdict = CONF_FAILED;
	va_start(args, format);
	note(c, format, args);
	va_end(args);
}

void conf_skip(struct conf *c, const char *format, ...)
{
	va_list args;

	if (c->verdict != CONF_PASSED)
		return;
	c->verdict = CONF_SKIPPED;
	va_start(args, format);
	note(c, format, args);
	va_end(args);
}

bool conf_mandatory(const char *call)
{
	size_t n = strcspn(call, "( ");

	for (size_t i = 0; i < CONF_COUNT(mandatory); i++) {
		if (strlen(mandatory[i]) == n &&
		    strncmp(mandatory[i], call, n) == 0)
			return true;
	}
	return false;
}

static void expected_names(const CK_RV *expected, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; expected[i] != CONF_END && used < size; i++) {
		used += (size_t)snprintf(out + used, size - used, "%s%s",
		    i > 0 ? " or " : "", conf_rv_name(expected[i]));
	}
}

bool conf_want(
    struct conf *c, const char *call, CK_RV rv, const CK_RV *expected)
{
	char names[256] = "";
	int n = (int)strcspn(call, "(");

	for (size_t i = 0; expected[i] != CONF_END; i++) {
		if (rv == expected[i])
			return true;
	}
	if (rv == CKR_FUNCTION_NOT_SUPPORTED && !conf_mandatory(call)) {
		conf_skip(c, "%.*s is not offered", n, call);
		return false;
	}
	expected_names(expected, names, sizeof(names));
	conf_fail(c, "%.*s: %s, not %s", n, call, conf_rv_name(rv), names);
	return false;
}
