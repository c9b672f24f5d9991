/* PIN, PUK and the three statuses: profile section 3. */
#include "vc_ukey.h"

#include "vc_pins.h"

enum { P1_LOGOUT = 0xff };

/* A reference is a row: which PIN object it means, what it opens. */
static const struct reference {
	uint8_t ref, object;
	size_t min;
	uint8_t tries;
} references[] = {
	{ VC_UKEY_PIN, VC_UKEY_PIN, 4, 3 },
	{ VC_UKEY_CONSENT, VC_UKEY_PIN, 4, 3 },
	{ VC_UKEY_PUK, VC_UKEY_PUK, 8, 5 },
};

static const struct reference *find(uint8_t ref)
{
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]);
	     i++) {
		if (references[i].ref == ref)
			return &references[i];
	}
	return NULL;
}

/* CHANGE knows the two PINs, not the second use of the first. */
static const struct reference *find_pin(uint8_t ref)
{
	return ref == VC_UKEY_CONSENT ? NULL : find(ref);
}

static bool *status_of(struct vc_ukey *u, uint8_t ref)
{
	if (ref == VC_UKEY_PIN)
		return &u->login;
	return ref == VC_UKEY_CONSENT ? &u->consent : &u->puk;
}

static void end_status(struct vc_ukey *u, uint8_t object)
{
	if (object == VC_UKEY_PUK) {
		u->puk = false;
		return;
	}
	u->login = u->consent = false;
}

static uint16_t try(struct vc_ukey *u, const struct reference *row, uk_bytes v)
{
	uint16_t sw = vc_pin_try(&u->app.home, row->object, v);

	if ((sw & 0xfff0) == UK_SW_TRIES)
		end_status(u, row->object);
	return sw;
}

/* The empty VERIFY: says, never counts, never opens. */
static uint16_t tell(struct vc_ukey *u, const struct reference *row)
{
	struct vc_pin_state s = vc_pin_state(&u->app.home, row->object);

	if (s.max == 0)
		return UK_SW_NO_REF;
	if (*status_of(u, row->ref))
		return UK_SW_OK;
	if (s.left == 0)
		return UK_SW_BLOCKED;
	return (uint16_t)(UK_SW_TRIES | s.left);
}

static uint16_t logout(struct vc_ukey *u, const struct reference *row)
{
	*status_of(u, row->ref) = false;
	if (row->ref == VC_UKEY_PIN)
		u->consent = false;
	return UK_SW_OK;
}

uint16_t vc_ukey_verify(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);
	const struct reference *row = find(cmd->p2);
	uk_bytes value;
	uint16_t sw;

	(void)out;
	if (cmd->p1 != 0 && cmd->p1 != P1_LOGOUT)
		return UK_SW_P1P2;
	if (row == NULL)
		return UK_SW_NO_REF;
	if (cmd->p1 == P1_LOGOUT)
		return cmd->data.n > 0 ? UK_SW_LENGTH : logout(u, row);
	if (cmd->data.n == 0)
		return tell(u, row);
	if (!vc_pin_clean(cmd->data, row->min, &value))
		return UK_SW_DATA;
	sw = try(u, row, value);
	if (sw == UK_SW_OK)
		*status_of(u, row->ref) = true;
	return sw;
}

/* Pending; then all or nothing. */
static uint16_t set(struct vc_ukey *u, const struct reference *row, uk_bytes v)
{
	uk_err err = vc_pin_put(&u->app.home, row->object, row->tries, v);

	if (uk_is_ok(err))
		err = vc_nv_commit(u->app.home.nv);
	return vc_sw(err);
}

uint16_t vc_ukey_change(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);
	const struct reference *row = find_pin(cmd->p2);
	bool replaces = cmd->p1 == 0;
	uk_bytes old, new;
	uint16_t sw;

	(void)out;
	if (cmd->p1 > 1)
		return UK_SW_P1P2;
	if (row == NULL)
		return UK_SW_NO_REF;
	if (!replaces && !vc_ukey_in_creation(u))
		return UK_SW_CONDITIONS;
	if (cmd->data.n != (replaces ? 2 * VC_PIN_SIZE : VC_PIN_SIZE))
		return UK_SW_LENGTH;
	if (!vc_pin_clean(
		uk_bytes_last(cmd->data, VC_PIN_SIZE), row->min, &new))
		return UK_SW_DATA;
	if (!replaces)
		return set(u, row, new);
	if (!vc_pin_clean(
		uk_bytes_first(cmd->data, VC_PIN_SIZE), row->min, &old))
		return UK_SW_DATA;
	sw = try(u, row, old);
	return sw == UK_SW_OK ? set(u, row, new) : sw;
}

/* --- RESET RETRY COUNTER ---------------------------------------------------
 */

static const struct reset_form {
	uint8_t p1;
	bool puk, new; /* fields in the data */
} reset_forms[] = {
	{ 0x00, true, true },
	{ 0x01, true, false },
	{ 0x02, false, true },
};

static uint16_t refill(struct vc_ukey *u)
{
	uk_err err = vc_pin_refill(&u->app.home, VC_UKEY_PIN);

	if (uk_is_ok(err))
		err = vc_nv_commit(u->app.home.nv);
	return uk_is(err, UK_ERR_NOT_FOUND) ? UK_SW_NO_REF : vc_sw(err);
}

static uint16_t reset_counter(
    struct vc_ukey *u, const struct reset_form *form, uk_bytes data)
{
	const struct reference *pin = find(VC_UKEY_PIN),
			       *puk = find(VC_UKEY_PUK);
	uk_bytes old = UK_NONE, new = UK_NONE;
	size_t fields = (form->puk ? 1U : 0U) + (form->new ? 1U : 0U);
	uint16_t sw = UK_SW_OK;

	if (data.n != fields * VC_PIN_SIZE)
		return UK_SW_LENGTH;
	if (form->puk &&
	    !vc_pin_clean(uk_bytes_first(data, VC_PIN_SIZE), puk->min, &old))
		return UK_SW_DATA;
	if (form->new &&
	    !vc_pin_clean(uk_bytes_last(data, VC_PIN_SIZE), pin->min, &new))
		return UK_SW_DATA;
	if (form->puk)
		sw = try(u, puk, old);
	else if (!u->puk)
		sw = UK_SW_SECURITY;
	if (sw != UK_SW_OK)
		return sw;
	return form->new ? set(u, pin, new) : refill(u);
}

uint16_t vc_ukey_reset_counter(
    struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	(void)out;
	for (size_t i = 0; i < sizeof(reset_forms) / sizeof(reset_forms[0]);
	     i++) {
		if (reset_forms[i].p1 != cmd->p1)
			continue;
		if (cmd->p2 != VC_UKEY_PIN)
			return UK_SW_NO_REF;
		return reset_counter(
		    vc_ukey_of(app), &reset_forms[i], cmd->data);
	}
	return UK_SW_P1P2;
}
