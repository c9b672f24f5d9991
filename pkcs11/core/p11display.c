/* Texts on the reader's own screen. */
#include "p11display.h"

#include "reader.h"

CK_RV p11_display_find(struct p11_slot *s, uk_buf *key)
{
	CK_RV rv = p11_slot_begin(s);
	uk_err err;

	if (rv != CKR_OK)
		return rv;
	err = uk_channel_display_key(s->reader->ch, key);
	p11_slot_end(s);
	/* Readers and their drivers say in many ways that they do not know a
	 * control code. Only a card that has gone is no such way. */
	return uk_is(err, UK_ERR_CARD_REMOVED) || uk_is(err, UK_ERR_CARD_RESET)
		   ? p11_slot_failed(s, err)
		   : CKR_OK;
}

static CK_RV judge(struct p11_slot *s, uk_err err)
{
	if (uk_is_ok(err))
		return CKR_OK;
	if (err.sw == 0)
		return p11_slot_failed(s, err);
	switch (err.code) {
	case UK_ERR_CANCELLED:
		return CKR_FUNCTION_REJECTED;
	case UK_ERR_TIMEOUT:
		return CKR_FUNCTION_CANCELED;
	default:
		return CKR_DATA_INVALID;
	}
}

CK_RV p11_display_show(struct p11_slot *s, uk_bytes text)
{
	CK_RV rv = p11_slot_begin(s);
	uk_err err;

	if (rv != CKR_OK)
		return rv;
	err = uk_channel_show(s->reader->ch, text);
	p11_slot_end(s);
	return judge(s, err);
}

bool p11_display_state(struct p11_slot *s, uk_buf *statement)
{
	uk_err err;

	if (p11_slot_begin(s) != CKR_OK)
		return false;
	err = uk_channel_statement(s->reader->ch, statement);
	p11_slot_end(s);
	return uk_is_ok(err);
}
