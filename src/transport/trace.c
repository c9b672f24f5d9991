/*
 * Counts commands and, when the debug log is on, writes one line for each:
 * header, lengths, status word, time. Data is never logged, not even of
 * commands that are not secret: it is what programs sign and what cards answer.
 */
#include "transport.h"

#include "log.h"
#include "mem.h"

#include <time.h>

struct trace {
	uk_link base;
	uk_link *inner;
	uint32_t commands;
	uint64_t micros;
};

static uint64_t now_micros(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void log_answer(
    const char *name, size_t sent, uk_bytes answer, uk_err err, uint64_t micros)
{
	uk_reader tail = uk_read(uk_bytes_last(answer, 2));

	if (uk_is_ok(err))
		uk_log(UK_LOG_DEBUG,
		    "apdu %s: %zu bytes -> %zu bytes %04x, "
		    "%llu us",
		    name, sent, answer.n, uk_get_u16(&tail),
		    (unsigned long long)micros);
	else
		uk_log(UK_LOG_DEBUG, "apdu %s: %zu bytes -> %s, %llu us", name,
		    sent, uk_err_name(err), (unsigned long long)micros);
}

static void log_command(
    uk_bytes cmd, bool secret, uk_bytes answer, uk_err err, uint64_t micros)
{
	uk_reader r = uk_read(cmd);
	char header[sizeof("00a40400")];

	if (!uk_log_on(UK_LOG_DEBUG))
		return;
	snprintf(
	    header, sizeof(header), "%08lx", (unsigned long)uk_get_u32(&r));
	log_answer(secret ? "secret" : header, cmd.n, answer, err, micros);
}

static uk_err trace_transmit(
    uk_link *l, uk_bytes cmd, uk_buf *resp, bool secret)
{
	struct trace *t = (struct trace *)l;
	size_t before = resp->len;
	uint64_t start = now_micros();
	uk_err err = uk_link_transmit(t->inner, cmd, resp, secret);
	uint64_t took = now_micros() - start;

	t->commands++;
	t->micros += took;
	log_command(
	    cmd, secret, uk_bytes_from(uk_buf_view(resp), before), err, took);
	return err;
}

static uk_err trace_begin(uk_link *l)
{
	return uk_link_begin(((struct trace *)l)->inner);
}

/* Lengths only: what goes to a PIN pad is nobody's business. */
static uk_err trace_control(uk_link *l, uint32_t code, uk_bytes in, uk_buf *out)
{
	struct trace *t = (struct trace *)l;
	size_t before = out->len;
	uint64_t start = now_micros();
	uk_err err = uk_link_control(t->inner, code, in, out);

	uk_log(UK_LOG_DEBUG,
	    "control %08lx: %zu bytes -> %zu bytes %s, %llu us",
	    (unsigned long)code, in.n, out->len - before, uk_err_name(err),
	    (unsigned long long)(now_micros() - start));
	return err;
}

static void trace_end(uk_link *l, enum uk_card_fate fate)
{
	uk_link_end(((struct trace *)l)->inner, fate);
}

static void trace_close(uk_link *l, enum uk_card_fate fate)
{
	struct trace *t = (struct trace *)l;

	uk_link_close(&t->inner, fate);
	uk_free(t);
}

static uk_err trace_atr(uk_link *link, uk_buf *out)
{
	return uk_link_atr(((struct trace *)link)->inner, out);
}

static bool trace_short_only(uk_link *link)
{
	return uk_link_short_only(((struct trace *)link)->inner);
}

static const struct uk_link_ops trace_ops = {
	.transmit = trace_transmit,
	.begin = trace_begin,
	.control = trace_control,
	.atr = trace_atr,
	.short_only = trace_short_only,
	.end = trace_end,
	.close = trace_close,
};

uk_err uk_trace_open(uk_link **inner, uk_link **out)
{
	struct trace *t = uk_new(sizeof(*t));

	*out = NULL;
	if (t == NULL) {
		uk_link_close(inner, UK_LEAVE_CARD);
		return uk_fail(UK_ERR_MEMORY);
	}
	t->base.ops = &trace_ops;
	t->inner = *inner;
	*inner = NULL;
	*out = &t->base;
	return uk_ok();
}

void uk_trace_counts(const uk_link *l, uint32_t *commands, uint64_t *micros)
{
	const struct trace *t = (const struct trace *)l;
	bool ours = l->ops == &trace_ops;

	*commands = ours ? t->commands : 0;
	*micros = ours ? t->micros : 0;
}
