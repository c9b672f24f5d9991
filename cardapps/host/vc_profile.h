/*
 * Cards made by profile: a JSON document that says which applications a card
 * has, with which PINs, keys and certificates, and in which state
 * (docs/virtual-card.md, "Profiles").
 *
 * What is not said has a usual value, so that a profile states only what its
 * test is about. Each application has a row in vc_profile.c and a file of its
 * own (vc_profile_ukey.c ...), which reads its part of the document and
 * personalises the card.
 */
#ifndef VC_PROFILE_H
#define VC_PROFILE_H

#include "secret.h"
#include "vc_card.h"
#include "vc_json.h"
#include "vc_keys.h"
#include "vc_testca.h"

/* Usual values; no secrets: they are printed in the manual. */
#define VC_PROFILE_PIN   "123456"
#define VC_PROFILE_PUK   "12345678"
#define VC_PROFILE_LABEL "Test card"

/* path NULL: a card in memory. UK_ERR_FORMAT: the document is wrong, and
 * doc->why says where and what is expected; there is no card then, nor a file.
 * Errors of vc_card_open. *ca_pem: the CA's certificate as PEM text, which the
 * caller frees with OPENSSL_free. */
UK_RESULT vc_profile_make(
    struct vc_doc *doc, const char *path, struct vc_card **card, char **ca_pem);

/* --- for the applications' files -------------------------------------------
 */

struct vc_profile {
	struct vc_card *card;
	struct vc_testca ca;
	struct vc_json at; /* the application's object */
	uk_bytes aid;      /* of the instance */
};

/* "123456", or { "value": "123456", "tries-left": 1 }. */
struct vc_profile_pin {
	uk_pin value;
	int tries_left; /* -1: all */
};
/* The caller wipes it. fallback NULL: may not be missing. */
void vc_profile_pin_of(const struct vc_json *j, const char *fallback,
    size_t min, size_t max, struct vc_profile_pin *out);

/* One certificate: an object of subject, not-before, not-after, key-usage,
 * extended-key-usage, alternative-names; or the name of a PEM file. What is not
 * said is taken from the usual wish. *der stays empty if it is `false`. */
UK_RESULT vc_profile_cert(const struct vc_profile *p, const struct vc_json *j,
    EVP_PKEY *public, const struct vc_wish *usual, uk_blob *der);

/* A private key from a PEM file without a password. */
UK_RESULT vc_profile_key_file(const struct vc_json *j, EVP_PKEY **out);
/* Its parts: p and q, or d, in bytes of secret storage. UK_ERR_UNSUPPORTED. */
struct vc_profile_parts {
	uint8_t *bytes; /* of uk_secret_new; NULL: none */
	struct vc_key_parts key;
};
UK_RESULT vc_profile_parts_of(EVP_PKEY *key, struct vc_profile_parts *out);
void vc_profile_parts_free(struct vc_profile_parts *parts);

typedef uk_err vc_profile_fn(struct vc_profile *p);
vc_profile_fn vc_profile_ukey, vc_profile_piv, vc_profile_emv;

/* What an application is told by INSTALL. */
typedef void vc_profile_params_fn(const struct vc_json *at, uk_buf *params);
vc_profile_params_fn vc_profile_iso_params;
/* Not an application that is put on the card, but the one that is there: `at`
 * is the member "issuer", `aid` the domain's. */
vc_profile_fn vc_profile_issuer;

#endif
