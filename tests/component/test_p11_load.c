/* The module as a file: three names, and loading it again and again. No service
 * runs here, or none of ours: only the loading is judged. */
#include "cmocka_all.h"
#include "cryptoki.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
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
	assert_in_range(resident_kib(), 0, before + 2048);
}

static void deep_binding(void **state)
{
	(void)state;
	once(RTLD_LOCAL | RTLD_DEEPBIND, true, true);
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
		cmocka_unit_test(closed_without_finalize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
