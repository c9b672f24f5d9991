/* The four records of pairing. */
#include "pairing.h"

#include "secret.h"

#include <sodium.h>

enum { VERSION = 1, ANSWER = 1, HOST_TAG = 2, TERMINAL_TAG = 3, REFUSED = 0 };

static const char context[] = "ukey terminal pairing 1";

/* --- records ------------------------------------------------------------- */

static uk_buf begin_record(uk_buf *out)
{
	uk_buf b = uk_buf_over(out->p + out->len, uk_buf_left(out));

	uk_put_u16(&b, 0);
	return b;
}

static uk_err end_record(uk_buf *out, uk_buf *record)
{
	uk_buf head = uk_buf_over(record->p, 2);

	UK_TRY(uk_buf_result(record));
	uk_put_u16(&head, (uint16_t)(record->len - 2));
	out->len += record->len;
	return uk_ok();
}

static void put_lv(uk_buf *b, uk_bytes v)
{
	uk_put_u8(b, (uint8_t)v.n);
	uk_put(b, v);
}

static uk_bytes get_lv(uk_reader *r)
{
	return uk_get(r, uk_get_u8(r));
}

static uk_err put_tag(const struct trm_pairing *p, uint8_t type, uk_buf *out)
{
	uk_buf b = begin_record(out);

	uk_put_u8(&b, type);
	uk_put(&b, UK_ARRAY(p->cpace.tag));
	return end_record(out, &b);
}

/* --- beginning ----------------------------------------------------------- */

static uk_err begin(
    struct trm_pairing *p, bool host, uk_bytes code, const char *name)
{
	*p = (struct trm_pairing){ .host = host };
	for (size_t i = 0; i < code.n; i++) {
		if (code.p[i] < '0' || code.p[i] > '9')
			return uk_fail(UK_ERR_ARGUMENT);
	}
	if (!uk_is_ok(uk_copy_exact(p->code, sizeof(p->code), code)))
		return uk_fail(UK_ERR_ARGUMENT);
	return uk_copy_str(p->name, sizeof(p->name), uk_view_str(name));
}

uk_err trm_pairing_host(
    struct trm_pairing *p, uk_bytes code, const char *name, uk_buf *out)
{
	uint8_t sid[TRM_CPACE_SID];
	uk_buf b;

	UK_TRY(begin(p, true, code, name));
	if (sodium_init() < 0)
		return uk_fail(UK_ERR_CRYPTO);
	randombytes_buf(sid, sizeof(sid));
	UK_TRY(trm_cpace_begin(&p->cpace, true, UK_ARRAY(p->code),
	    uk_view_str(context), UK_ARRAY(sid), NULL));
	b = begin_record(out);
	uk_put_u8(&b, 'P');
	uk_put_u8(&b, VERSION);
	uk_put(&b, UK_ARRAY(sid));
	put_lv(&b, UK_ARRAY(p->cpace.share));
	put_lv(&b, uk_view_str(p->name));
	return end_record(out, &b);
}

uk_err trm_pairing_terminal(
    struct trm_pairing *p, uk_bytes code, const char *name, uk_bytes point)
{
	UK_TRY(begin(p, false, code, name));
	return uk_copy_exact(p->point, sizeof(p->point), point);
}

/* --- the steps ----------------------------------------------------------- */

/* Key and name of the terminal as one text, so that both are confirmed. */
static uk_err terminal_text(uk_buf *out, const uint8_t *point, uk_bytes name)
{
	uk_put(out, uk_view(point, TRM_PAIRING_POINT));
	uk_put(out, name);
	return uk_buf_result(out);
}

static uk_err make_secret(struct trm_pairing *p)
{
	struct trm_secret *s = &p->paired.secret;

	UK_TRY(trm_cpace_derive(
	    &p->cpace, "ukey terminal link 1", s->key, sizeof(s->key)));
	return trm_cpace_derive(
	    &p->cpace, "ukey terminal name 1", s->id, sizeof(s->id));
}

static uk_err on_hello(struct trm_pairing *p, uk_bytes record, uk_buf *out)
{
	uint8_t storage[TRM_CPACE_NAME_MAX];
	uk_buf own = UK_BUF(storage), b;
	uk_reader r = uk_read(record);
	uint8_t type = uk_get_u8(&r), version = uk_get_u8(&r);
	uk_bytes sid = uk_get(&r, TRM_CPACE_SID), share = get_lv(&r),
		 name = get_lv(&r);

	UK_TRY(uk_read_end(&r));
	if (type != 'P' || version != VERSION)
		return uk_fail(UK_ERR_UNSUPPORTED);
	UK_TRY(uk_copy_str(p->paired.name, sizeof(p->paired.name), name));
	UK_TRY(terminal_text(&own, p->point, uk_view_str(p->name)));
	UK_TRY(trm_cpace_begin(&p->cpace, false, UK_ARRAY(p->code),
	    uk_view_str(context), sid, NULL));
	UK_TRY(trm_cpace_finish(&p->cpace, uk_buf_view(&own), share, name));
	b = begin_record(out);
	uk_put_u8(&b, ANSWER);
	put_lv(&b, UK_ARRAY(p->cpace.share));
	put_lv(&b, uk_buf_view(&own));
	return end_record(out, &b);
}

static uk_err on_answer(struct trm_pairing *p, uk_bytes record, uk_buf *out)
{
	uk_reader r = uk_read(record), text;
	uint8_t type = uk_get_u8(&r);
	uk_bytes share, name;

	if (type == REFUSED && record.n == 1)
		return uk_fail(UK_ERR_CONDITIONS);
	share = get_lv(&r);
	name = get_lv(&r);
	UK_TRY(uk_read_end(&r));
	if (type != ANSWER)
		return uk_fail(UK_ERR_FORMAT);
	text = uk_read(name);
	UK_TRY(uk_copy_exact(p->paired.point, sizeof(p->paired.point),
	    uk_get(&text, TRM_PAIRING_POINT)));
	UK_TRY(uk_copy_str(
	    p->paired.name, sizeof(p->paired.name), uk_get_rest(&text)));
	UK_TRY(trm_cpace_finish(&p->cpace, uk_view_str(p->name), share, name));
	return put_tag(p, HOST_TAG, out);
}

static uk_err check_tag(
    const struct trm_pairing *p, uint8_t wanted, uk_bytes record)
{
	uk_reader r = uk_read(record);
	uint8_t type = uk_get_u8(&r);

	if (type == REFUSED && record.n == 1)
		return uk_fail(UK_ERR_SIGNATURE);
	return type != wanted ? uk_fail(UK_ERR_FORMAT)
			      : trm_cpace_confirmed(&p->cpace, uk_get_rest(&r));
}

static uk_err on_host_tag(struct trm_pairing *p, uk_bytes record, uk_buf *out)
{
	uk_err err = check_tag(p, HOST_TAG, record);
	uk_buf b;

	if (uk_is_ok(err)) {
		UK_TRY(make_secret(p));
		p->state = TRM_PAIRING_DONE;
		return put_tag(p, TERMINAL_TAG, out);
	}
	b = begin_record(out);
	uk_put_u8(&b, REFUSED);
	UK_TRY(end_record(out, &b));
	return err;
}

static uk_err on_terminal_tag(
    struct trm_pairing *p, uk_bytes record, uk_buf *out)
{
	(void)out;
	UK_TRY(check_tag(p, TERMINAL_TAG, record));
	UK_TRY(make_secret(p));
	p->state = TRM_PAIRING_DONE;
	return uk_ok();
}

uk_err trm_pairing_feed(struct trm_pairing *p, uk_bytes record, uk_buf *out)
{
	static uk_err (*const steps[2][2])(struct trm_pairing *, uk_bytes,
	    uk_buf *) = { { on_hello, on_host_tag },
		{ on_answer, on_terminal_tag } };
	uk_err err = uk_fail(UK_ERR_CONDITIONS);

	if (p->state == TRM_PAIRING_GOES_ON && p->step < 2)
		err = steps[p->host][p->step++](p, record, out);
	if (!uk_is_ok(err)) {
		p->state = TRM_PAIRING_FAILED;
		uk_wipe(&p->cpace, sizeof(p->cpace));
		uk_wipe(&p->paired, sizeof(p->paired));
	}
	return err;
}
