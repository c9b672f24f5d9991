/* The customer's events as they come. */
#include "bank_client.h"

#include "bc_sse.h"
#include "bc_stream.h"

struct bc_events {
	struct bc_stream *stream;
	uk_blob in;  /* read and not told yet */
	size_t told; /* so much of it is */
};

bc_result bc_events_over(struct bc_stream **stream, bc_events **out)
{
	bc_events *e = uk_new(sizeof(*e));

	*out = e;
	if (e == NULL)
		return bc_fail_err(BC_LOCAL, uk_fail(UK_ERR_MEMORY));
	e->stream = *stream;
	*stream = NULL; /* handed over */
	return bc_ok();
}

void bc_events_close(bc_events **e)
{
	if (*e == NULL)
		return;
	bc_stream_close(&(*e)->stream);
	uk_blob_free(&(*e)->in);
	uk_free(*e);
	*e = NULL;
}

/* Makes room, and waits for more. */
static bc_result read_more(bc_events *e)
{
	uk_blob rest = { 0 };
	uk_err err = uk_blob_set(
	    &rest, uk_bytes_from(uk_blob_view(&e->in), e->told));

	uk_blob_free(&e->in);
	e->in = rest;
	e->told = 0;
	if (!uk_is_ok(err))
		return bc_fail_err(BC_LOCAL, err);
	if (e->in.n > BANK_BODY_MAX)
		return bc_fail(BC_MALFORMED);
	return bc_stream_read(e->stream, &e->in);
}

/* The next block; what carries no event (comments, "retry") is passed over. */
static bc_result next_block(bc_events *e, struct bc_sse *block)
{
	size_t used = 0;
	bc_result r = bc_ok();

	while (bc_is_ok(r)) {
		uk_bytes rest = uk_bytes_from(uk_blob_view(&e->in), e->told);

		if (!uk_is_ok(bc_sse_next(rest, block, &used)))
			return bc_fail(BC_MALFORMED);
		e->told += used;
		if (block->data.n > 0)
			break;
		if (used == 0)
			r = read_more(e);
	}
	return r;
}

bc_result bc_events_next(bc_events *e, struct bc_event *out)
{
	struct bc_sse block;
	bc_result r = next_block(e, &block);
	uk_err err;

	*out = (struct bc_event){ 0 };
	if (!bc_is_ok(r))
		return r;
	if (uk_bytes_eq(block.event, uk_view_str("end"))) {
		r = bc_fail(BC_REFUSED);
		r.code = BANK_NO_SESSION;
		return r;
	}
	err = bc_parse_event(block.data, out);
	if (uk_is_ok(err))
		return bc_ok();
	return uk_is(err, UK_ERR_MEMORY) ? bc_fail_err(BC_LOCAL, err)
					 : bc_fail(BC_MALFORMED);
}
