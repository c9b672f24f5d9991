/* The library and its interfaces: 5.4. */
#include "conform.h"

#include <dlfcn.h>
#include <string.h>

static void cycles(struct conf *c, const void *row)
{
	CK_SESSION_HANDLE s;
	CK_INFO info;

	(void)row;
	for (int i = 0; i < 20; i++) {
		if (!WANT(c, C_Initialize(NULL), CKR_OK) ||
		    !WANT(c, C_GetInfo(&info), CKR_OK) ||
		    !WANT(c, C_Finalize(NULL), CKR_OK))
			return;
	}
	WANT(c, C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	WANT(c, C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s),
	    CKR_CRYPTOKI_NOT_INITIALIZED);
}

/* Blank padded, as C_GetInfo and its like must: no NUL anywhere. */
static void info(struct conf *c, const void *row)
{
	CK_INFO i;

	(void)row;
	memset(&i, 0xA5, sizeof(i));
	if (!WANT(c, C_GetInfo(&i), CKR_OK))
		return;
	CHECK(c, i.cryptokiVersion.major >= 2, "cryptokiVersion is %u.%u",
	    i.cryptokiVersion.major, i.cryptokiVersion.minor);
	CHECK(c, i.flags == 0, "flags are 0x%lX", i.flags);
	CHECK(c, memchr(i.manufacturerID, 0, sizeof(i.manufacturerID)) == NULL,
	    "manufacturerID has a NUL");
	CHECK(c,
	    memchr(i.libraryDescription, 0, sizeof(i.libraryDescription)) ==
		NULL,
	    "libraryDescription has a NUL");
}

static void same_list(struct conf *c, const void *row)
{
	CK_FUNCTION_LIST *a = NULL, *b = NULL;

	(void)row;
	WANT(c, C_GetFunctionList(&a), CKR_OK);
	WANT(c, C_GetFunctionList(&b), CKR_OK);
	CHECK(c, a == b && a != NULL, "the list moves");
	CHECK(c, a != NULL && a->version.major == 2,
	    "C_GetFunctionList gives a list of %u.%u", a->version.major,
	    a->version.minor);
}

/* --- interfaces --------------------------------------------------------- */

static bool has_interfaces(struct conf *c)
{
	if (c->get_interface != NULL && c->get_interface_list != NULL)
		return true;
	conf_skip(c, "C_GetInterface is not exported");
	return false;
}

static void want_interface(
    struct conf *c, const char *what, CK_RV rv, const CK_RV *expected)
{
	char call[64] = "C_GetInterface ";

	strncat(call, what, sizeof(call) - strlen(call) - 1);
	conf_want(c, call, rv, expected);
}

static const CK_RV ok[] = { CKR_OK, CONF_END };
/* 5.4.6 lists both and prescribes neither. */
static const CK_RV no_match[] = { CKR_ARGUMENTS_BAD, CKR_FUNCTION_FAILED,
	CONF_END };

static void interface_list(struct conf *c, const void *row)
{
	api_interface list[16];
	CK_ULONG n = 0, cap;

	(void)row;
	if (!has_interfaces(c))
		return;
	conf_want(c, "C_GetInterfaceList", c->get_interface_list(NULL, NULL),
	    (const CK_RV[]){ CKR_ARGUMENTS_BAD, CONF_END });
	conf_want(c, "C_GetInterfaceList for the count",
	    c->get_interface_list(NULL, &n), ok);
	if (!CHECK(c, n > 0 && n < 16, "%lu interfaces", n))
		return;
	cap = n - 1;
	conf_want(c, "C_GetInterfaceList with too little room",
	    c->get_interface_list(list, &cap),
	    (const CK_RV[]){ CKR_BUFFER_TOO_SMALL, CONF_END });
	CHECK(c, cap == n, "too little room: count %lu, not %lu", cap, n);
	cap = 16;
	conf_want(c, "C_GetInterfaceList with more room",
	    c->get_interface_list(list, &cap), ok);
	if (!CHECK(c, cap == n, "more room: count %lu, not %lu", cap, n))
		return;
	for (CK_ULONG i = 0; i < n; i++)
		CHECK(c, list[i].name != NULL && list[i].functions != NULL,
		    "interface %lu is empty", i);
}

static void interface_default(struct conf *c, const void *row)
{
	api_interface *a = NULL, *b = NULL;

	(void)row;
	if (!has_interfaces(c))
		return;
	want_interface(
	    c, "of no name", c->get_interface(NULL, NULL, &a, 0), ok);
	want_interface(c, "again", c->get_interface(NULL, NULL, &b, 0), ok);
	if (a == NULL || b == NULL)
		return;
	CHECK(c, strcmp((const char *)a->name, "PKCS 11") == 0,
	    "the default interface is '%s'", (const char *)a->name);
	CHECK(c, a->functions == b->functions, "the list moves");
}

static CK_RV ask(
    struct conf *c, const char *name, unsigned version, CK_FLAGS flags)
{
	CK_UTF8CHAR text[32] = "";
	CK_VERSION v = { (CK_BYTE)(version >> 8), (CK_BYTE)version };
	api_interface *out = NULL;

	strncpy((char *)text, name, sizeof(text) - 1);
	return c->get_interface(text, version == 0 ? NULL : &v, &out, flags);
}

/* What is listed is also found, by its name and very version. */
static void interface_listed(struct conf *c)
{
	api_interface list[16], *out;
	CK_ULONG n = CONF_COUNT(list);

	conf_want(c, "C_GetInterfaceList", c->get_interface_list(list, &n), ok);
	for (CK_ULONG i = 0; i < n && c->verdict == CONF_PASSED; i++) {
		CK_VERSION *v = list[i].functions;

		out = NULL;
		want_interface(c, "of the list",
		    c->get_interface(list[i].name, v, &out, list[i].flags), ok);
		CHECK(c, out != NULL && out->functions == list[i].functions,
		    "interface %lu of the list is another one", i);
	}
}

static void interface_match(struct conf *c, const void *row)
{
	(void)row;
	if (!has_interfaces(c))
		return;
	interface_listed(c);
	want_interface(c, "PKCS 11, any", ask(c, "PKCS 11", 0, 0), ok);
	want_interface(c, "3.0", ask(c, "PKCS 11", 0x0300, 0), ok);
	want_interface(c, "4.50", ask(c, "PKCS 11", 0x0432, 0), no_match);
	want_interface(c, "3.99", ask(c, "PKCS 11", 0x0363, 0), no_match);
	want_interface(c, "of another name", ask(c, "PKCS 12", 0, 0), no_match);
	/* "must match all supplied flags" */
	want_interface(c, "with an unknown flag",
	    ask(c, "PKCS 11", 0, 1UL << 20), no_match);
}

/* --- loading ------------------------------------------------------------ */

static void unload(struct conf *c, const void *row)
{
	(void)row;
	if (!WANT(c, C_Initialize(NULL), CKR_OK) ||
	    !WANT(c, C_Finalize(NULL), CKR_OK))
		return;
	CHECK(c, dlclose(c->library) == 0, "dlclose: %s", dlerror());
	c->library = dlopen(c->opt->module, RTLD_NOW | RTLD_LOCAL);
	CHECK(c, c->library != NULL, "the module loads only once");
}

static const struct conf_rule rules[] = {
	{ "library/initialize_finalize_twenty_times", "5.4.1", CONF_LOADED, 0,
	    cycles, NULL },
	{ "library/info", "5.4.3", CONF_READY, 0, info, NULL },
	{ "library/function_list_stays", "5.4.4", CONF_LOADED, 0, same_list,
	    NULL },
	{ "library/interface_list", "5.4.5", CONF_LOADED, 0, interface_list,
	    NULL },
	{ "library/interface_default", "5.4.6", CONF_LOADED, 0,
	    interface_default, NULL },
	{ "library/interface_match", "5.4.6", CONF_LOADED, 0, interface_match,
	    NULL },
	{ "library/unload_and_load", "5.4.2", CONF_LOADED, 0, unload, NULL },
};

const struct conf_rules conf_library_rules = { rules, CONF_COUNT(rules) };
