/* The PIN, the PUK, and the life cycle that setting them drives. */
#include "vc_iso.h"

#include "secret.h"
#include "vc_pins.h"

enum { PIN_MIN = 4, PIN_SIZE = VC_PIN_SIZE, PIN_TRIES = 3, PUK_TRIES = 5 };

enum vc_iso_state vc_iso_state(const struct vc_iso *a)
{
	const struct vc_home *h = &a->app.home;
	uk_bytes v;

	if (!vc_nv_get(
		h->nv, vc_home_id(h, VC_NV_DATA, VC_ISO_SET_STATE), &v) ||
	    v.n != 1)
		return VC_ISO_CREATION;
	return (enum vc_iso_state)v.p[0];
}

static uk_err put_state(struct vc_iso *a, enum vc_iso_state state)
{
	const struct vc_home *h = &a->app.home;
	const uint8_t v = (uint8_t)state;

	return vc_nv_put(
	    h->nv, vc_home_id(h, VC_NV_DATA, VC_ISO_SET_STATE), uk_view(&v, 1));
}

static bool has_pin_length(uk_bytes v)
{
	return v.n >= PIN_MIN && v.n <= PIN_SIZE;
}

/* Blocked is no status of its own: no tries left, as after the last wrong one.
 * A PUK that was never set looks the same. */
static uint16_t try(struct vc_iso *a, uint8_t which, uk_bytes value)
{
	uint8_t padded[PIN_SIZE] = { 0 };
	uk_buf b = UK_BUF(padded);
	uint16_t sw;

	uk_put(&b, value);
	sw = vc_pin_try(&a->app.home, which, UK_ARRAY(padded));
	uk_wipe(padded, sizeof(padded));
	if (sw == UK_SW_BLOCKED || sw == UK_SW_NO_REF)
		return UK_SW_TRIES;
	return sw;
}

/* Pending: padded with zeros. */
static uk_err put(
    struct vc_iso *a, uint8_t which, uint8_t tries, uk_bytes value)
{
	uint8_t padded[PIN_SIZE] = { 0 };
	uk_buf b = UK_BUF(padded);
	uk_err err;

	uk_put(&b, value);
	err = vc_pin_put(&a->app.home, which, tries, UK_ARRAY(padded));
	uk_wipe(padded, sizeof(padded));
	return err;
}

/* --- VERIFY ----------------------------------------------------------------
 */

/* Never says that the PIN was given; before there is one, that none is wanted.
 */
static uint16_t tell(const struct vc_iso *a)
{
	if (vc_iso_state(a) != VC_ISO_OPERATIONAL)
		return UK_SW_OK;
	return (uint16_t)(UK_SW_TRIES |
			  vc_pin_state(&a->app.home, VC_ISO_PIN).left);
}

uint16_t vc_iso_verify(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);
	uint16_t sw;

	(void)out;
	if (cmd->p1 != 0 || cmd->p2 != VC_ISO_PIN)
		return UK_SW_P1P2; /* also 20 FF 01: there is no logging out */
	if (cmd->data.n == 0)
		return tell(a);
	if (!has_pin_length(cmd->data))
		return UK_SW_LENGTH;
	sw = try(a, VC_ISO_PIN, cmd->data);
	a->keys_open = a->files_open = sw == UK_SW_OK;
	return sw;
}

/* --- CHANGE REFERENCE DATA -------------------------------------------------
 */

/* Pending, then all of it: a new value and where in life that leads. */
static uint16_t set(struct vc_iso *a, uint8_t which, uk_bytes value)
{
	bool pin = which == VC_ISO_PIN;
	uk_err err = put(a, which, pin ? PIN_TRIES : PUK_TRIES, value);

	if (uk_is_ok(err))
		err = put_state(
		    a, pin ? VC_ISO_OPERATIONAL : VC_ISO_INITIALISATION);
	if (uk_is_ok(err))
		err = vc_nv_commit(a->app.home.nv);
	return vc_sw(err);
}

/* Files stay open until the application is selected again, but no key is. */
static uint16_t set_first(
    struct vc_iso *a, enum vc_iso_state state, const uk_cmd *cmd)
{
	bool puk = cmd->p2 == VC_ISO_PUK;

	if (cmd->p1 != 0x01 || (cmd->p2 != VC_ISO_PIN && !puk) ||
	    (puk && state != VC_ISO_CREATION))
		return UK_SW_P1P2;
	if (puk ? cmd->data.n != PIN_SIZE : !has_pin_length(cmd->data))
		return UK_SW_LENGTH;
	return set(a, cmd->p2, cmd->data);
}

/* Old and new, both padded. The new value is not validated: keys are closed
 * until the next VERIFY, and files are as they were. */
static uint16_t replace(struct vc_iso *a, const uk_cmd *cmd)
{
	uint16_t sw;

	if (cmd->p1 != 0 || cmd->p2 != VC_ISO_PIN)
		return UK_SW_P1P2;
	if (cmd->data.n != 2 * PIN_SIZE)
		return UK_SW_LENGTH;
	a->keys_open = false;
	sw = try(a, VC_ISO_PIN, uk_bytes_first(cmd->data, PIN_SIZE));
	return sw == UK_SW_OK
		   ? set(a, VC_ISO_PIN, uk_bytes_last(cmd->data, PIN_SIZE))
		   : sw;
}

uint16_t vc_iso_change(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);
	enum vc_iso_state state = vc_iso_state(a);

	(void)out;
	return state == VC_ISO_OPERATIONAL ? replace(a, cmd)
					   : set_first(a, state, cmd);
}

/* --- RESET RETRY COUNTER ---------------------------------------------------
 */

uint16_t vc_iso_unblock(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);
	uk_bytes new = uk_bytes_from(cmd->data, PIN_SIZE);
	uint16_t sw;

	(void)out;
	if (vc_iso_state(a) != VC_ISO_OPERATIONAL)
		return VC_ISO_SW_NOT_ALLOWED;
	if (cmd->data.n < PIN_SIZE || !has_pin_length(new))
		return UK_SW_LENGTH;
	if (cmd->p1 != 0 || cmd->p2 != VC_ISO_PIN)
		return UK_SW_P1P2;
	sw = try(a, VC_ISO_PUK, uk_bytes_first(cmd->data, PIN_SIZE));
	if (sw != UK_SW_OK)
		return sw;
	a->keys_open = false;
	return set(a, VC_ISO_PIN, new);
}
