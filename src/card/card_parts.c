/* What drivers have in common. */
#include "card_parts.h"

uk_err uk_card_plain(uk_err err)
{
	if (uk_is(err, UK_ERR_PIN_WRONG) || uk_is(err, UK_ERR_PIN_BLOCKED))
		err.code = UK_ERR_CARD_STATUS;
	return err;
}

uk_err uk_card_send_secret(
    uk_channel *ch, uint8_t ins, uint8_t p2, uk_buf *data)
{
	uk_cmd cmd = {
		.ins = ins, .p2 = p2, .data = uk_buf_view(data), .secret = true
	};
	uk_err err = uk_buf_result(data);

	if (uk_is_ok(err))
		err = uk_channel_transmit(ch, &cmd, NULL, NULL);
	uk_wipe(data->p, data->cap);
	return err;
}

void uk_pin_note(uk_pin_state *s, uk_err err)
{
	if (uk_is_ok(err))
		s->tries_left = s->tries_max;
	else if (uk_is(err, UK_ERR_PIN_BLOCKED))
		s->tries_left = 0;
	else if (uk_is(err, UK_ERR_PIN_WRONG))
		s->tries_left = uk_err_tries_left(err);
	if (s->tries_left > s->tries_max)
		s->tries_max = s->tries_left;
}

/* --- public keys -----------------------------------------------------------
 */

static uk_err take_number(uint8_t *field, size_t cap, size_t *len, uk_bytes v)
{
	uk_buf out = uk_buf_over(field, cap);

	v = uk_bytes_trim_zeros(v);
	uk_put(&out, v);
	*len = out.len;
	return v.n == 0 || out.bad ? uk_fail(UK_ERR_FORMAT) : uk_ok();
}

uk_err uk_public_take_rsa(
    uk_bytes modulus, uk_bytes exponent, uk_public_key *out)
{
	out->type = UK_KEY_RSA;
	UK_TRY(take_number(
	    out->modulus, sizeof(out->modulus), &out->modulus_len, modulus));
	return take_number(
	    out->exponent, sizeof(out->exponent), &out->exponent_len, exponent);
}

uk_err uk_public_take_point(
    enum uk_key_type type, uk_bytes point, uk_public_key *out)
{
	uk_buf b = UK_BUF(out->point);

	out->type = type;
	if (point.n != 1 + 2 * uk_key_field(type) || point.n == 1 ||
	    point.p[0] != 0x04)
		return uk_fail(UK_ERR_FORMAT);
	uk_put(&b, point);
	out->point_len = b.len;
	return uk_buf_result(&b);
}

uk_err uk_public_take_x509(const uk_x509 *x, uk_public_key *out)
{
	if (x->key_type == UK_KEY_NONE)
		return uk_fail(UK_ERR_UNSUPPORTED);
	return x->key_type == UK_KEY_RSA
		   ? uk_public_take_rsa(x->modulus, x->exponent, out)
		   : uk_public_take_point(x->key_type, x->point, out);
}
