/*
 * The personaliser: speaks to a card inside this process in the profile's own
 * commands, as a bank's machine would through a reader.
 */
#ifndef VC_PERSO_H
#define VC_PERSO_H

#include "apdu.h"
#include "secret.h"
#include "vc_card.h"
#include "vc_keys.h"

#include <openssl/evp.h>

enum { VC_ANSWER_MAX = 8192, VC_ID_SIZE = 20, VC_DIR_MAX = 4096 };

/* References of docs/card-profile.md, sections 3 and 4. */
enum {
	VC_REF_PIN = 0x81,
	VC_REF_CONSENT = 0x82,
	VC_REF_PUK = 0x83,
	VC_REF_AUTH = 0x01,
	VC_REF_SIGN = 0x02,
	VC_REF_BANK = 0x10,
	VC_FLAG_PROOF = 0x01
};

/* Sends; the answer's data is a view, good until the next command; UK_ERR_* of
 * uk_sw_err with the status word in .sw. */
UK_RESULT vc_say(struct vc_card *card, const uk_cmd *cmd, uk_bytes *answer);

/* What SELECT and the status template tell. UK_ERR_CARD_UNKNOWN: no U-key
 * application. */
struct vc_status {
	bool operational;
	uint8_t serial[8];
	uint32_t content_version;
	uint8_t pin_max, pin_left, puk_max, puk_left;
	uint8_t flags;
	char label[33];
};
UK_RESULT vc_perso_select(struct vc_card *card, struct vc_status *out);
/* The same of an instance with another name. */
UK_RESULT vc_perso_select_aid(
    struct vc_card *card, uk_bytes aid, struct vc_status *out);

UK_RESULT vc_perso_verify(struct vc_card *card, uint8_t ref, const uk_pin *pin);
/* CHANGE REFERENCE DATA in its setting form. */
UK_RESULT vc_perso_set_pin(
    struct vc_card *card, uint8_t ref, const uk_pin *pin);
UK_RESULT vc_perso_put_data(struct vc_card *card, uk_bytes objects);
/* Appends, for vc_perso_put_data, the bank's key (a PEM file) and that the
 * transaction key wants its proof. UK_ERR_CERT_PURPOSE */
UK_RESULT vc_perso_put_bank(uk_buf *out, const char *path);

/* Whole files by identifier: not there reads as empty, and is made. */
UK_RESULT vc_perso_read(struct vc_card *card, uint16_t fid, uk_buf *out);
UK_RESULT vc_perso_write(struct vc_card *card, uint16_t fid, uk_bytes content);

/* Makes the key pair; its public half, which the caller frees. */
UK_RESULT vc_perso_generate(
    struct vc_card *card, uint8_t ref, const char *type_name, EVP_PKEY **out);
/* With a usage byte (docs/card-profile.md, section 4); references 3 to 15. */
UK_RESULT vc_perso_generate_for(struct vc_card *card, uint8_t ref,
    const char *type_name, uint8_t usage, EVP_PKEY **out);
UK_RESULT vc_perso_import(struct vc_card *card, uint8_t ref,
    const char *type_name, uint8_t usage, const struct vc_key_parts *key);
/* rsa2048, p256 ...; false if there is no such type. */
bool vc_perso_knows_type(const char *type_name);
/* The public half as the card's PuKDF tells it. UK_ERR_NOT_FOUND. */
UK_RESULT vc_perso_public(struct vc_card *card, uint8_t ref, EVP_PKEY **out);
/* Signs a finished hash of this length with key 1 or 2; raw. */
UK_RESULT vc_perso_sign(struct vc_card *card, uint8_t ref, EVP_PKEY *public,
    uk_bytes hash, uk_buf *sig);

/* --- directory files (vc_directory.c) --------------------------------------
 */

/* Everything but certificates: EF.OD, EF.CIAInfo, AODF, PrKDF, PuKDF. */
UK_RESULT vc_directory_write(struct vc_card *card,
    const struct vc_status *status, EVP_PKEY *const keys[2]);
/* The certificate's file, and its line in the CDF. */
UK_RESULT vc_directory_put_cert(
    struct vc_card *card, uint8_t ref, EVP_PKEY *public, uk_bytes der);
/* A further key, 3 to 15: its lines in PrKDF and PuKDF. */
struct vc_directory_key {
	uint8_t ref;
	const char *label;
	uint8_t usage; /* docs/card-profile.md, section 4 */
	EVP_PKEY *public;
};
UK_RESULT vc_directory_add_key(
    struct vc_card *card, const struct vc_directory_key *key);
/* SHA-1 of the subjectPublicKey bits, as in a subjectKeyIdentifier. */
UK_RESULT vc_directory_id(EVP_PKEY *public, uint8_t id[VC_ID_SIZE]);

/* Both key pairs and all directory files: what a new card needs. The caller
 * frees the public halves, also after a failure. */
UK_RESULT vc_perso_make_keys(
    struct vc_card *card, const char *type_name, EVP_PKEY *keys[2]);

/* --- certificate requests (vc_request.c) ------------------------------------
 */

/* A PKCS#10 request as PEM text, which the caller frees with OPENSSL_free. */
UK_RESULT vc_request_make(
    struct vc_card *card, uint8_t ref, const char *subject, char **pem);

#endif
