/* Pages over HTTP: GET and HEAD, and nothing that came is written back. */
#include "web.h"

#include "connections.h"
#include "log.h"
#include "pages.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include <inttypes.h>
#include <stdio.h>

static void add_fields(struct evhttp_request *req, const struct bank_page *page)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(req);

	for (size_t i = 0; i < bank_page_field_count; i++)
		evhttp_add_header(
		    out, bank_page_fields[i].name, bank_page_fields[i].value);
	evhttp_add_header(out, "ETag", page->etag);
}

static void add_body(
    struct evhttp_request *req, const struct bank_page *page, bool head)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(req);
	char length[24];

	evhttp_add_header(out, "Content-Type", page->type);
	if (head) { /* as long as GET would be (RFC 9110, 8.6) */
		snprintf(length, sizeof(length), "%zu", page->body.n);
		evhttp_add_header(out, "Content-Length", length);
		return;
	}
	/* It is const and stays: no copy. */
	evbuffer_add_reference(evhttp_request_get_output_buffer(req),
	    page->body.p, page->body.n, NULL, NULL);
}

static int answer(struct evhttp_request *req, const struct bank_page *page)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(req);
	struct evkeyvalq *out = evhttp_request_get_output_headers(req);
	enum evhttp_cmd_type method = evhttp_request_get_command(req);

	add_fields(req, page);
	if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
		evhttp_add_header(out, "Allow", "GET, HEAD");
		return 405;
	}
	if (bank_page_known(
		page, uk_view_str(evhttp_find_header(in, "If-None-Match"))))
		return 304;
	add_body(req, page, method == EVHTTP_REQ_HEAD);
	return 200;
}

bool bank_web_answer(struct bank *b, struct evhttp_request *req)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const struct bank_page *page =
	    uri == NULL ? NULL
			: bank_page_find(uk_view_str(evhttp_uri_get_path(uri)));
	struct evhttp_connection *connection = evhttp_request_get_connection(
	    req);
	int status;

	if (page == NULL)
		return false;
	status = answer(req, page);
	bank_metrics_request(
	    b->metrics, page->path, status == 405 ? BANK_METHOD : BANK_OK);
	uk_log(UK_LOG_INFO, "event=page path=%s status=%d", page->path, status);
	evhttp_send_reply(req, status, NULL, NULL);
	bank_connections_answered(connection);
	return true;
}
