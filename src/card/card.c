/* One wrapper per operation: what a kind leaves out is unsupported. */
#include "card.h"

#include "card_parts.h"
#include "hint.h"

/* Every call begins with a fresh allowance of commands. */
#define CALL_IF(c, otherwise, operation, ...)                                  \
	((c)->ops->operation == NULL                                           \
		? (otherwise)                                                  \
		: (uk_channel_allow((c)->ch, UK_CALL_COMMANDS_MAX),            \
		      (c)->ops->operation(__VA_ARGS__)))
#define CALL(c, operation, ...)                                                \
	CALL_IF(c, uk_fail(UK_ERR_UNSUPPORTED), operation, __VA_ARGS__)

uk_err uk_select(uk_channel *ch, uk_bytes aid, uk_buf *fci)
{
	uk_cmd select = {
		.ins = 0xa4, .p1 = 0x04, .data = aid, .le = UK_LE_SHORT_MAX
	};

	return uk_card_plain(uk_channel_transmit(ch, &select, fci, NULL));
}

bool uk_card_spoke(uk_err err)
{
	return err.sw != 0 || uk_is(err, UK_ERR_FORMAT) ||
	       uk_is(err, UK_ERR_TOO_SMALL);
}

void uk_cards_close(struct uk_cards *cards)
{
	for (size_t i = 0; i < UK_CARDS_MAX; i++)
		uk_card_close(&cards->list[i]);
	*cards = (struct uk_cards){ 0 };
}

void uk_card_close(uk_card **c)
{
	if (*c == NULL)
		return;
	uk_card_settle(*c);
	if ((*c)->cache != NULL && (*c)->ops->resume != NULL)
		uk_hint_note_left((*c)->ch);
	uk_cache_close(&(*c)->cache);
	uk_free((*c)->objects);
	(*c)->objects = NULL;
	(*c)->ops->close(*c);
	*c = NULL;
}

void uk_card_settle(uk_card *c)
{
	uk_cache_save(c->cache);
}

uk_err uk_card_reselect(uk_card *c)
{
	return CALL(c, reselect, c);
}

bool uk_card_can_refresh(const uk_card *c)
{
	return c->ops->refresh != NULL;
}

uk_err uk_card_refresh(uk_card *c)
{
	return CALL_IF(c, uk_ok(), refresh, c);
}

uk_err uk_card_load_objects(uk_card *c)
{
	return c->loaded ? uk_ok() : CALL(c, load_objects, c);
}

uk_err uk_card_look(uk_card *c, uint32_t kinds)
{
	return CALL_IF(c, uk_ok(), look, c, kinds);
}

uk_err uk_card_describe(uk_card *c, uk_object *o)
{
	return o->vague ? CALL(c, describe, c, o) : uk_ok();
}

uk_err uk_card_read_object(uk_card *c, const uk_object *o, uk_blob *out)
{
	return CALL(c, read_object, c, o, out);
}

uk_err uk_card_read_public(uk_card *c, const uk_object *key, uk_public_key *out)
{
	return CALL(c, read_public, c, key, out);
}

uk_err uk_card_pin_state(uk_card *c, enum uk_pin_ref ref, uk_pin_state *out)
{
	return CALL(c, pin_state, c, ref, out);
}

uk_err uk_card_verify(uk_card *c, enum uk_pin_ref ref, const uk_pin *pin)
{
	return CALL(c, verify, c, ref, pin);
}

uk_err uk_card_logout(uk_card *c)
{
	return CALL(c, logout, c);
}

uk_err uk_card_revoke(uk_card *c)
{
	return CALL_IF(c, uk_ok(), revoke, c);
}

uk_err uk_card_change_pin(
    uk_card *c, enum uk_pin_ref ref, const uk_pin *old, const uk_pin *pin)
{
	return CALL(c, change_pin, c, ref, old, pin);
}

uk_err uk_card_unblock(uk_card *c, const uk_pin *puk, const uk_pin *pin)
{
	return CALL(c, unblock, c, puk, pin);
}

bool uk_card_can_sign(const uk_card *c, const struct uk_sign_request *r)
{
	return c->ops->can_sign != NULL && c->ops->can_sign(c, r);
}

uk_err uk_card_sign(uk_card *c, const struct uk_sign_request *r, uk_buf *sig)
{
	return CALL(c, sign, c, r, sig);
}

uk_err uk_card_challenge(uk_card *c, uint8_t *out, size_t n)
{
	return CALL(c, challenge, c, out, n);
}

uk_err uk_card_prove_bank(uk_card *c, uk_bytes hash, uk_bytes signature)
{
	return CALL(c, prove_bank, c, hash, signature);
}

uk_err uk_card_generate(
    uk_card *c, const struct uk_new_object *what, size_t *out)
{
	return CALL(c, generate, c, what, out);
}

uk_err uk_card_import(uk_card *c, const struct uk_new_object *what,
    const struct uk_private_key *key, size_t *out)
{
	return CALL(c, import, c, what, key, out);
}

uk_err uk_card_store(uk_card *c, const struct uk_new_object *what, size_t *out)
{
	return CALL(c, store, c, what, out);
}

uk_err uk_card_destroy(uk_card *c, const uk_object *o)
{
	return CALL(c, destroy, c, o);
}

uk_err uk_card_rename(
    uk_card *c, const uk_object *o, const char *label, uk_bytes id)
{
	return CALL(c, rename, c, o, label, id);
}

uk_err uk_card_initialize(uk_card *c, const uk_pin *so_pin, const char *label)
{
	return CALL(c, initialize, c, so_pin, label);
}

bool uk_card_can_decipher(
    const uk_card *c, const uk_object *key, enum uk_decipher_scheme scheme)
{
	return c->ops->can_decipher != NULL &&
	       c->ops->can_decipher(c, key, scheme);
}

uk_err uk_card_decipher(uk_card *c, const uk_object *key,
    enum uk_decipher_scheme scheme, uk_bytes in, uk_buf *out)
{
	return CALL(c, decipher, c, key, scheme, in, out);
}
