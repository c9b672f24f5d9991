/* PIN, global PIN and PUK: SP 800-73-4 part 2, 2.4.3, 3.2.1 to 3.2.3. */
#include "vc_piv.h"

#include "vc_pins.h"

enum { PAD = 0xff, P1_LOGOUT = 0xff, PIN_MIN = 6 };

static const uint8_t first_pin[] = { '1', '2', '3', '4', '5', '6', PAD, PAD };
static const uint8_t first_puk[] = { '1', '2', '3', '4', '5', '6', '7', '8' };

static bool global_counts(const struct vc_piv *p)
{
	return (vc_piv_pin_usage(p) & VC_PIV_GLOBAL_PIN) != 0;
}

bool vc_piv_is_open(const struct vc_piv *p)
{
	return p->pin || (p->global && global_counts(p));
}

/* May this reference stand in P2? */
static bool knows(const struct vc_piv *p, uint8_t ref)
{
	return ref == VC_PIV_REF_PIN ||
	       (ref == VC_PIV_REF_GLOBAL && global_counts(p));
}

/* NULL: the PUK opens nothing by itself. */
static bool *status_of(struct vc_piv *p, uint8_t ref)
{
	if (ref == VC_PIV_REF_PUK)
		return NULL;
	return ref == VC_PIV_REF_PIN ? &p->pin : &p->global;
}

static void set_status(struct vc_piv *p, uint8_t ref, bool value)
{
	if (status_of(p, ref) != NULL)
		*status_of(p, ref) = value;
}

/* Eight bytes: the value, then FF and nothing else. */
static bool is_padded(uk_bytes field, size_t *value_len)
{
	size_t n = 0;

	if (field.n != VC_PIV_FIELD)
		return false;
	while (n < field.n && field.p[n] != PAD)
		n++;
	*value_len = n;
	for (; n < field.n; n++) {
		if (field.p[n] != PAD)
			return false;
	}
	return true;
}

/* Looked at before anything is counted or compared. */
static bool is_good_field(const struct vc_piv *p, uint8_t ref, uk_bytes field)
{
	const struct vc_piv_traits *traits = vc_piv_traits(p);
	size_t n;

	if (!is_padded(field, &n))
		return false;
	if (ref == VC_PIV_REF_PUK)
		return n >= traits->puk_min;
	for (size_t i = 0; traits->pin_digits && i < n; i++) {
		if (field.p[i] < '0' || field.p[i] > '9')
			return false;
	}
	return n >= PIN_MIN;
}

static uint16_t try(struct vc_piv *p, uint8_t ref, uk_bytes field)
{
	uint16_t sw = vc_pin_try(&p->app.home, ref, field);

	if (sw == UK_SW_OK || (sw & 0xfff0) == UK_SW_TRIES)
		set_status(p, ref, sw == UK_SW_OK);
	return sw;
}

static uk_bytes as_delivered(uint8_t ref)
{
	return ref == VC_PIV_REF_PUK ? UK_ARRAY(first_puk)
				     : UK_ARRAY(first_pin);
}

uk_err vc_piv_put_pin(
    struct vc_piv *p, uint8_t ref, uint8_t tries, uk_bytes field)
{
	static const uint8_t yes[] = { 1 };
	struct vc_nv_id mark = vc_piv_id(
	    p, VC_NV_DATA, VC_PIV_SET_DEFAULT + ref);

	if (!is_good_field(p, ref, field))
		return uk_fail(UK_ERR_PIN_LENGTH);
	vc_nv_drop(p->app.home.nv, mark);
	if (uk_bytes_eq(field, as_delivered(ref)))
		UK_TRY(vc_nv_put(p->app.home.nv, mark, UK_ARRAY(yes)));
	return vc_pin_put(&p->app.home, ref, tries, field);
}

uk_err vc_piv_put_first_pins(
    struct vc_piv *p, uint8_t pin_tries, uint8_t puk_tries)
{
	UK_TRY(
	    vc_piv_put_pin(p, VC_PIV_REF_PIN, pin_tries, UK_ARRAY(first_pin)));
	return vc_piv_put_pin(
	    p, VC_PIV_REF_PUK, puk_tries, UK_ARRAY(first_puk));
}

bool vc_piv_pin_as_delivered(const struct vc_piv *p, uint8_t ref)
{
	return vc_piv_get(p, VC_NV_DATA, VC_PIV_SET_DEFAULT + ref).n > 0;
}

/* All or nothing. */
static uint16_t set(struct vc_piv *p, uint8_t ref, uk_bytes field)
{
	uint8_t tries = vc_pin_state(&p->app.home, ref).max;
	uk_err err = vc_piv_put_pin(p, ref, tries, field);

	return uk_is_ok(err) ? vc_piv_commit(p) : vc_sw(err);
}

/* --- VERIFY ----------------------------------------------------------------
 */

static uint16_t tell(struct vc_piv *p, uint8_t ref)
{
	struct vc_pin_state s = vc_pin_state(&p->app.home, ref);

	if (s.max == 0)
		return UK_SW_NO_REF;
	if (*status_of(p, ref))
		return UK_SW_OK;
	return s.left == 0 ? UK_SW_BLOCKED : (uint16_t)(UK_SW_TRIES | s.left);
}

static uint16_t logout(struct vc_piv *p, const uk_cmd *cmd)
{
	if (cmd->data.n > 0)
		return UK_SW_DATA;
	set_status(p, cmd->p2, false);
	return UK_SW_OK;
}

uint16_t vc_piv_verify(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);
	uint16_t sw;

	(void)out;
	p->fresh = false;
	if (cmd->p1 != 0 && cmd->p1 != P1_LOGOUT)
		return UK_SW_P1P2;
	if (!knows(p, cmd->p2))
		return UK_SW_NO_REF;
	if (cmd->p1 == P1_LOGOUT)
		return logout(p, cmd);
	if (cmd->data.n == 0)
		return tell(p, cmd->p2);
	if (!is_good_field(p, cmd->p2, cmd->data))
		return UK_SW_DATA;
	sw = try(p, cmd->p2, cmd->data);
	p->fresh = sw == UK_SW_OK;
	return sw;
}

/* --- CHANGE REFERENCE DATA, RESET RETRY COUNTER ----------------------------
 */

/* Two fields: what is compared and what takes its place. */
static uint16_t replace(
    struct vc_piv *p, uint8_t proof, uint8_t target, uk_bytes data)
{
	uk_bytes old = uk_bytes_first(data, VC_PIV_FIELD);
	uk_bytes new = uk_bytes_from(data, VC_PIV_FIELD);
	uint16_t sw;

	if (!is_good_field(p, proof, old) || !is_good_field(p, target, new))
		return UK_SW_DATA;
	sw = try(p, proof, old);
	return sw == UK_SW_OK ? set(p, target, new) : sw;
}

uint16_t vc_piv_change(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);

	(void)out;
	p->fresh = false;
	if (cmd->p1 != 0)
		return UK_SW_P1P2;
	if (cmd->p2 != VC_PIV_REF_PUK && !knows(p, cmd->p2))
		return UK_SW_NO_REF;
	return replace(p, cmd->p2, cmd->p2, cmd->data);
}

uint16_t vc_piv_reset_counter(
    struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_piv *p = vc_piv_of(app);

	(void)out;
	p->fresh = false;
	if (cmd->p1 != 0)
		return UK_SW_P1P2;
	if (cmd->p2 != VC_PIV_REF_PIN)
		return UK_SW_NO_REF;
	return replace(p, VC_PIV_REF_PUK, VC_PIV_REF_PIN, cmd->data);
}
