/* A key behind PKCS#11. */
#include "hsm_impl.h"

#include "log.h"
#include "mem.h"
#include "secret.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIN_MAX = 256, SLOTS_MAX = 64, RETRY_SECONDS = 1 };

static const struct use uses[] = {
	[BANK_HSM_SIGN] = { CKO_PRIVATE_KEY, CKM_ECDSA, BANK_HSM_SIGNATURE,
	    "signing key" },
	[BANK_HSM_MAC] = { CKO_SECRET_KEY, CKM_SHA256_HMAC, BANK_HSM_HASH,
	    "vault key" },
};

/* PKCS#11's language: CKR_OK, or what went wrong. */
uk_err bank_hsm_failed(const char *what, CK_RV rv)
{
	uk_log(UK_LOG_ERROR, "event=hsm call=%s ckr=0x%lx", what, rv);
	return uk_fail(rv == CKR_HOST_MEMORY ? UK_ERR_MEMORY : UK_ERR_IO);
}

/* --- the PIN ------------------------------------------------------------- */

static bool is_private(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & 077) == 0 &&
	       (st.st_uid == geteuid() || st.st_uid == 0);
}

/* "file:/path" or "/path" (RFC 7512, 2.4) */
static int open_pin(const char *source)
{
	static const char scheme[] = "file:";

	if (strncmp(source, scheme, sizeof(scheme) - 1) == 0)
		source += sizeof(scheme) - 1;
	if (strncmp(source, "//", 2) == 0)
		source += 2; /* file:///path */
	return open(source, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* The first line of it. */
static uk_err read_pin(const char *source, char pin[PIN_MAX], CK_ULONG *n)
{
	int fd = open_pin(source);
	ssize_t got = -1;

	if (fd >= 0 && is_private(fd))
		got = read(fd, pin, PIN_MAX);
	if (fd >= 0)
		close(fd);
	if (got <= 0 || got == PIN_MAX)
		return uk_fail(UK_ERR_NO_PERMISSION);
	*n = 0;
	while (*n < (CK_ULONG)got && pin[*n] != '\n' && pin[*n] != '\r')
		(*n)++;
	return uk_ok();
}

/* --- session ------------------------------------------------------------- */

static void end_session(struct bank_hsm *h)
{
	if (h->has_session)
		(void)h->f->C_CloseSession(h->session);
	h->has_session = false;
}

/* From the beginning: a module that lost its machine finds it again only so. */
static void leave(struct bank_hsm *h)
{
	end_session(h);
	if (h->initialized)
		(void)h->f->C_Finalize(NULL);
	h->initialized = false;
}

static bool fits(struct bank_hsm *h, CK_SLOT_ID slot, CK_TOKEN_INFO *token)
{
	return h->f->C_GetTokenInfo(slot, token) == CKR_OK &&
	       p11_kit_uri_match_token_info(h->uri, token) != 0;
}

static uk_err find_token(struct bank_hsm *h, CK_SLOT_ID *out, CK_FLAGS *flags)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	CK_RV rv = h->f->C_GetSlotList(CK_TRUE, slots, &n);
	CK_TOKEN_INFO token;

	if (rv != CKR_OK)
		return bank_hsm_failed("C_GetSlotList", rv);
	for (CK_ULONG i = 0; i < n; i++) {
		if (!fits(h, slots[i], &token))
			continue;
		*out = slots[i];
		*flags = token.flags;
		return uk_ok();
	}
	uk_log(UK_LOG_ERROR, "event=hsm result=no-such-token");
	return uk_fail(UK_ERR_IO);
}

static uk_err log_in(struct bank_hsm *h, CK_FLAGS flags)
{
	const char *source = p11_kit_uri_get_pin_source(h->uri);
	char pin[PIN_MAX];
	CK_ULONG n = 0;
	CK_RV rv;
	uk_err err;

	if (source == NULL || (flags & CKF_LOGIN_REQUIRED) == 0)
		return uk_ok();
	if (h->pin_refused ||
	    (flags & (CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED)) != 0) {
		uk_log(UK_LOG_ERROR, "event=hsm result=pin-not-tried");
		return uk_fail(UK_ERR_PIN_BLOCKED);
	}
	err = read_pin(source, pin, &n);
	if (!uk_is_ok(err)) {
		uk_log(UK_LOG_ERROR, "event=hsm result=pin-file");
	} else {
		rv = h->f->C_Login(h->session, CKU_USER, (CK_UTF8CHAR *)pin, n);
		h->pin_refused = rv == CKR_PIN_INCORRECT ||
				 rv == CKR_PIN_LOCKED ||
				 rv == CKR_PIN_LEN_RANGE ||
				 rv == CKR_PIN_INVALID;
		if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
			err = bank_hsm_failed("C_Login", rv);
	}
	uk_wipe(pin, sizeof(pin));
	return err;
}

/* What the URI says of the object, and of which class it is. */
CK_ULONG bank_hsm_template(
    struct bank_hsm *h, CK_ATTRIBUTE out[BANK_HSM_TEMPLATE])
{
	static const CK_ATTRIBUTE_TYPE named[] = { CKA_LABEL, CKA_ID };
	CK_ULONG n = 0;

	out[n++] = (CK_ATTRIBUTE){ CKA_CLASS, &h->class, sizeof(h->class) };
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		CK_ATTRIBUTE *a = p11_kit_uri_get_attribute(h->uri, named[i]);

		if (a != NULL)
			out[n++] = *a;
	}
	return n;
}

/* Exactly one key, so that no other is used by mistake. */
static uk_err find_key(struct bank_hsm *h)
{
	CK_ATTRIBUTE template[BANK_HSM_TEMPLATE];
	CK_ULONG n = bank_hsm_template(h, template), found = 0;
	CK_OBJECT_HANDLE keys[2];
	CK_RV rv = h->f->C_FindObjectsInit(h->session, template, n);

	if (rv == CKR_OK) {
		rv = h->f->C_FindObjects(h->session, keys, 2, &found);
		(void)h->f->C_FindObjectsFinal(h->session);
	}
	if (rv != CKR_OK)
		return bank_hsm_failed("C_FindObjects", rv);
	if (found != 1) {
		uk_log(UK_LOG_ERROR, "event=hsm result=%s",
		    found == 0 ? "no-such-key" : "several-such-keys");
		return uk_fail(UK_ERR_IO);
	}
	h->key = keys[0];
	return uk_ok();
}

uk_err bank_hsm_session(struct bank_hsm *h, CK_FLAGS how)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_SLOT_ID slot;
	CK_FLAGS flags;
	CK_RV rv = CKR_OK;
	uk_err err;

	if (!h->initialized)
		rv = h->f->C_Initialize(&args);
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return bank_hsm_failed("C_Initialize", rv);
	h->initialized = true;
	UK_TRY(find_token(h, &slot, &flags));
	rv = h->f->C_OpenSession(
	    slot, CKF_SERIAL_SESSION | how, NULL, NULL, &h->session);
	if (rv != CKR_OK)
		return bank_hsm_failed("C_OpenSession", rv);
	h->has_session = true;
	err = log_in(h, flags);
	if (!uk_is_ok(err))
		end_session(h);
	return err;
}

static uk_err begin(struct bank_hsm *h)
{
	uk_err err;

	UK_TRY(bank_hsm_session(h, 0));
	err = find_key(h);
	if (!uk_is_ok(err))
		end_session(h);
	return err;
}

/* --- signing ------------------------------------------------------------- */

static CK_RV sign_once(struct bank_hsm *h, uk_bytes data, uint8_t *out)
{
	CK_MECHANISM mechanism = { h->use->mechanism, NULL, 0 };
	CK_ULONG n = h->use->size;
	CK_RV rv = h->f->C_SignInit(h->session, &mechanism, h->key);

	if (rv == CKR_OK)
		rv = h->f->C_Sign(h->session, (CK_BYTE_PTR)(uintptr_t)data.p,
		    data.n, out, &n);
	return rv == CKR_OK && n != h->use->size ? CKR_KEY_SIZE_RANGE : rv;
}

static uk_err begin_anew(struct bank_hsm *h, int64_t now)
{
	if (h->has_tried && now < h->tried + RETRY_SECONDS)
		return uk_fail(UK_ERR_IO);
	h->has_tried = true;
	h->tried = now;
	leave(h);
	return begin(h);
}

static uk_err sign(struct bank_hsm *h, uk_bytes data, int64_t now, uint8_t *out)
{
	CK_RV rv;

	if (h->has_session) {
		rv = sign_once(h, data, out);
		if (rv == CKR_OK)
			return uk_ok();
		UK_IGNORE(bank_hsm_failed("C_Sign", rv));
		end_session(h);
	}
	UK_TRY(begin_anew(h, now));
	rv = sign_once(h, data, out);
	if (rv == CKR_OK)
		return uk_ok();
	end_session(h);
	return bank_hsm_failed("C_Sign", rv);
}

uk_err bank_hsm_sign(
    struct bank_hsm *h, uk_bytes hash, int64_t now, uk_buf *signature)
{
	uint8_t raw[BANK_HSM_SIGNATURE];

	if (hash.n != BANK_HSM_HASH || h->class != CKO_PRIVATE_KEY)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(sign(h, hash, now, raw));
	uk_put(signature, UK_ARRAY(raw));
	return uk_buf_result(signature);
}

uk_err bank_hsm_mac(
    struct bank_hsm *h, uk_bytes data, int64_t now, uint8_t mac[BANK_HSM_HASH])
{
	if (h->class != CKO_SECRET_KEY)
		return uk_fail(UK_ERR_ARGUMENT);
	return sign(h, data, now, mac);
}

/* --- opening ------------------------------------------------------------- */

static uk_err load(struct bank_hsm *h, const char *path, char *why, size_t cap)
{
	CK_C_GetFunctionList get = NULL;

	h->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (h->library != NULL)
		*(void **)&get = dlsym(h->library, "C_GetFunctionList");
	if (get != NULL && get(&h->f) == CKR_OK && h->f != NULL)
		return uk_ok();
	snprintf(why, cap, "module-path of the %s: %s", h->use->name,
	    h->library == NULL ? dlerror() : "not a PKCS#11 module");
	return uk_fail(UK_ERR_NOT_FOUND);
}

static uk_err read_uri(
    struct bank_hsm *h, const char *uri, char *why, size_t cap)
{
	h->uri = p11_kit_uri_new();
	if (h->uri == NULL)
		return uk_fail(UK_ERR_MEMORY);
	if (p11_kit_uri_parse(uri, P11_KIT_URI_FOR_OBJECT_ON_TOKEN_AND_MODULE,
		h->uri) != P11_KIT_URI_OK ||
	    p11_kit_uri_any_unrecognized(h->uri) != 0 ||
	    p11_kit_uri_get_module_path(h->uri) == NULL ||
	    p11_kit_uri_get_pin_value(h->uri) != NULL) {
		snprintf(why, cap,
		    "the %s is named like pkcs11:token=T;object=K"
		    "?module-path=/M.so&pin-source=file:/P, never with its "
		    "PIN",
		    h->use->name);
		return uk_fail(UK_ERR_FORMAT);
	}
	return uk_ok();
}

uk_err bank_hsm_open(const char *uri, enum bank_hsm_use use,
    struct bank_hsm **out, char *why, size_t why_cap)
{
	struct bank_hsm *h = uk_new(sizeof(*h));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	*out = NULL;
	if (h == NULL)
		return err;
	h->use = &uses[use];
	h->class = h->use->class;
	err = read_uri(h, uri, why, why_cap);
	if (uk_is_ok(err))
		err = load(
		    h, p11_kit_uri_get_module_path(h->uri), why, why_cap);
	if (uk_is_ok(err)) {
		*out = h;
		h = NULL; /* handed over */
	}
	bank_hsm_close(&h);
	return err;
}

void bank_hsm_close(struct bank_hsm **h)
{
	if (*h == NULL)
		return;
	leave(*h);
	if ((*h)->library != NULL)
		dlclose((*h)->library);
	if ((*h)->uri != NULL)
		p11_kit_uri_free((*h)->uri);
	uk_free(*h);
	*h = NULL;
}
