/*
 * The walk through every function: what must hold for all of them follows from
 * the kinds of their arguments (functions.h), and so the rules are made here
 * and not written one by one.
 */
#include "conform.h"
#include "functions.h"

#include <stdio.h>
#include <string.h>

enum kind {
	NO_MORE,
	SESSION_KIND,
	SLOT,
	FLAGS,
	BOOL,
	DONT_BLOCK,
	MECH_TYPE,
	OPEN_FLAGS,
	USER,
	ZERO,
	COUNT,
	IN_LEN,
	PIN_LEN,
	OBJECT,
	KEY,
	/* pointers */
	OPTIONAL, /* NULL is right */
	RESULT,   /* where a result of fixed size goes */
	OUT,      /* NULL asks for the size */
	OUT_LEN,
	LIST, /* where results go whose number stands in the call */
	IN,
	TEMPLATE,
	MECH,
	PIN,
	LABEL,
};

enum { ARGS_MAX = 9 };

union arg {
	CK_ULONG u;
	void *p;
};

struct function {
	const char *name, *clause;
	enum conf_state state;
	enum conf_role role;
	bool is_3_0;
	enum kind kinds[ARGS_MAX];
	CK_RV (*call)(const struct api_functions *f, const union arg *a);
};

/* --- the table ---------------------------------------------------------- */

#define U(i, k) (a[i].u)
#define P(i, k) (a[i].p)
#define CALLER(list, name, ...)                                                \
	static CK_RV call_##name(                                              \
	    const struct api_functions *f, const union arg *a)                 \
	{                                                                      \
		if (f->list.name == NULL)                                      \
			return CONF_ABSENT;                                    \
		return f->list.name(__VA_ARGS__);                              \
	}
#define V2(name, clause, state, role, ...) CALLER(v2, name, __VA_ARGS__)
#define V3(name, clause, state, role, ...) CALLER(v3, name, __VA_ARGS__)

/* The flags of C_GetSlotList are a CK_BBOOL, and so on: narrower than an arg.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
ALL_FUNCTIONS
#pragma GCC diagnostic pop

#undef U
#undef P
#undef V2
#undef V3
#undef SESSION
#define SESSION SESSION_KIND
#define U(i, k) k
#define P(i, k) k
#define ROW(name, clause, state, role, v3, ...)                                \
	{ #name, clause, CONF_##state, CONF_ROLE_##role, v3, { __VA_ARGS__ },  \
		call_##name },
#define V2(name, clause, state, role, ...)                                     \
	ROW(name, clause, state, role, false, __VA_ARGS__)
#define V3(name, clause, state, role, ...)                                     \
	ROW(name, clause, state, role, true, __VA_ARGS__)

static const struct function functions[] = { ALL_FUNCTIONS };

/* --- right arguments ---------------------------------------------------- */

struct values {
	CK_ULONG len;
	CK_MECHANISM mech;
	CK_OBJECT_CLASS class;
	CK_BYTE label[32];
	CK_ATTRIBUTE template;
};

static CK_OBJECT_HANDLE any_object(struct conf *c)
{
	CK_OBJECT_HANDLE o = 0;

	/* Without a library there is nothing to ask. */
	if (c->n_mechs == 0 || c->s == 0 ||
	    conf_find_class(c, CKO_PUBLIC_KEY, &o, 1) == 0)
		return 1;
	return o;
}

static union arg right_value(
    struct conf *c, const struct function *fn, enum kind kind, struct values *v)
{
	switch (kind) {
	case SESSION_KIND:
		return (union arg){ .u = c->s };
	case SLOT:
		return (union arg){ .u = c->slot };
	case BOOL:
		return (union arg){ .u = CK_TRUE };
	case DONT_BLOCK:
		return (union arg){ .u = CKF_DONT_BLOCK };
	case MECH_TYPE:
		return (union arg){ .u = c->n_mechs > 0 ? c->mechs[0] : 0 };
	case OPEN_FLAGS:
		return (union arg){ .u = CKF_SERIAL_SESSION };
	case USER:
		return (union arg){ .u = CKU_USER };
	case COUNT:
		return (union arg){ .u = 1 };
	case IN_LEN:
		return (union arg){ .u = 16 };
	case PIN_LEN:
		return (union arg){ .u = 4 };
	case OBJECT:
		return (union arg){ .u = any_object(c) };
	case KEY:
		return (union arg){ .u = conf_key_of(c, fn->role) };
	case RESULT:
	case OUT:
	case LIST:
		return (union arg){ .p = c->out };
	case OUT_LEN:
		return (union arg){ .p = &v->len };
	case IN:
	case PIN:
		return (union arg){ .p = c->in };
	case LABEL:
		return (union arg){ .p = v->label };
	case TEMPLATE:
		return (union arg){ .p = &v->template };
	case MECH:
		return (union arg){ .p = &v->mech };
	default:
		return (union arg){ .u = 0 };
	}
}

static void right_values(struct conf *c, const struct function *fn,
    struct values *v, union arg *args)
{
	memset(v, 0, sizeof(*v));
	v->len = 512;
	v->class = CKO_PUBLIC_KEY;
	memset(v->label, ' ', sizeof(v->label));
	v->template = (CK_ATTRIBUTE){ CKA_CLASS, &v->class, sizeof(v->class) };
	v->mech.mechanism = CKM_SHA256;
	if (c->n_mechs > 0)
		conf_mechanism(c, fn->role, &v->mech);
	for (size_t i = 0; i < ARGS_MAX; i++)
		args[i] = right_value(c, fn, fn->kinds[i], v);
}

static int index_of(const struct function *fn, enum kind kind)
{
	for (int i = 0; i < ARGS_MAX && fn->kinds[i] != NO_MORE; i++) {
		if (fn->kinds[i] == kind)
			return i;
	}
	return -1;
}

static bool has(const struct function *fn, enum kind kind)
{
	return index_of(fn, kind) >= 0;
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++) {
		if (strcmp(name, *names) == 0)
			return true;
	}
	return false;
}

/* --- the rules ---------------------------------------------------------- */

/* A rule for one function; `at` is the argument in question. */
struct walk_row {
	const struct function *fn;
	int at;
};

static CK_RV call_with(
    struct conf *c, const struct walk_row *row, union arg wrong)
{
	struct values v;
	union arg args[ARGS_MAX];

	right_values(c, row->fn, &v, args);
	if (row->at >= 0)
		args[row->at] = wrong;
	return row->fn->call(&c->f, args);
}

static const CK_RV only_not_initialized[] = { CKR_CRYPTOKI_NOT_INITIALIZED,
	CONF_END };
/* 5.20: these two say one thing only, but may see the library first. */
static const CK_RV not_parallel[] = { CKR_CRYPTOKI_NOT_INITIALIZED,
	CKR_FUNCTION_NOT_PARALLEL, CONF_END };

static const CK_RV *uninitialized(const struct function *fn)
{
	return strncmp(fn->clause, "5.20", 4) == 0 ? not_parallel
						   : only_not_initialized;
}

/* Here "not supported" is no excuse: the library has to be there first. */
static void want_uninitialized(
    struct conf *c, const struct function *fn, CK_RV rv)
{
	const CK_RV *wanted = uninitialized(fn);

	if (rv != wanted[0] && rv != wanted[1])
		conf_fail(c, "%s: %s, not %s", fn->name, conf_rv_name(rv),
		    conf_rv_name(wanted[0]));
}

static void rule_before_initialize(struct conf *c, const void *arg)
{
	const struct walk_row *row = arg;

	c->s = 1;
	if (row->fn->is_3_0 && !c->is_3_0) {
		conf_skip(c, "the module has no interface of 3.0");
		return;
	}
	want_uninitialized(c, row->fn, call_with(c, row, (union arg){ 0 }));
}

static void rule_after_finalize(struct conf *c, const void *arg)
{
	const struct walk_row *row = arg;
	CK_SESSION_HANDLE s = 0;

	if (row->fn->is_3_0 && !c->is_3_0) {
		conf_skip(c, "the module has no interface of 3.0");
		return;
	}
	conf_open(c, CKF_RW_SESSION, &s);
	if (!WANT(c, C_Finalize(NULL), CKR_OK))
		return;
	c->s = s;
	c->n_mechs = 0;
	want_uninitialized(c, row->fn, call_with(c, row, (union arg){ 0 }));
}

static void want(
    struct conf *c, const struct walk_row *row, CK_RV rv, const CK_RV *expected)
{
	if (row->fn->is_3_0 && !c->is_3_0)
		conf_skip(c, "the module has no interface of 3.0");
	else
		conf_want(c, row->fn->name, rv, expected);
}

static void rule_bad_session(struct conf *c, const void *arg)
{
	static const CK_RV invalid[] = { CKR_SESSION_HANDLE_INVALID, CONF_END };
	CK_SESSION_HANDLE closed = 0;

	c->s = 0;
	want(c, arg, call_with(c, arg, (union arg){ .u = 0 }), invalid);
	want(
	    c, arg, call_with(c, arg, (union arg){ .u = 0x7FFFFFF1 }), invalid);
	if (conf_open(c, 0, &closed) == CKR_OK &&
	    c->f.v2.C_CloseSession(closed) == CKR_OK)
		want(c, arg, call_with(c, arg, (union arg){ .u = closed }),
		    invalid);
}

static void rule_bad_slot(struct conf *c, const void *arg)
{
	static const CK_RV invalid[] = { CKR_SLOT_ID_INVALID, CONF_END };

	want(
	    c, arg, call_with(c, arg, (union arg){ .u = 0x7FFFFFF1 }), invalid);
}

static void rule_bad_object(struct conf *c, const void *arg)
{
	static const CK_RV invalid[] = { CKR_OBJECT_HANDLE_INVALID, CONF_END };

	want(c, arg, call_with(c, arg, (union arg){ .u = 0 }), invalid);
	want(
	    c, arg, call_with(c, arg, (union arg){ .u = 0x7FFFFFF1 }), invalid);
}

static bool mechanism_is_offered(struct conf *c, const struct walk_row *row)
{
	CK_MECHANISM mech;

	if (row->fn->role == CONF_ROLE_NONE ||
	    conf_mechanism(c, row->fn->role, &mech))
		return true;
	conf_skip(c, "%s: no mechanism for it", row->fn->name);
	return false;
}

static bool role_is_offered(struct conf *c, const struct walk_row *row)
{
	if (!mechanism_is_offered(c, row))
		return false;
	if (row->fn->role == CONF_ROLE_NONE || !has(row->fn, KEY) ||
	    conf_key_of(c, row->fn->role) != 0)
		return true;
	conf_skip(c, "%s: no key for it", row->fn->name);
	return false;
}

static void rule_bad_key(struct conf *c, const void *arg)
{
	/* C_WrapKey and C_UnwrapKey have words of their own. */
	static const CK_RV others[CONF_ROLES] = {
		[CONF_ROLE_WRAP] = CKR_WRAPPING_KEY_HANDLE_INVALID,
		[CONF_ROLE_UNWRAP] = CKR_UNWRAPPING_KEY_HANDLE_INVALID,
	};
	const struct walk_row *row = arg;
	CK_RV invalid[] = { CKR_KEY_HANDLE_INVALID, CONF_END };

	if (!mechanism_is_offered(c, row))
		return;
	if (others[row->fn->role] != 0)
		invalid[0] = others[row->fn->role];
	want(c, row, call_with(c, row, (union arg){ .u = 0 }), invalid);
	want(
	    c, row, call_with(c, row, (union arg){ .u = 0x7FFFFFF1 }), invalid);
}

static void rule_bad_mechanism(struct conf *c, const void *arg)
{
	static const CK_RV invalid[] = { CKR_MECHANISM_INVALID, CONF_END };
	CK_MECHANISM unknown = { CKM_VENDOR_DEFINED | 0x7FFFFFF1, NULL, 0 };

	if (role_is_offered(c, arg))
		want(c, arg, call_with(c, arg, (union arg){ .p = &unknown }),
		    invalid);
}

static void rule_no_operation(struct conf *c, const void *arg)
{
	static const CK_RV none[] = { CKR_OPERATION_NOT_INITIALIZED, CONF_END };

	want(c, arg, call_with(c, arg, (union arg){ 0 }), none);
}

static void rule_init_twice(struct conf *c, const void *arg)
{
	static const CK_RV ok[] = { CKR_OK, CONF_END };
	static const CK_RV active[] = { CKR_OPERATION_ACTIVE, CONF_END };

	if (!role_is_offered(c, arg))
		return;
	want(c, arg, call_with(c, arg, (union arg){ 0 }), ok);
	want(c, arg, call_with(c, arg, (union arg){ 0 }), active);
}

/* What NULL leads to. 5.2: an output buffer that is NULL asks for the size, and
 * only must not crash. 5.13.1 and the like: a NULL mechanism ends the operation
 * in 3.0, and is a bad argument in 2.40; without an operation there is nothing
 * to end, and the standard does not say what is answered then. */
static const CK_RV bad[] = { CKR_ARGUMENTS_BAD, CONF_END };
static const CK_RV cancels[] = { CKR_ARGUMENTS_BAD, CKR_OK,
	CKR_OPERATION_NOT_INITIALIZED, CONF_END };

static const CK_RV *null_results(const struct function *fn, enum kind kind)
{
	if (kind == OUT)
		return NULL;
	if (kind == MECH && !has(fn, RESULT) && !has(fn, OUT))
		return cancels;
	return bad;
}

static void rule_null(struct conf *c, const void *arg)
{
	const struct walk_row *row = arg;
	const CK_RV *expected = null_results(row->fn, row->fn->kinds[row->at]);
	CK_RV rv = call_with(c, row, (union arg){ .p = NULL });

	if (expected != NULL && role_is_offered(c, row))
		want(c, row, rv, expected);
}

/* Without the operation that the call belongs to: it survives, and does
 * nothing. */
static void rule_null_idle(struct conf *c, const void *arg)
{
	const struct walk_row *row = arg;
	CK_RV rv = call_with(c, row, (union arg){ .p = NULL });

	CHECK(c, rv != CKR_OK, "%s: CKR_OK, and nothing was begun",
	    row->fn->name);
}

static void rule_present(struct conf *c, const void *arg)
{
	const struct walk_row *row = arg;
	struct values v;
	union arg args[ARGS_MAX];

	if (row->fn->is_3_0 && !c->is_3_0) {
		conf_skip(c, "the module has no interface of 3.0");
		return;
	}
	/* C_Initialize in the state of nothing but loading may do what it
	 * likes; the others are not called, only looked for. */
	right_values(c, row->fn, &v, args);
	if (strcmp(row->fn->name, "C_Initialize") == 0)
		return;
	CHECK(c, row->fn->call(&c->f, args) != CONF_ABSENT,
	    "%s is NULL in the function list", row->fn->name);
}

/* --- making them -------------------------------------------------------- */

static const char *const no_library_needed[] = { "C_Initialize",
	"C_GetFunctionList", "C_GetInterfaceList", "C_GetInterface", NULL };

static bool is_pointer(enum kind kind)
{
	return kind > OPTIONAL;
}

/* NULL for a PIN may make a careless module spend a try, and C_InitToken with a
 * NULL label may make it start. */
static int needs_of_null(const struct function *fn)
{
	return (has(fn, PIN) ? CONF_DESTRUCTIVE : 0) |
	       (has(fn, SLOT) ? CONF_TOKEN : 0) |
	       (fn->state == CONF_SO ? CONF_SO_PIN : 0);
}

static void show(conf_visit *visit, void *arg, const char *what,
    const struct function *fn, int at, enum conf_state state, int needs,
    void (*run)(struct conf *c, const void *row))
{
	struct walk_row row = { fn, at };
	char name[96];
	struct conf_rule rule = { name, fn->clause, state, needs, run, &row };

	if (run == rule_null || run == rule_null_idle)
		snprintf(
		    name, sizeof(name), "%s/%s/%d", what, fn->name, at + 1);
	else
		snprintf(name, sizeof(name), "%s/%s", what, fn->name);
	visit(&rule, arg);
}

static void visit_library(
    const struct function *fn, conf_visit *visit, void *arg)
{
	show(visit, arg, "present", fn, -1, CONF_LOADED, CONF_SAFE,
	    rule_present);
	if (is_one_of(fn->name, no_library_needed))
		return;
	show(visit, arg, "before-initialize", fn, -1, CONF_LOADED, CONF_SAFE,
	    rule_before_initialize);
	show(visit, arg, "after-finalize", fn, -1, CONF_READY, CONF_SAFE,
	    rule_after_finalize);
}

static void visit_handles(
    const struct function *fn, conf_visit *visit, void *arg)
{
	if (has(fn, SESSION_KIND) && strncmp(fn->clause, "5.20", 4) != 0)
		show(visit, arg, "bad-session", fn, 0, CONF_READY, CONF_SAFE,
		    rule_bad_session);
	if (has(fn, SLOT))
		show(visit, arg, "bad-slot", fn, index_of(fn, SLOT), CONF_READY,
		    CONF_SAFE, rule_bad_slot);
	if (has(fn, OBJECT) && fn->role == CONF_ROLE_NONE)
		show(visit, arg, "bad-object", fn, index_of(fn, OBJECT),
		    CONF_USER, CONF_SAFE, rule_bad_object);
	if (has(fn, KEY) && has(fn, MECH))
		show(visit, arg, "bad-key", fn, index_of(fn, KEY), CONF_USER,
		    CONF_SAFE, rule_bad_key);
	if (has(fn, MECH))
		show(visit, arg, "bad-mechanism", fn, index_of(fn, MECH),
		    CONF_USER, CONF_SAFE, rule_bad_mechanism);
}

static void visit_states(
    const struct function *fn, conf_visit *visit, void *arg)
{
	size_t n = strlen(fn->name);

	if (fn->state >= CONF_FINDING &&
	    strcmp(fn->name, "C_GetOperationState") != 0)
		show(visit, arg, "no-operation", fn, -1, CONF_USER, CONF_SAFE,
		    rule_no_operation);
	if (n > 4 && strcmp(fn->name + n - 4, "Init") == 0)
		show(visit, arg, "init-twice", fn, -1, CONF_USER, CONF_SAFE,
		    rule_init_twice);
}

/* For messages and dual functions there is only the state without them. */
static void visit_pointers(
    const struct function *fn, conf_visit *visit, void *arg)
{
	bool idle = fn->state >= CONF_FINDING;

	for (int i = 0; i < ARGS_MAX && fn->kinds[i] != NO_MORE; i++) {
		if (!is_pointer(fn->kinds[i]))
			continue;
		if (fn->state < CONF_MESSAGE)
			show(visit, arg, "null", fn, i, fn->state,
			    needs_of_null(fn), rule_null);
		if (idle)
			show(visit, arg, "null-idle", fn, i, CONF_USER,
			    CONF_SAFE, rule_null_idle);
	}
}

void conf_rules_walk(conf_visit *visit, void *arg)
{
	static void (*const passes[])(const struct function *fn,
	    conf_visit *visit, void *arg) = { visit_library, visit_handles,
		visit_states, visit_pointers };

	for (size_t i = 0; i < CONF_COUNT(passes); i++) {
		for (size_t j = 0; j < CONF_COUNT(functions); j++)
			passes[i](&functions[j], visit, arg);
	}
}
