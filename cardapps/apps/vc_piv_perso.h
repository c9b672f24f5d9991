/*
 * What a personaliser does to a PIV application, without commands: a card's
 * first content does not depend on which PINs and keys it has already.
 *
 * app is an instance of the kind "piv" or "piv-yubico". All changes are pending
 * until vc_piv_save. Errors leave the card as it was
 * after vc_nv_abort; a personaliser gives the whole card up.
 */
#ifndef VC_PIV_PERSO_H
#define VC_PIV_PERSO_H

#include "secret.h"
#include "vc_app.h"
#include "vc_keys.h"

enum { /* key references: SP 800-73-4 part 1, table 4b */
	VC_PIV_REF_GLOBAL = 0x00,
	VC_PIV_REF_PIN = 0x80,
	VC_PIV_REF_PUK = 0x81,
	VC_PIV_REF_ADMIN = 0x9b
};

enum { /* algorithm identifiers: SP 800-78-4, table 6-2 */
	VC_PIV_3DES = 0x03,
	VC_PIV_RSA3072 = 0x05,
	VC_PIV_RSA1024 = 0x06,
	VC_PIV_RSA2048 = 0x07,
	VC_PIV_AES128 = 0x08,
	VC_PIV_AES192 = 0x0a,
	VC_PIV_AES256 = 0x0c,
	VC_PIV_P256 = 0x11,
	VC_PIV_P384 = 0x14,
	VC_PIV_RSA4096 = 0x16
};

/* When a key wants the PIN. 0: as is usual for its slot. */
enum vc_piv_policy {
	VC_PIV_NEVER = 1,
	VC_PIV_ONCE = 2,
	VC_PIV_ALWAYS = 3 /* verified by the command just before */
};

/* tries 0: as usual for this card. UK_ERR_PIN_LENGTH if the card does not take
 * such a PIN. The global PIN counts only after vc_piv_set_global. */
UK_RESULT vc_piv_set_pin(
    struct vc_app *app, uint8_t ref, uint8_t tries, const uk_pin *pin);
/* No more than so many tries left, as if somebody had guessed; 0: blocked.
 * UK_ERR_NOT_FOUND if there is no such PIN. */
UK_RESULT vc_piv_leave_tries(struct vc_app *app, uint8_t ref, uint8_t left);
/* The discovery object's PIN usage policy: the global PIN opens as well, and is
 * the one to be asked for if `primary`. */
UK_RESULT vc_piv_set_global(struct vc_app *app, bool primary);
/* 3DES or AES. UK_ERR_ARGUMENT */
UK_RESULT vc_piv_set_management_key(
    struct vc_app *app, uint8_t alg, uk_bytes key);
/* Any data object: what stands in its 53 (or 7E, 7F61). UK_ERR_NOT_FOUND: no
 * such object; UK_ERR_TOO_SMALL: too long. */
UK_RESULT vc_piv_set_object(struct vc_app *app, uint32_t tag, uk_bytes content);
/* The certificate of a slot's key, DER or gzip. */
UK_RESULT vc_piv_set_cert(
    struct vc_app *app, uint8_t slot, uk_bytes cert, bool gzip);
/* Makes a key; its public half: 7F49 { 81 82 } or 7F49 { 86 }.
 * UK_ERR_ARGUMENT: no such slot, or no such algorithm. */
UK_RESULT vc_piv_make_key(struct vc_app *app, uint8_t slot, uint8_t alg,
    uint8_t policy, uk_buf *public);
/* UK_ERR_FORMAT: the parts are no such key. */
UK_RESULT vc_piv_import_key(struct vc_app *app, uint8_t slot, uint8_t alg,
    uint8_t policy, const struct vc_key_parts *parts);
/* Writes it all. */
UK_RESULT vc_piv_save(struct vc_app *app);

#endif
