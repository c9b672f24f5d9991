/* Opening a channel: 2.3.1, E.5.1 and E.5.2; amendment D, 7.1.1 and 7.1.2. */
#include "vc_isd.h"

/* Pending: one more session with these keys. UK_ERR_UNSUPPORTED: they are used
 * up. */
static uk_err count_session(struct vc_isd *d, const struct vc_isd_set *set)
{
	uint8_t next[VC_ISD_SET_SIZE] = { set->options };
	size_t used = set->protocol == VC_SCP_02 ? 2 : VC_SCP_SEQUENCE;
	size_t i = VC_ISD_SET_SIZE;

	UK_TRY(uk_copy_exact(next + 1, VC_SCP_SEQUENCE, set->sequence));
	while (i > VC_ISD_SET_SIZE - used && ++next[i - 1] == 0)
		i--;
	if (i == VC_ISD_SET_SIZE - used)
		return uk_fail(UK_ERR_UNSUPPORTED);
	return vc_isd_put(d, VC_ISD_SET + set->version, UK_ARRAY(next));
}

static uint8_t tries_left(const struct vc_isd *d)
{
	uk_bytes v = vc_isd_get(d, VC_ISD_TRIES_LEFT);

	return v.n == 1 ? v.p[0] : 0;
}

/* Pending. */
static uk_err put_tries(struct vc_isd *d, uint8_t left)
{
	return vc_isd_put(d, VC_ISD_TRIES_LEFT, uk_view(&left, 1));
}

static struct vc_scp_start start_of(
    const struct vc_isd *d, const struct vc_isd_set *set, uk_bytes host)
{
	return (struct vc_scp_start){ set->protocol, set->options, set->key[0],
		set->key[1], set->key[2], vc_app_aid(&d->app), host,
		set->sequence, UK_NONE };
}

/* The session, and the command's answer. */
static uk_err begin(
    struct vc_isd *d, const struct vc_isd_set *set, uk_bytes host, uk_buf *out)
{
	struct vc_scp_start start = start_of(d, set, host);
	uint8_t card[VC_SCP_CHALLENGE], cryptogram[VC_SCP_CRYPTOGRAM];
	uk_buf challenge = UK_BUF(card);

	UK_TRY(vc_scp_challenge(d->app.home.crypto, &start, &challenge));
	start.card = uk_buf_view(&challenge);
	UK_TRY(vc_scp_begin(&d->scp, d->app.home.crypto, &start, cryptogram));
	d->version = set->version;
	uk_put(out, vc_isd_get(d, VC_ISD_TAG + 0xcf));
	uk_put_u8(out, set->version);
	uk_put_u8(out, set->protocol);
	if (set->protocol == VC_SCP_02)
		uk_put(out, uk_bytes_last(set->sequence, 2));
	else
		uk_put_u8(out, set->options);
	uk_put(out, start.card);
	uk_put(out, UK_ARRAY(cryptogram));
	/* Amendment D, table 7-3: with the pseudo-random challenge only. */
	if (set->protocol == VC_SCP_03 && (set->options & 0x10) != 0)
		uk_put(out, set->sequence);
	return uk_buf_result(out);
}

uint16_t vc_isd_initialize_update(
    struct vc_isd *d, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_isd_set set;
	uk_err err = uk_ok();

	vc_scp_close(&d->scp);
	if ((cmd->cla & VC_SCP_CLA) != 0)
		return UK_SW_CLA;
	if (cmd->p2 != 0)
		return UK_SW_P1P2;
	if (cmd->data.n != VC_SCP_CHALLENGE)
		return UK_SW_LENGTH;
	if (tries_left(d) == 0)
		return UK_SW_BLOCKED;
	if (!vc_isd_set_find(d, cmd->p1, &set))
		return UK_SW_NO_REF;
	/* SCP03 counts what is begun, SCP02 what was opened: a challenge that
	 * is computed never comes twice where it is the whole freshness. */
	if (set.protocol == VC_SCP_03) {
		err = count_session(d, &set);
		if (uk_is(err, UK_ERR_UNSUPPORTED))
			return UK_SW_CONDITIONS;
		if (uk_is_ok(err))
			err = vc_nv_commit(d->app.home.nv);
		if (uk_is_ok(err) && !vc_isd_set_find(d, set.version, &set))
			err = uk_fail(UK_ERR_INTERNAL);
	}
	if (uk_is_ok(err))
		err = begin(d, &set, cmd->data, out);
	return vc_sw(err);
}

/* After a good one: all tries, and SCP02's counter. */
static uk_err settle(struct vc_isd *d)
{
	struct vc_isd_set set;

	UK_TRY(put_tries(d, VC_ISD_TRIES));
	if (!vc_isd_set_find(d, d->version, &set))
		return uk_fail(UK_ERR_INTERNAL);
	if (set.protocol == VC_SCP_02)
		UK_TRY(count_session(d, &set));
	return vc_nv_commit(d->app.home.nv);
}

uint16_t vc_isd_external_auth(struct vc_isd *d, const uk_cmd *cmd, uk_buf *out)
{
	uint8_t left = tries_left(d);
	uk_err err;
	uint16_t sw;

	(void)out;
	if (d->scp.ops == NULL || d->scp.open || left == 0) {
		vc_scp_close(&d->scp);
		return left == 0 ? UK_SW_BLOCKED : UK_SW_CONDITIONS;
	}
	/* Counted before it is looked at, like a PIN. */
	err = put_tries(d, (uint8_t)(left - 1));
	if (uk_is_ok(err))
		err = vc_nv_commit(d->app.home.nv);
	if (!uk_is_ok(err)) {
		vc_scp_close(&d->scp);
		return vc_sw(err);
	}
	sw = vc_scp_authenticate(&d->scp, cmd);
	if (sw != UK_SW_OK)
		return sw;
	err = settle(d);
	if (!uk_is_ok(err))
		vc_scp_close(&d->scp);
	return vc_sw(err);
}
