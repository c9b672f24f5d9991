/* The status calls. */
#include "token.h"

#include "hex.h"
#include "module.h"
#include "rv.h"
#include "scan.h"

#include <stdio.h>

#define MANUFACTURER "ukey"

CK_RV p11_info(CK_INFO *out)
{
	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	*out = (CK_INFO){ .cryptokiVersion = { 3, 0 },
		.libraryVersion = { UKEY_MAJOR, UKEY_MINOR } };
	p11_pad(out->manufacturerID, sizeof(out->manufacturerID), MANUFACTURER);
	p11_pad(out->libraryDescription, sizeof(out->libraryDescription),
	    "Bank card as key");
	return CKR_OK;
}

CK_RV p11_slot_list(bool tokens, CK_SLOT_ID_PTR list, CK_ULONG_PTR count)
{
	CK_SLOT_ID ids[P11_SLOTS_MAX];
	struct p11_slot *s;
	size_t n = 0;

	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	p11_scan_now();
	for (size_t i = 0; (s = p11_module_slot(i)) != NULL; i++) {
		if (!tokens || p11_slot_token(s) == CKR_OK)
			ids[n++] = s->id;
	}
	return p11_give_list(list, count, ids, n);
}

/* The reader's name; from the second application on with its number. */
static void describe(const struct p11_slot *s, CK_SLOT_INFO *out)
{
	const struct p11_reader *r = s->reader;
	char text[UK_READER_NAME_MAX + 8];
	size_t place = 0;

	while (place + 1 < r->slot_count && r->slots[place] != s)
		place++;
	snprintf(text, sizeof(text), place == 0 ? "%s" : "%.58s (%zu)", r->name,
	    place + 1);
	p11_pad(out->slotDescription, sizeof(out->slotDescription), text);
}

CK_RV p11_slot_info(const struct p11_slot *s, CK_SLOT_INFO *out)
{
	enum p11_verdict v = (enum p11_verdict)atomic_load(&s->verdict);

	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	*out = (CK_SLOT_INFO){ .flags = CKF_REMOVABLE_DEVICE | CKF_HW_SLOT };
	if (v == P11_OURS || v == P11_FOREIGN)
		out->flags |= CKF_TOKEN_PRESENT;
	describe(s, out);
	p11_pad(out->manufacturerID, sizeof(out->manufacturerID), MANUFACTURER);
	return CKR_OK;
}

/* Flags of one PIN; the SO's are the user's four bits further up. */
static CK_FLAGS pin_flags(const uk_pin_state *p)
{
	if (p->tries_left < 0)
		return 0;
	if (p->tries_left == 0)
		return CKF_USER_PIN_LOCKED;
	if (p->tries_left == 1)
		return CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_COUNT_LOW;
	return p->tries_left < p->tries_max ? CKF_USER_PIN_COUNT_LOW : 0;
}

static CK_FLAGS token_flags(const uk_card *c)
{
	CK_FLAGS flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED;

	if (c->pins[0].is_set)
		flags |= CKF_USER_PIN_INITIALIZED | pin_flags(&c->pins[0]);
	if (c->pins[1].is_set)
		flags |= pin_flags(&c->pins[1]) << 4;
	if (c->info.pin_pad)
		flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
	return flags;
}

/* 16 characters: a serial number of eight bytes, or the last eight of it. */
static void put_serial(CK_TOKEN_INFO *out, const uk_card_info *info)
{
	char text[sizeof(out->serialNumber) + 1];

	uk_hex_str(text, sizeof(text),
	    uk_bytes_last(uk_view(info->serial, info->serial_len), 8));
	p11_pad(out->serialNumber, sizeof(out->serialNumber), text);
}

CK_RV p11_token_info(const struct p11_slot *s, CK_TOKEN_INFO *out)
{
	CK_RV rv = p11_slot_token(s);
	const uk_card_info *info;

	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	info = &s->card->info;
	*out = (CK_TOKEN_INFO){
		.flags = token_flags(s->card),
		.ulMaxSessionCount = P11_SESSIONS_MAX,
		.ulSessionCount = s->sessions.count,
		.ulMaxRwSessionCount = P11_SESSIONS_MAX,
		.ulRwSessionCount = s->sessions.rw_count,
		.ulMaxPinLen = info->pin_max,
		.ulMinPinLen = info->pin_min,
		.ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION,
		.ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION,
		.ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION,
		.ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION,
	};
	p11_pad(out->label, sizeof(out->label), info->label);
	p11_pad(out->manufacturerID, sizeof(out->manufacturerID),
	    info->manufacturer);
	p11_pad(out->model, sizeof(out->model), info->model);
	p11_pad(out->utcTime, sizeof(out->utcTime), "");
	put_serial(out, info);
	return CKR_OK;
}

CK_RV p11_session_info(const struct p11_slot *s,
    const struct p11_session *session, CK_SESSION_INFO *out)
{
	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	*out = (CK_SESSION_INFO){ .slotID = s->id,
		.state = p11_session_state(s, session),
		.flags = CKF_SERIAL_SESSION |
			 (session->rw ? CKF_RW_SESSION : 0) };
	return CKR_OK;
}

CK_RV p11_mechanism_list(
    const struct p11_slot *s, CK_MECHANISM_TYPE_PTR list, CK_ULONG_PTR count)
{
	CK_MECHANISM_TYPE types[64];
	const struct p11_mech *m;
	CK_RV rv = p11_slot_token(s);
	size_t n = 0;

	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	for (size_t i = 0; n < sizeof(types) / sizeof(types[0]) &&
			   (m = p11_mech_at(i)) != NULL;
	     i++) {
		if (p11_mech_flags(m, s->card) != 0)
			types[n++] = m->type;
	}
	return p11_give_list(list, count, types, n);
}

CK_RV p11_mechanism_info(
    const struct p11_slot *s, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *out)
{
	const struct p11_mech *m;
	CK_RV rv = p11_slot_token(s);

	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	m = p11_mech_find(type, 0);
	if (m == NULL || p11_mech_flags(m, s->card) == 0)
		return CKR_MECHANISM_INVALID;
	*out = (CK_MECHANISM_INFO){ m->min_size, m->max_size,
		p11_mech_flags(m, s->card) };
	return CKR_OK;
}

CK_RV p11_token_facts(const struct p11_slot *s, struct ukey_token_facts *out)
{
	const uk_card_info *info;
	CK_RV rv = p11_slot_token(s);
	uk_buf kind, serial;

	if (out == NULL)
		return CKR_ARGUMENTS_BAD;
	if (rv != CKR_OK)
		return rv;
	info = &s->card->info;
	*out = (struct ukey_token_facts){
		.content_version = info->content_version,
		.pin_tries_left = s->card->pins[0].tries_left,
		.so_tries_left = s->card->pins[1].tries_left,
		.bank_proof = info->bank_proof,
	};
	kind = uk_buf_over(out->kind, sizeof(out->kind) - 1);
	serial = uk_buf_over(out->serial, sizeof(out->serial));
	uk_put_str(&kind, info->kind);
	uk_put(&serial, uk_view(info->serial, info->serial_len));
	out->serial_len = serial.len;
	return CKR_OK;
}
