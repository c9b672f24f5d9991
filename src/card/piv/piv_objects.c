/* PIV: what there is, told from certificates, key history and metadata. */
#include "piv_driver.h"

#include "card_parts.h"
#include "tlv.h"

void piv_forget_key(struct piv_key *k)
{
	uk_blob_free(&k->der);
	uk_free(k->pub);
	*k = (struct piv_key){ 0 };
}

void piv_forget(struct piv *p)
{
	for (size_t i = 0; i < PIV_KEYS; i++)
		piv_forget_key(&p->keys[i]);
	p->history = PIV_UNKNOWN;
	p->discovery = PIV_UNKNOWN;
}

/* Nothing is sent: everything is a place until somebody asks. Certificates come
 * first, so that whoever wants to see everything reads them whole at once. */
uk_err piv_load_objects(uk_card *c)
{
	uk_object *list = uk_new_array(2 * (size_t)PIV_KEYS, sizeof(*list));

	if (list == NULL)
		return uk_fail(UK_ERR_MEMORY);
	for (size_t i = 0; i < PIV_KEYS; i++) {
		piv_name_cert(i, &list[2 * i]);
		piv_name_key(i, &list[2 * i + 1]);
	}
	uk_free(c->objects);
	c->objects = list;
	c->object_count = 2 * (size_t)PIV_KEYS;
	c->loaded = true;
	return uk_ok();
}

/* --- retired keys --------------------------------------------------------- */

enum { ON_CARD = 0xc1, OFF_CARD = 0xc2 };

static size_t one_number(uk_bytes history, uint32_t tag)
{
	uk_bytes v;

	return uk_tlv_find(history, tag, &v) && v.n == 1 ? v.p[0] : 0;
}

/* Key history (part 1, 3.3.3) tells how many there are; the URL of the others'
 * certificates is nothing to us. */
static uk_err read_history(uk_card *c)
{
	struct piv *p = piv_of(c);
	uk_bytes history;
	uk_err err;

	if (p->history == PIV_YES)
		return uk_ok();
	p->retired = 0;
	err = piv_get_data(c, PIV_TAG_HISTORY, &history);
	p->has_history = !uk_is(err, UK_ERR_NOT_FOUND);
	if (uk_is_ok(err))
		p->retired = one_number(history, ON_CARD) +
			     one_number(history, OFF_CARD);
	else if (!uk_is(err, UK_ERR_NOT_FOUND) && !uk_is(err, UK_ERR_FORMAT))
		return err;
	p->history = PIV_YES;
	return uk_ok();
}

/* Behind what the history tells there is nothing. Yubico's tools write none, so
 * on their cards each is looked at as long as the one before is there; but
 * whoever names one, and has not asked for the one before, means it. */
static uk_err may_be_there(uk_card *c, size_t place, bool *may)
{
	const struct piv *p = piv_of(c);
	const struct piv_key *before;

	*may = true;
	if (place < PIV_RETIRED)
		return uk_ok();
	UK_TRY(read_history(c));
	*may = place - PIV_RETIRED < p->retired;
	if (p->has_history)
		return uk_ok();
	UK_TRY(piv_ask_yubico(c));
	before = &p->keys[place - 1];
	*may = p->yubico == PIV_YES &&
	       (place == PIV_RETIRED || before->cert == PIV_UNKNOWN ||
		   before->key == PIV_YES || before->cert == PIV_YES);
	return uk_ok();
}

/* --- one key reference ---------------------------------------------------- */

static uk_err keep_cert(struct piv_key *k, uk_bytes content)
{
	uk_err err;
	uk_x509 x;

	k->cert = PIV_YES;
	err = piv_take_cert(content, &k->der);
	if (uk_is_ok(err))
		err = uk_x509_parse(uk_blob_view(&k->der), &x);
	if (!uk_is_ok(err)) {
		uk_blob_free(&k->der);
		k->broken = uk_is(err, UK_ERR_FORMAT);
		return err;
	}
	if (k->pub != NULL) /* the card's own word goes first */
		return uk_ok();
	k->type = x.key_type;
	k->bits = x.key_bits;
	k->key = x.key_type == UK_KEY_NONE ? PIV_NO : PIV_YES;
	return uk_ok();
}

/* Whoever asks for the key wants to know its type, and whoever asks for the
 * certificate will want to see it. */
static uk_err look_at_cert(uk_card *c, size_t place, bool for_cert)
{
	struct piv_key *k = &piv_of(c)->keys[place];
	uint32_t tag = piv_cert_tag(place);
	enum uk_key_type type = UK_KEY_NONE;
	unsigned bits = 0;
	bool whole = true;
	uk_bytes content;
	uk_err err = for_cert ? piv_get_data(c, tag, &content)
			      : piv_get_beginning(
				    c, tag, &type, &bits, &whole, &content);

	if (uk_is(err, UK_ERR_NOT_FOUND)) {
		k->cert = PIV_NO;
		return uk_ok();
	}
	UK_TRY(err);
	if (whole)
		return keep_cert(k, content);
	k->cert = k->key = PIV_YES;
	if (k->pub == NULL) { /* as above */
		k->type = type;
		k->bits = bits;
	}
	return uk_ok();
}

/* A key without a certificate can be seen only where the card tells itself. */
static uk_err look_at_key(uk_card *c, size_t place)
{
	struct piv_key *k = &piv_of(c)->keys[place];
	uk_err err;

	UK_TRY(piv_ask_yubico(c));
	err = piv_ask_metadata(c, place);
	if (!uk_is(err, UK_ERR_NOT_FOUND))
		return err;
	k->key = PIV_NO;
	return uk_ok();
}

static uk_err look(uk_card *c, size_t place, bool for_cert)
{
	struct piv_key *k = &piv_of(c)->keys[place];
	bool may;

	if (k->broken)
		return uk_fail(UK_ERR_FORMAT);
	if (k->cert == PIV_UNKNOWN) {
		UK_TRY(may_be_there(c, place, &may));
		if (!may)
			k->cert = k->key = PIV_NO;
		else
			UK_TRY(look_at_cert(c, place, for_cert));
	}
	return k->key == PIV_UNKNOWN && !for_cert ? look_at_key(c, place)
						  : uk_ok();
}

static void describe_key(const struct piv_key *k, uk_object *o)
{
	o->key_type = k->type;
	o->key_bits = k->bits;
	o->usage = piv_usage(piv_place(o), k->type);
	o->on_card = !k->brought;
	if (k->own_policy) {
		o->always_auth = k->always;
		o->open_use = k->never;
	}
}

/* Who has been told from memory, and asks again, wants to be sure. */
static bool recall_key(uk_card *c, uk_object *o)
{
	struct piv_key was = { 0 };

	o->recalled = !o->recalled &&
		      piv_of(c)->keys[piv_place(o)].key == PIV_UNKNOWN &&
		      piv_recall_key(c, piv_place(o), &was);
	if (o->recalled)
		describe_key(&was, o);
	return o->recalled;
}

static uk_err see_key(uk_card *c, uk_object *o)
{
	const struct piv_key *k = &piv_of(c)->keys[piv_place(o)];

	UK_TRY(look(c, piv_place(o), false));
	if (k->key != PIV_YES) {
		piv_note_change(c, PIV_ITEM_KEY + o->ref);
		return uk_fail(UK_ERR_NOT_FOUND);
	}
	piv_note_key(c, piv_place(o), k);
	if (piv_alg_of(k->type, k->bits) == 0)
		return uk_fail(UK_ERR_UNSUPPORTED);
	describe_key(k, o);
	return uk_ok();
}

static uk_err see_cert(uk_card *c, const uk_object *o)
{
	UK_TRY(look(c, piv_place(o), true));
	return piv_of(c)->keys[piv_place(o)].cert == PIV_YES
		   ? uk_ok()
		   : uk_fail(UK_ERR_NOT_FOUND);
}

uk_err piv_describe(uk_card *c, uk_object *o)
{
	if (o->kind == UK_OBJ_CERTIFICATE)
		UK_TRY(see_cert(c, o));
	else if (!recall_key(c, o))
		UK_TRY(see_key(c, o));
	o->vague = false;
	for (size_t i = 0; i < c->object_count; i++) {
		if (c->objects[i].kind == o->kind &&
		    c->objects[i].ref == o->ref)
			c->objects[i] = *o;
	}
	return uk_ok();
}

/* --- content -------------------------------------------------------------- */

static uk_err read_cert(uk_card *c, size_t place)
{
	struct piv_key *k = &piv_of(c)->keys[place];
	uk_bytes content;

	if (k->der.n > 0)
		return uk_ok();
	UK_TRY(piv_get_data(c, piv_cert_tag(place), &content));
	return keep_cert(k, content);
}

uk_err piv_read_object(uk_card *c, const uk_object *o, uk_blob *out)
{
	if (o->kind != UK_OBJ_CERTIFICATE || o->ref >= PIV_KEYS)
		return uk_fail(UK_ERR_ARGUMENT);
	UK_TRY(read_cert(c, piv_place(o)));
	return uk_blob_set(
	    out, uk_blob_view(&piv_of(c)->keys[piv_place(o)].der));
}

uk_err piv_take_public(
    uk_bytes template, enum uk_key_type type, unsigned bits, uk_public_key *out)
{
	uk_bytes first, second;

	*out = (uk_public_key){ .type = type };
	if (type != UK_KEY_RSA)
		return uk_tlv_find(template, 0x86, &first)
			   ? uk_public_take_point(type, first, out)
			   : uk_fail(UK_ERR_FORMAT);
	if (!uk_tlv_find(template, 0x81, &first) ||
	    !uk_tlv_find(template, 0x82, &second))
		return uk_fail(UK_ERR_FORMAT);
	UK_TRY(uk_public_take_rsa(first, second, out));
	return out->modulus_len * 8 == bits ? uk_ok() : uk_fail(UK_ERR_FORMAT);
}

uk_err piv_read_public(uk_card *c, const uk_object *key, uk_public_key *out)
{
	struct piv_key *k;
	uk_x509 x;

	*out = (uk_public_key){ 0 };
	if (key->kind != UK_OBJ_PRIVATE_KEY || key->ref >= PIV_KEYS)
		return uk_fail(UK_ERR_ARGUMENT);
	k = &piv_of(c)->keys[piv_place(key)];
	if (k->pub != NULL) {
		*out = *k->pub;
		return uk_ok();
	}
	UK_TRY(read_cert(c, piv_place(key)));
	UK_TRY(uk_x509_parse(uk_blob_view(&k->der), &x));
	return uk_public_take_x509(&x, out);
}
