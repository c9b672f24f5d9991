/* The module as a file: three names, and loading it again and again. No service
 * runs here, or none of ours: only the loading is judged. */
#include "cmocka_all.h"
#include "cryptoki.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long resident_kib(void)
{
	char line[256];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "re");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "VmRSS: %ld", &kib) == 1)
			break;
	}
	fclose(f);
	return kib;
}

static CK_FUNCTION_LIST *load(void **library, int flags)
{
	CK_C_GetFunctionList get;
	CK_FUNCTION_LIST *list = NULL;

	*library = dlopen(MODULE, RTLD_NOW | flags);
	if (*library == NULL)
		fail_msg("%s", dlerror());
	*(void **)&get = dlsym(*library, "C_GetFunctionList");
	assert_non_null(get);
	assert_int_equal(get(&list), CKR_OK);
	return list;
}

static void once(int flags, bool initialize, bool finalize)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	void *library;
	CK_FUNCTION_LIST *f = load(&library, flags);
	CK_ULONG n;

	if (initialize) {
		assert_int_equal(f->C_Initialize(&args), CKR_OK);
		assert_int_equal(f->C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK);
	}
	if (finalize)
		assert_int_equal(f->C_Finalize(NULL), CKR_OK);
	dlclose(library);
}

static void a_thousand_times(void **state)
{
	long before;

	(void)state;
	for (int i = 0; i < 100; i++)
		once(RTLD_LOCAL, true, true);
	before = resident_kib();
	for (int i = 0; i < 1000; i++)
		once(RTLD_LOCAL, i % 10 == 0, i % 10 == 0);
	if (!SANITIZED) /* which keeps what was given back, and counts itself */
		assert_in_range(resident_kib(), 0, before + 2048);
}

static void deep_binding(void **state)
{
	(void)state;
	if (SANITIZED)
		skip();
	once(RTLD_LOCAL | RTLD_DEEPBIND, true, true);
}

/* --- twice at once -------------------------------------------------------- */

static char copy_path[] = "/tmp/ukey-module-XXXXXX";

static void copy_module(void)
{
	FILE *from = fopen(MODULE, "re"), *to = fdopen(mkstemp(copy_path), "w");
	static char buf[65536];
	size_t n;

	assert_non_null(from);
	assert_non_null(to);
	while ((n = fread(buf, 1, sizeof(buf), from)) > 0)
		assert_int_equal(fwrite(buf, 1, n, to), n);
	fclose(from);
	assert_int_equal(fclose(to), 0);
}

/* A program and a library of its that load the same file share the module: the
 * second one to initialise is told so. Two files are two modules, and neither
 * sees what the other one does. */
static void loaded_twice(void **state)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	void *first, *same, *other;
	CK_FUNCTION_LIST *a = load(&first, RTLD_LOCAL), *b;
	CK_C_GetFunctionList get;
	CK_INFO info;

	(void)state;
	assert_ptr_equal(load(&same, RTLD_LOCAL), a);
	copy_module();
	other = dlopen(copy_path, RTLD_NOW | RTLD_GLOBAL);
	unlink(copy_path);
	assert_non_null(other);
	*(void **)&get = dlsym(other, "C_GetFunctionList");
	assert_int_equal(get(&b), CKR_OK);
	assert_ptr_not_equal(a, b);
	assert_int_equal(a->C_Initialize(&args), CKR_OK);
	assert_int_equal(
	    a->C_Initialize(&args), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	assert_int_equal(b->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	assert_int_equal(b->C_Initialize(&args), CKR_OK);
	assert_int_equal(a->C_Finalize(NULL), CKR_OK);
	assert_int_equal(b->C_GetInfo(&info), CKR_OK);
	assert_int_equal(b->C_Finalize(NULL), CKR_OK);
	dlclose(other);
	dlclose(same);
	assert_int_equal(a->C_GetInfo(&info), CKR_CRYPTOKI_NOT_INITIALIZED);
	dlclose(first);
}

static void only_three_names(void **state)
{
	void *library;

	(void)state;
	(void)load(&library, RTLD_LOCAL);
	assert_non_null(dlsym(library, "C_GetInterface"));
	assert_non_null(dlsym(library, "C_GetInterfaceList"));
	assert_null(dlsym(library, "C_Initialize"));
	assert_null(dlsym(library, "C_Sign"));
	assert_null(dlsym(library, "p11_enter"));
	assert_null(dlsym(library, "uk_new_array"));
	dlclose(library);
}

/* The host forgets C_Finalize: the watcher's code must stay where it is. */
static void closed_without_finalize(void **state)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_FUNCTION_LIST *f;
	void *library;

	(void)state;
	once(RTLD_LOCAL, true, false);
	usleep(1200 * 1000); /* the watcher looks for the service again */
	f = load(&library, RTLD_LOCAL);
	assert_int_equal(
	    f->C_Initialize(&args), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	assert_int_equal(f->C_Finalize(NULL), CKR_OK);
	dlclose(library);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_three_names),
		cmocka_unit_test(a_thousand_times),
		cmocka_unit_test(deep_binding),
		cmocka_unit_test(loaded_twice),
		cmocka_unit_test(closed_without_finalize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
