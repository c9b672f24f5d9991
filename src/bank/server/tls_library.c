/* The default provider with few decoders. */
#include "tls_library.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>

#include <stdbool.h>
#include <string.h>

enum { DECODERS = 32 };

/* A provider's functions are found by OpenSSL without an argument of ours. */
static struct {
	OSSL_LIB_CTX *whole, *quick;
	OSSL_PROVIDER *provider; /* the default one, of whole */
	OSSL_ALGORITHM decoders[DECODERS + 1];
} library;

/* Cards have keys of these kinds; "DER" hands over to them. */
static bool is_wanted(const OSSL_ALGORITHM *a)
{
	static const char *const kinds[] = { "RSA", "EC", "ED", "SM2", "DER" };

	if (strstr(a->property_definition, "structure=SubjectPublicKeyInfo") ==
	    NULL)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strncmp(a->algorithm_names, kinds[i], strlen(kinds[i])) ==
		    0)
			return true;
	}
	return false;
}

static const OSSL_ALGORITHM *few(const OSSL_ALGORITHM *all)
{
	size_t n = 0;

	for (; all != NULL && all->algorithm_names != NULL; all++) {
		if (n < DECODERS && is_wanted(all))
			library.decoders[n++] = *all;
	}
	library.decoders[n] = (OSSL_ALGORITHM){ NULL, NULL, NULL, NULL };
	return library.decoders;
}

static const OSSL_ALGORITHM *query(void *provctx, int operation, int *no_cache)
{
	const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(
	    library.provider, operation, no_cache);

	(void)provctx;
	return operation == OSSL_OP_DECODER ? few(all) : all;
}

/* Among them are the groups of TLS. */
static int capabilities(
    void *provctx, const char *name, OSSL_CALLBACK *fn, void *arg)
{
	(void)provctx;
	return OSSL_PROVIDER_get_capabilities(library.provider, name, fn, arg);
}

/* What is called gets the context that the default provider made. */
static int begin(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provctx)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
		{ OSSL_FUNC_PROVIDER_GET_CAPABILITIES,
		    (void (*)(void))capabilities },
		{ 0, NULL },
	};

	(void)handle, (void)in;
	*out = functions;
	*provctx = OSSL_PROVIDER_get0_provider_ctx(library.provider);
	return 1;
}

static bool make(void)
{
	static const char name[] = "quick-public-keys";

	library.whole = OSSL_LIB_CTX_new();
	library.quick = OSSL_LIB_CTX_new();
	if (library.whole == NULL || library.quick == NULL)
		return false;
	library.provider = OSSL_PROVIDER_load(library.whole, "default");
	return library.provider != NULL &&
	       OSSL_PROVIDER_add_builtin(library.quick, name, begin) == 1 &&
	       OSSL_PROVIDER_load(library.quick, name) != NULL;
}

OSSL_LIB_CTX *bank_tls_library(void)
{
	if (library.quick == NULL && !make()) {
		OSSL_LIB_CTX_free(library.quick);
		OSSL_LIB_CTX_free(library.whole);
		library.quick = library.whole = NULL;
	}
	return library.quick;
}
