/* The states in which rules begin, and small services for rules. */
#include "conform.h"

#include <dlfcn.h>
#include <string.h>

/* --- loading ------------------------------------------------------------ */

/* The newest list that the module has; 2.40 and 3.0 begin alike. */
static bool take_functions(struct conf *c)
{
	CK_C_GetFunctionList get;
	CK_FUNCTION_LIST *list = NULL;
	api_interface *found = NULL;
	CK_VERSION three = { 3, 0 };
	static CK_UTF8CHAR name[] = "PKCS 11";

	get = (CK_C_GetFunctionList)dlsym(c->library, "C_GetFunctionList");
	c->get_interface = (api_interface_fn *)dlsym(
	    c->library, "C_GetInterface");
	c->get_interface_list = (api_list_fn *)dlsym(
	    c->library, "C_GetInterfaceList");
	if (c->get_interface != NULL &&
	    c->get_interface(name, &three, &found, 0) == CKR_OK &&
	    found != NULL && found->functions != NULL) {
		memcpy(&c->f, found->functions, sizeof(c->f));
		c->is_3_0 = true;
		return true;
	}
	if (get == NULL || get(&list) != CKR_OK || list == NULL)
		return false;
	memcpy(&c->f.v2, list, sizeof(c->f.v2));
	return true;
}

static bool reach_loaded(struct conf *c)
{
	c->library = dlopen(c->opt->module, RTLD_NOW | RTLD_LOCAL);
	if (c->library == NULL) {
		conf_fail(c, "the module cannot be loaded: %s", dlerror());
		return false;
	}
	return CHECK(c, take_functions(c), "C_GetFunctionList gives no list");
}

/* --- initialised -------------------------------------------------------- */

static bool choose_slot(struct conf *c)
{
	CK_SLOT_ID slots[64];
	CK_ULONG n = CONF_COUNT(slots);

	if (c->opt->slot_given) {
		c->slot = c->opt->slot;
		return true;
	}
	if (!WANT(c, C_GetSlotList(!c->opt->without_token, slots, &n), CKR_OK))
		return false;
	if (n == 0) {
		conf_fail(c, "no slot has a token");
		return false;
	}
	c->slot = slots[0];
	return true;
}

static bool reach_ready(struct conf *c)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	if (!WANT(c, C_Initialize(&args), CKR_OK) || !choose_slot(c))
		return false;
	c->n_mechs = CONF_MECHS_MAX;
	if (c->f.v2.C_GetMechanismList(c->slot, c->mechs, &c->n_mechs) !=
	    CKR_OK)
		c->n_mechs = 0;
	return true;
}

bool conf_offers(struct conf *c, CK_MECHANISM_TYPE type, CK_FLAGS flags)
{
	CK_MECHANISM_INFO info = { 0 };

	for (CK_ULONG i = 0; i < c->n_mechs; i++) {
		if (c->mechs[i] == type)
			return c->f.v2.C_GetMechanismInfo(
				   c->slot, type, &info) == CKR_OK &&
			       (info.flags & flags) == flags;
	}
	return false;
}

/* --- sessions ----------------------------------------------------------- */

CK_RV conf_open(struct conf *c, CK_FLAGS flags, CK_SESSION_HANDLE *out)
{
	return c->f.v2.C_OpenSession(
	    c->slot, CKF_SERIAL_SESSION | flags, NULL, NULL, out);
}

CK_RV conf_login(struct conf *c, CK_SESSION_HANDLE s, CK_USER_TYPE who)
{
	struct conf_secret pin = who == CKU_SO ? c->opt->so_pin : c->opt->pin;

	return c->f.v2.C_Login(s, who, pin.text, pin.len);
}

static bool reach_session(struct conf *c, CK_FLAGS flags)
{
	CK_RV rv = conf_open(c, flags, &c->s);

	return CHECK(c, rv == CKR_OK, "C_OpenSession: %s", conf_rv_name(rv));
}

static bool reach_login(struct conf *c, CK_USER_TYPE who)
{
	CK_RV rv;

	if ((who == CKU_SO ? c->opt->so_pin : c->opt->pin).len == 0) {
		conf_skip(c, "no PIN was given");
		return false;
	}
	rv = conf_login(c, c->s, who);
	return CHECK(c, rv == CKR_OK, "C_Login: %s", conf_rv_name(rv));
}

/* --- objects ------------------------------------------------------------ */

CK_ULONG conf_find(struct conf *c, CK_ATTRIBUTE *t, CK_ULONG n,
    CK_OBJECT_HANDLE *out, CK_ULONG max)
{
	CK_ULONG got = 0, all = 0;

	if (!WANT(c, C_FindObjectsInit(c->s, t, n), CKR_OK))
		return 0;
	do {
		got = 0;
		if (c->f.v2.C_FindObjects(c->s, out + all, max - all, &got) !=
		    CKR_OK)
			got = 0;
		all += got;
	} while (got > 0 && all < max);
	c->f.v2.C_FindObjectsFinal(c->s);
	return all;
}

CK_ULONG conf_find_class(
    struct conf *c, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *out, CK_ULONG max)
{
	CK_ATTRIBUTE t = { CKA_CLASS, &class, sizeof(class) };

	return conf_find(c, &t, 1, out, max);
}

bool conf_get(struct conf *c, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
    void *value, CK_ULONG len)
{
	CK_ATTRIBUTE t = { type, value, len };

	return c->f.v2.C_GetAttributeValue(c->s, o, &t, 1) == CKR_OK &&
	       t.ulValueLen == len;
}

CK_ULONG conf_get_bytes(struct conf *c, CK_OBJECT_HANDLE o,
    CK_ATTRIBUTE_TYPE type, void *value, CK_ULONG cap)
{
	CK_ATTRIBUTE t = { type, value, cap };

	if (c->f.v2.C_GetAttributeValue(c->s, o, &t, 1) != CKR_OK)
		return CK_UNAVAILABLE_INFORMATION;
	return t.ulValueLen;
}

static bool signs_freely(struct conf *c, CK_OBJECT_HANDLE o)
{
	CK_BBOOL signs = CK_FALSE, asks = CK_FALSE;

	conf_get(c, o, CKA_ALWAYS_AUTHENTICATE, &asks, sizeof(asks));
	return conf_get(c, o, CKA_SIGN, &signs, sizeof(signs)) && signs &&
	       !asks;
}

static void look_up_key(struct conf *c)
{
	CK_OBJECT_CLASS public = CKO_PUBLIC_KEY;
	CK_OBJECT_HANDLE keys[64];
	CK_ULONG n = conf_find_class(c, CKO_PRIVATE_KEY, keys, 64);
	struct conf_key *k = &c->key;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &public, sizeof(public) },
		{ CKA_ID, k->id, 0 } };

	for (CK_ULONG i = 0; i < n && k->private == 0; i++) {
		if (signs_freely(c, keys[i]))
			k->private = keys[i];
	}
	if (k->private == 0)
		return;
	conf_get(c, k->private, CKA_KEY_TYPE, &k->type, sizeof(k->type));
	k->id_len = conf_get_bytes(c, k->private, CKA_ID, k->id, sizeof(k->id));
	if (k->id_len == CK_UNAVAILABLE_INFORMATION)
		k->id_len = 0;
	t[1].ulValueLen = k->id_len;
	conf_find(c, t, 2, &k->public, 1);
}

/* --- mechanisms --------------------------------------------------------- */

/* What a role is tried with, for RSA and for elliptic curves; 0: not at all. */
static const struct {
	CK_MECHANISM_TYPE rsa, ec;
	CK_FLAGS flag;
	CK_OBJECT_CLASS class; /* of the key; 0: no key */
	CK_ATTRIBUTE_TYPE usage;
} roles[CONF_ROLES] = {
	[CONF_ROLE_DIGEST] = { CKM_SHA256, CKM_SHA256, CKF_DIGEST, 0, 0 },
	[CONF_ROLE_SIGN] = { CKM_SHA256_RSA_PKCS, CKM_ECDSA_SHA256, CKF_SIGN,
	    CKO_PRIVATE_KEY, CKA_SIGN },
	[CONF_ROLE_VERIFY] = { CKM_SHA256_RSA_PKCS, CKM_ECDSA_SHA256,
	    CKF_VERIFY, CKO_PUBLIC_KEY, CKA_VERIFY },
	[CONF_ROLE_SIGN_MESSAGES] = { CKM_SHA256_RSA_PKCS, CKM_ECDSA_SHA256,
	    API_CKF_MESSAGE_SIGN, CKO_PRIVATE_KEY, CKA_SIGN },
	[CONF_ROLE_VERIFY_MESSAGES] = { CKM_SHA256_RSA_PKCS, CKM_ECDSA_SHA256,
	    API_CKF_MESSAGE_VERIFY, CKO_PUBLIC_KEY, CKA_VERIFY },
	[CONF_ROLE_RECOVER] = { CKM_RSA_PKCS, 0, CKF_SIGN_RECOVER,
	    CKO_PRIVATE_KEY, CKA_SIGN_RECOVER },
	[CONF_ROLE_VERIFY_RECOVER] = { CKM_RSA_PKCS, 0, CKF_VERIFY_RECOVER,
	    CKO_PUBLIC_KEY, CKA_VERIFY_RECOVER },
	[CONF_ROLE_ENCRYPT] = { CKM_RSA_PKCS, 0, CKF_ENCRYPT, CKO_PUBLIC_KEY,
	    CKA_ENCRYPT },
	[CONF_ROLE_DECRYPT] = { CKM_RSA_PKCS, 0, CKF_DECRYPT, CKO_PRIVATE_KEY,
	    CKA_DECRYPT },
	[CONF_ROLE_GENERATE] = { CKM_AES_KEY_GEN, CKM_AES_KEY_GEN, CKF_GENERATE,
	    0, 0 },
	[CONF_ROLE_PAIR] = { CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN,
	    CKF_GENERATE_KEY_PAIR, 0, 0 },
	[CONF_ROLE_WRAP] = { CKM_RSA_PKCS, 0, CKF_WRAP, CKO_PUBLIC_KEY,
	    CKA_WRAP },
	[CONF_ROLE_UNWRAP] = { CKM_RSA_PKCS, 0, CKF_UNWRAP, CKO_PRIVATE_KEY,
	    CKA_UNWRAP },
	[CONF_ROLE_DERIVE] = { 0, CKM_ECDH1_DERIVE, CKF_DERIVE, CKO_PRIVATE_KEY,
	    CKA_DERIVE },
};

/* Any key of the token that may do it, without a PIN of its own. */
static void look_up_role(struct conf *c, enum conf_role role)
{
	CK_KEY_TYPE type = roles[role].rsa != 0 ? CKK_RSA : CKK_EC;
	CK_OBJECT_CLASS class = roles[role].class;
	CK_BBOOL yes = CK_TRUE, asks = CK_FALSE;
	CK_ATTRIBUTE t[] = { { CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ roles[role].usage, &yes, sizeof(yes) } };
	CK_OBJECT_HANDLE keys[16];
	CK_ULONG n = conf_find(c, t, 3, keys, CONF_COUNT(keys));

	for (CK_ULONG i = 0; i < n && c->role_keys[role] == 0; i++) {
		asks = CK_FALSE;
		conf_get(
		    c, keys[i], CKA_ALWAYS_AUTHENTICATE, &asks, sizeof(asks));
		if (!asks)
			c->role_keys[role] = keys[i];
	}
}

/* Signing and verifying are tried with one pair; the rest with what there is.
 */
void conf_look_up_keys(struct conf *c)
{
	c->key.private = c->key.public = 0;
	memset(c->role_keys, 0, sizeof(c->role_keys));
	look_up_key(c);
	for (int role = 0; role < CONF_ROLES; role++) {
		if (role == CONF_ROLE_SIGN || role == CONF_ROLE_SIGN_MESSAGES)
			c->role_keys[role] = c->key.private;
		else if (role == CONF_ROLE_VERIFY ||
			 role == CONF_ROLE_VERIFY_MESSAGES)
			c->role_keys[role] = c->key.public;
		else if (roles[role].class != 0)
			look_up_role(c, role);
	}
}

bool conf_mechanism(struct conf *c, enum conf_role role, CK_MECHANISM *out)
{
	CK_MECHANISM_TYPE rsa = roles[role].rsa, ec = roles[role].ec;
	bool use_ec = rsa == 0 || (ec != 0 && c->key.type == CKK_EC);

	*out = (CK_MECHANISM){ use_ec ? ec : rsa, NULL, 0 };
	if (role == CONF_ROLE_NONE)
		return false;
	/* Some tokens leave the padding of v1.5 to others, with good reason. */
	if (role == CONF_ROLE_DECRYPT &&
	    !conf_offers(c, CKM_RSA_PKCS, CKF_DECRYPT))
		out->mechanism = CKM_RSA_X_509;
	return conf_offers(c, out->mechanism, roles[role].flag);
}

CK_OBJECT_HANDLE conf_key_of(struct conf *c, enum conf_role role)
{
	return c->role_keys[role];
}

/* --- operations --------------------------------------------------------- */

typedef CK_RV init_fn(
    CK_SESSION_HANDLE s, CK_MECHANISM *mech, CK_OBJECT_HANDLE key);

static bool begin(
    struct conf *c, enum conf_role role, const char *name, init_fn *init)
{
	CK_MECHANISM mech;
	CK_RV rv;

	if (!conf_mechanism(c, role, &mech) || conf_key_of(c, role) == 0) {
		conf_skip(c, "%s: no mechanism with which to begin", name);
		return false;
	}
	rv = init(c->s, &mech, conf_key_of(c, role));
	return conf_want(c, name, rv, (const CK_RV[]){ CKR_OK, CONF_END });
}

static bool begin_digest(struct conf *c)
{
	CK_MECHANISM mech;

	if (!conf_mechanism(c, CONF_ROLE_DIGEST, &mech)) {
		conf_skip(c, "the token has no digests");
		return false;
	}
	return WANT(c, C_DigestInit(c->s, &mech), CKR_OK);
}

/* A module without messages has no mechanism for them, and is not asked. */
static bool begin_messages(struct conf *c, enum conf_state state)
{
	bool sign = state == CONF_SIGN_MESSAGES ||
		    state == CONF_SIGNING_MESSAGE;

	if (!c->is_3_0) {
		conf_skip(c, "the module has no interface of 3.0");
		return false;
	}
	if (!begin(c,
		sign ? CONF_ROLE_SIGN_MESSAGES : CONF_ROLE_VERIFY_MESSAGES,
		sign ? "C_MessageSignInit" : "C_MessageVerifyInit",
		sign ? c->f.v3.C_MessageSignInit : c->f.v3.C_MessageVerifyInit))
		return false;
	if (state == CONF_SIGNING_MESSAGE)
		return WANT_3_0(c, C_SignMessageBegin, (c->s, NULL, 0), CKR_OK);
	if (state == CONF_VERIFYING_MESSAGE)
		return WANT_3_0(
		    c, C_VerifyMessageBegin, (c->s, NULL, 0), CKR_OK);
	return true;
}

static bool begin_operation(struct conf *c, enum conf_state state)
{
	CK_FUNCTION_LIST *f = &c->f.v2;

	switch (state) {
	case CONF_FINDING:
		return WANT(c, C_FindObjectsInit(c->s, NULL, 0), CKR_OK);
	case CONF_DIGEST:
		return begin_digest(c);
	case CONF_DIGESTING:
		return begin_digest(c) &&
		       WANT(c, C_DigestUpdate(c->s, c->in, 3), CKR_OK);
	case CONF_SIGN:
		return begin(c, CONF_ROLE_SIGN, "C_SignInit", f->C_SignInit);
	case CONF_SIGNING:
		return begin(c, CONF_ROLE_SIGN, "C_SignInit", f->C_SignInit) &&
		       WANT(c, C_SignUpdate(c->s, c->in, 3), CKR_OK);
	case CONF_VERIFY:
		return begin(
		    c, CONF_ROLE_VERIFY, "C_VerifyInit", f->C_VerifyInit);
	case CONF_VERIFYING:
		return begin(c, CONF_ROLE_VERIFY, "C_VerifyInit",
			   f->C_VerifyInit) &&
		       WANT(c, C_VerifyUpdate(c->s, c->in, 3), CKR_OK);
	case CONF_ENCRYPT:
		return begin(
		    c, CONF_ROLE_ENCRYPT, "C_EncryptInit", f->C_EncryptInit);
	case CONF_DECRYPT:
		return begin(
		    c, CONF_ROLE_DECRYPT, "C_DecryptInit", f->C_DecryptInit);
	case CONF_RECOVER:
		return begin(c, CONF_ROLE_RECOVER, "C_SignRecoverInit",
		    f->C_SignRecoverInit);
	case CONF_VERIFY_RECOVER:
		return begin(c, CONF_ROLE_VERIFY_RECOVER, "C_VerifyRecoverInit",
		    f->C_VerifyRecoverInit);
	case CONF_SIGN_MESSAGES:
	case CONF_SIGNING_MESSAGE:
	case CONF_VERIFY_MESSAGES:
	case CONF_VERIFYING_MESSAGE:
		return begin_messages(c, state);
	default:
		conf_skip(c, "no way into this state is known");
		return false;
	}
}

bool conf_reach(struct conf *c, enum conf_state state)
{
	if (state > CONF_READY && c->opt->without_token) {
		conf_skip(c, "no token");
		return false;
	}
	if (state >= CONF_LOADED && !reach_loaded(c))
		return false;
	if (state >= CONF_READY && !reach_ready(c))
		return false;
	if (state >= CONF_RO &&
	    !reach_session(c, state == CONF_RO ? 0 : CKF_RW_SESSION))
		return false;
	if (state == CONF_SO)
		return reach_login(c, CKU_SO);
	if (state >= CONF_USER) {
		if (!reach_login(c, CKU_USER))
			return false;
		conf_look_up_keys(c);
	}
	return state <= CONF_USER || begin_operation(c, state);
}
