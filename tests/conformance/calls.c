/*
 * Rules that are one call: the state, the call, and the results that are
 * allowed. Where texts and test suites disagree, every reading that the
 * standard permits is in the row, and a comment says so.
 */
#include "conform.h"

#include <string.h>

/* --- arguments ---------------------------------------------------------- */

static CK_RV mutex(CK_VOID_PTR m)
{
	(void)m;
	return CKR_OK;
}

static CK_RV new_mutex(CK_VOID_PTR_PTR m)
{
	static char one;

	*m = &one;
	return CKR_OK;
}

static CK_C_INITIALIZE_ARGS reserved_args = { .flags = CKF_OS_LOCKING_OK,
	.pReserved = &reserved_args };
static CK_C_INITIALIZE_ARGS one_callback = { .CreateMutex = new_mutex };
static CK_C_INITIALIZE_ARGS three_callbacks = { .CreateMutex = new_mutex,
	.LockMutex = mutex,
	.UnlockMutex = mutex,
	.flags = CKF_OS_LOCKING_OK };
static CK_C_INITIALIZE_ARGS own_mutexes = { .CreateMutex = new_mutex,
	.DestroyMutex = mutex,
	.LockMutex = mutex,
	.UnlockMutex = mutex };
static CK_C_INITIALIZE_ARGS either_mutexes = { .CreateMutex = new_mutex,
	.DestroyMutex = mutex,
	.LockMutex = mutex,
	.UnlockMutex = mutex,
	.flags = CKF_OS_LOCKING_OK };
static CK_C_INITIALIZE_ARGS no_threads = {
	.flags = CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS
};

static CK_UTF8CHAR empty[1];
static CK_UTF8CHAR one_char[] = "1";
static CK_UTF8CHAR too_long[256];
static CK_OBJECT_CLASS certificate = CKO_CERTIFICATE;
static CK_BBOOL yes = CK_TRUE;
static CK_ATTRIBUTE certificate_only = { CKA_CLASS, &certificate,
	sizeof(certificate) };
static CK_ATTRIBUTE no_class = { CKA_PRIVATE, &yes, sizeof(yes) };
static CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };

#define PIN(c)    (c)->opt->pin.text, (c)->opt->pin.len
#define SO_PIN(c) (c)->opt->so_pin.text, (c)->opt->so_pin.len
#define ANYTHING  (CK_OBJECT_HANDLE *)c->out
#define NOBODY    0x7FFFFFF1

/* --- the rows ----------------------------------------------------------- */

/* clang-format off: one rule, one row */
#define LIBRARY_CALLS                                                          \
	ROW(finalize_reserved, "5.4.2", READY, SAFE, C_Finalize(c->out),       \
	    CKR_ARGUMENTS_BAD)                                                 \
	ROW(initialize_again, "5.4.1", READY, SAFE, C_Initialize(NULL),        \
	    CKR_CRYPTOKI_ALREADY_INITIALIZED)                                  \
	ROW(initialize_reserved, "5.4.1", LOADED, SAFE,                        \
	    C_Initialize(&reserved_args), CKR_ARGUMENTS_BAD)                   \
	ROW(initialize_one_callback, "5.4.1", LOADED, SAFE,                    \
	    C_Initialize(&one_callback), CKR_ARGUMENTS_BAD)                    \
	ROW(initialize_three_callbacks, "5.4.1", LOADED, SAFE,                 \
	    C_Initialize(&three_callbacks), CKR_ARGUMENTS_BAD)                 \
	ROW(initialize_own_mutexes, "5.4.1", LOADED, SAFE,                     \
	    C_Initialize(&own_mutexes), CKR_OK, CKR_CANT_LOCK)                 \
	ROW(initialize_either_mutexes, "5.4.1", LOADED, SAFE,                  \
	    C_Initialize(&either_mutexes), CKR_OK)                             \
	ROW(initialize_no_threads, "5.4.1", LOADED, SAFE,                      \
	    C_Initialize(&no_threads), CKR_OK, CKR_NEED_TO_CREATE_THREADS)     \
	ROW(initialize_without_arguments, "5.4.1", LOADED, SAFE,               \
	    C_Initialize(NULL), CKR_OK)                                        \
	/* 5.20.1: "should simply return" it; no handle is looked at */        \
	ROW(function_status, "5.20.1", RW, SAFE, C_GetFunctionStatus(c->s),    \
	    CKR_FUNCTION_NOT_PARALLEL)                                         \
	ROW(function_status_of_nobody, "5.20.1", READY, SAFE,                  \
	    C_GetFunctionStatus(NOBODY), CKR_FUNCTION_NOT_PARALLEL)            \
	ROW(cancel_function, "5.20.2", RW, SAFE, C_CancelFunction(c->s),       \
	    CKR_FUNCTION_NOT_PARALLEL)                                         \
	ROW(cancel_function_of_nobody, "5.20.2", READY, SAFE,                  \
	    C_CancelFunction(NOBODY), CKR_FUNCTION_NOT_PARALLEL)

#define SLOT_CALLS                                                             \
	ROW(wait_for_event_reserved, "5.5.4", READY, SAFE,                     \
	    C_WaitForSlotEvent(CKF_DONT_BLOCK, (CK_SLOT_ID *)c->out, c->in),   \
	    CKR_ARGUMENTS_BAD)                                                 \
	ROW(mechanism_that_nobody_has, "5.5.6", READY, TOKEN,                  \
	    C_GetMechanismInfo(                                                \
		c->slot, 0xFFFFFFF1, (CK_MECHANISM_INFO *)c->out),             \
	    CKR_MECHANISM_INVALID)

#define SESSION_CALLS                                                          \
	ROW(open_parallel, "5.6.1", READY, SAFE,                               \
	    C_OpenSession(c->slot, 0, NULL, NULL, ANYTHING),                   \
	    CKR_SESSION_PARALLEL_NOT_SUPPORTED)                                \
	ROW(open_parallel_rw, "5.6.1", READY, SAFE,                            \
	    C_OpenSession(c->slot, CKF_RW_SESSION, NULL, NULL, ANYTHING),      \
	    CKR_SESSION_PARALLEL_NOT_SUPPORTED)                                \
	ROW(open_with_callback, "5.6.1", READY, TOKEN,                         \
	    C_OpenSession(c->slot, CKF_SERIAL_SESSION, c->in, NULL, ANYTHING), \
	    CKR_OK)                                                            \
	ROW(close_all_of_none, "5.6.3", READY, TOKEN,                          \
	    C_CloseAllSessions(c->slot), CKR_OK)                               \
	ROW(logout_of_nobody, "5.6.10", RW, SAFE, C_Logout(c->s),              \
	    CKR_USER_NOT_LOGGED_IN)                                            \
	ROW(login_twice, "5.6.8", USER, SAFE, C_Login(c->s, CKU_USER, PIN(c)), \
	    CKR_USER_ALREADY_LOGGED_IN)                                        \
	ROW(login_type_unknown, "5.6.8", RW, SAFE, C_Login(c->s, 99, PIN(c)),  \
	    CKR_USER_TYPE_INVALID)                                             \
	ROW(login_context_without_operation, "5.6.8", USER, SAFE,              \
	    C_Login(c->s, CKU_CONTEXT_SPECIFIC, PIN(c)),                       \
	    CKR_OPERATION_NOT_INITIALIZED)                                     \
	ROW(login_empty_pin, "5.6.8", RW, DESTRUCTIVE,                         \
	    C_Login(c->s, CKU_USER, empty, 0), CKR_PIN_INCORRECT)              \
	/* C_Login does not list CKR_PIN_LEN_RANGE either way */               \
	ROW(login_long_pin, "5.6.8", RW, DESTRUCTIVE,                          \
	    C_Login(c->s, CKU_USER, too_long, sizeof(too_long)),               \
	    CKR_PIN_INCORRECT)                                                 \
	/* nobody is asked for a PIN, and so it is not looked at */            \
	ROW(login_twice_wrong_pin, "5.6.8", USER, DESTRUCTIVE,                 \
	    C_Login(c->s, CKU_USER, one_char, 1), CKR_USER_ALREADY_LOGGED_IN)  \
	ROW(login_context_of_nobody, "5.6.8", RW, SAFE,                        \
	    C_Login(c->s, CKU_CONTEXT_SPECIFIC, PIN(c)),                       \
	    CKR_OPERATION_NOT_INITIALIZED, CKR_USER_NOT_LOGGED_IN)             \
	ROW(login_context_other_operation, "5.6.8", DIGEST, SAFE,              \
	    C_Login(c->s, CKU_CONTEXT_SPECIFIC, PIN(c)),                       \
	    CKR_OPERATION_NOT_INITIALIZED)                                     \
	ROW(so_login_in_ro_session, "5.6.8", RO, SO_PIN,                       \
	    C_Login(c->s, CKU_SO, SO_PIN(c)), CKR_SESSION_READ_ONLY_EXISTS)    \
	ROW(so_login_while_user, "5.6.8", USER, SO_PIN,                        \
	    C_Login(c->s, CKU_SO, SO_PIN(c)),                                  \
	    CKR_USER_ANOTHER_ALREADY_LOGGED_IN)                                \
	ROW(user_login_while_so, "5.6.8", SO, SO_PIN,                          \
	    C_Login(c->s, CKU_USER, PIN(c)),                                   \
	    CKR_USER_ANOTHER_ALREADY_LOGGED_IN)                                \
	ROW(so_login_twice, "5.6.8", SO, SO_PIN,                               \
	    C_Login(c->s, CKU_SO, SO_PIN(c)), CKR_USER_ALREADY_LOGGED_IN)      \
	ROW(ro_session_while_so, "5.6.1", SO, SO_PIN,                          \
	    C_OpenSession(c->slot, CKF_SERIAL_SESSION, NULL, NULL, ANYTHING),  \
	    CKR_SESSION_READ_WRITE_SO_EXISTS)                                  \
	/* 5.6.6: whether there is nothing to save or saving is not possible   \
	 */                                                                    \
	ROW(operation_state_of_none, "5.6.6", RW, SAFE,                        \
	    C_GetOperationState(c->s, NULL, (CK_ULONG *)c->out),               \
	    CKR_OPERATION_NOT_INITIALIZED, CKR_STATE_UNSAVEABLE)               \
	ROW(operation_state_of_nonsense, "5.6.7", RW, SAFE,                    \
	    C_SetOperationState(c->s, c->in, sizeof(c->in), 0, 0),             \
	    CKR_SAVED_STATE_INVALID)

#define PIN_CALLS                                                              \
	ROW(init_pin_as_nobody, "5.5.8", RW, DESTRUCTIVE,                      \
	    C_InitPIN(c->s, PIN(c)), CKR_USER_NOT_LOGGED_IN)                   \
	ROW(init_pin_as_user, "5.5.8", USER, DESTRUCTIVE,                      \
	    C_InitPIN(c->s, PIN(c)), CKR_USER_NOT_LOGGED_IN)                   \
	/* 5.5.8: too short may also be "not a PIN that the token takes" */    \
	ROW(init_pin_too_short, "5.5.8", SO, DESTRUCTIVE | CONF_SO_PIN,        \
	    C_InitPIN(c->s, one_char, 1), CKR_PIN_LEN_RANGE, CKR_PIN_INVALID)  \
	ROW(init_pin_too_long, "5.5.8", SO, DESTRUCTIVE | CONF_SO_PIN,         \
	    C_InitPIN(c->s, too_long, sizeof(too_long)), CKR_PIN_LEN_RANGE,    \
	    CKR_PIN_INVALID)                                                   \
	ROW(set_pin_in_ro_session, "5.5.9", RO, DESTRUCTIVE,                   \
	    C_SetPIN(c->s, PIN(c), PIN(c)), CKR_SESSION_READ_ONLY)             \
	ROW(set_pin_too_short, "5.5.9", USER, DESTRUCTIVE,                     \
	    C_SetPIN(c->s, PIN(c), one_char, 1), CKR_PIN_LEN_RANGE,            \
	    CKR_PIN_INVALID)                                                   \
	ROW(set_pin_too_long, "5.5.9", USER, DESTRUCTIVE,                      \
	    C_SetPIN(c->s, PIN(c), too_long, sizeof(too_long)),                \
	    CKR_PIN_LEN_RANGE, CKR_PIN_INVALID)

#define OBJECT_CALLS                                                           \
	ROW(find_without_begin, "5.7.8", RW, SAFE,                             \
	    C_FindObjects(c->s, ANYTHING, 1, (CK_ULONG *)c->in),               \
	    CKR_OPERATION_NOT_INITIALIZED)                                     \
	ROW(find_begin_twice, "5.7.7", FINDING, SAFE,                          \
	    C_FindObjectsInit(c->s, NULL, 0), CKR_OPERATION_ACTIVE)            \
	ROW(create_incomplete_certificate, "5.7.1", USER, SAFE,                \
	    C_CreateObject(c->s, &certificate_only, 1, ANYTHING),              \
	    CKR_TEMPLATE_INCOMPLETE)                                           \
	ROW(create_without_class, "5.7.1", USER, SAFE,                         \
	    C_CreateObject(c->s, &no_class, 1, ANYTHING),                      \
	    CKR_TEMPLATE_INCOMPLETE)                                           \
	ROW(create_from_nothing, "5.7.1", USER, SAFE,                          \
	    C_CreateObject(c->s, NULL, 0, ANYTHING), CKR_TEMPLATE_INCOMPLETE,  \
	    CKR_ARGUMENTS_BAD)

#define OPERATION_CALLS                                                        \
	ROW(random_of_length_zero, "5.19.2", RW, SAFE,                         \
	    C_GenerateRandom(c->s, c->out, 0), CKR_OK)                         \
	ROW(seed, "5.19.1", RW, SAFE, C_SeedRandom(c->s, c->in, 16), CKR_OK,   \
	    CKR_RANDOM_SEED_NOT_SUPPORTED)                                     \
	ROW(digest_while_signing, "5.12.1", SIGN, SAFE,                        \
	    C_DigestInit(c->s, &sha256), CKR_OK)                               \
	ROW(sign_after_update, "5.13.2", SIGNING, SAFE,                        \
	    C_Sign(c->s, c->in, 3, c->out, (CK_ULONG[]){ CONF_BUF }),          \
	    CKR_OPERATION_ACTIVE)                                              \
	ROW(digest_after_update, "5.12.2", DIGESTING, SAFE,                    \
	    C_Digest(c->s, c->in, 3, c->out, (CK_ULONG[]){ CONF_BUF }),        \
	    CKR_OPERATION_ACTIVE)                                              \
	ROW(verify_after_update, "5.15.2", VERIFYING, SAFE,                    \
	    C_Verify(c->s, c->in, 3, c->out, 256), CKR_OPERATION_ACTIVE)       \
	ROW(sign_with_public_key, "5.13.1", USER, SAFE,                        \
	    C_SignInit(c->s, signing(c), c->key.public),                       \
	    CKR_KEY_FUNCTION_NOT_PERMITTED, CKR_KEY_TYPE_INCONSISTENT,         \
	    CKR_KEY_HANDLE_INVALID)                                            \
	ROW(sign_of_no_data, "5.13.2", SIGN, SAFE,                             \
	    C_Sign(c->s, NULL, 0, c->out, (CK_ULONG[]){ CONF_BUF }), CKR_OK,   \
	    CKR_ARGUMENTS_BAD)                                                 \
	ROW(sign_update_of_nothing, "5.13.3", SIGN, SAFE,                      \
	    C_SignUpdate(c->s, c->in, 0), CKR_OK)                              \
	ROW(digest_of_nothing, "5.12.2", DIGEST, SAFE,                         \
	    C_Digest(c->s, c->in, 0, c->out, (CK_ULONG[]){ CONF_BUF }),        \
	    CKR_OK)                                                            \
	ROW(digest_with_parameter, "5.12.1", RW, SAFE,                         \
	    C_DigestInit(c->s, &(CK_MECHANISM){ CKM_SHA256, c->in, 5 }),       \
	    CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD)
/* clang-format on */

/* A mechanism that fits the key's type; no rule is shortened by its absence. */
static CK_MECHANISM *signing(struct conf *c)
{
	static CK_MECHANISM m;

	if (!conf_mechanism(c, CONF_ROLE_SIGN, &m) || c->key.public == 0)
		conf_skip(c, "no key pair that signs");
	return &m;
}

#define ROW(ident, clause, state, needs, call, ...)                            \
	static void call_##ident(struct conf *c, const void *row)              \
	{                                                                      \
		(void)row;                                                     \
		(void)WANT(c, call, __VA_ARGS__);                              \
	}
LIBRARY_CALLS
SLOT_CALLS
SESSION_CALLS PIN_CALLS OBJECT_CALLS OPERATION_CALLS
#undef ROW

#define ROW(ident, clause, state, needs, call, ...)                            \
	{ CHAPTER "/" #ident, clause, CONF_##state, CONF_##needs,              \
		call_##ident, NULL },

    static const struct conf_rule rules[] = {
#define CHAPTER "library"
	    LIBRARY_CALLS
#undef CHAPTER
#define CHAPTER "slots"
		SLOT_CALLS
#undef CHAPTER
#define CHAPTER "sessions"
		    SESSION_CALLS
#undef CHAPTER
#define CHAPTER "objects"
			OBJECT_CALLS
#undef CHAPTER
#define CHAPTER "operations"
			    OPERATION_CALLS
#undef CHAPTER
#define CHAPTER "pins"
				PIN_CALLS
#undef CHAPTER
    };

void conf_rules_calls(conf_visit *visit, void *arg)
{
	memset(too_long, '1', sizeof(too_long));
	for (size_t i = 0; i < CONF_COUNT(rules); i++)
		visit(&rules[i], arg);
}
