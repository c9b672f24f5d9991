/* The table of pages. */
#include "pages.h"

#include "page_bytes.h"

#define HTML   "text/html; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"

#define BODY(name)                                                             \
	page_##name##_etag,                                                    \
	{                                                                      \
		page_##name, sizeof(page_##name)                               \
	}

static const struct bank_page pages[] = {
	{ "/", HTML, BODY(index_html) },
	{ "/merchant", HTML, BODY(merchant_html) },
	{ "/customer.js", SCRIPT, BODY(customer_js) },
	{ "/merchant.js", SCRIPT, BODY(merchant_js) },
	{ "/page.js", SCRIPT, BODY(page_js) },
	{ "/style.css", "text/css; charset=utf-8", BODY(style_css) },
	{ "/icon.svg", "image/svg+xml", BODY(icon_svg) },
};

/* Nothing from elsewhere, nothing inline, in nobody's frame; and no text
 * becomes script or markup, whatever a script does with it (Trusted Types). */
const struct bank_page_field bank_page_fields[] = {
	{ "Content-Security-Policy",
	    "default-src 'none'; script-src 'self'; style-src 'self'; "
	    "connect-src 'self'; img-src 'self'; form-action 'none'; "
	    "frame-ancestors 'none'; base-uri 'none'; "
	    "require-trusted-types-for 'script'; trusted-types 'none'" },
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cross-Origin-Embedder-Policy", "require-corp" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Permissions-Policy", "camera=(), geolocation=(), microphone=()" },
	/* Kept, but asked for each time: a new version is there at once. */
	{ "Cache-Control", "no-cache" },
};
const size_t bank_page_field_count = sizeof(bank_page_fields) /
				     sizeof(bank_page_fields[0]);

const struct bank_page *bank_page_find(uk_bytes path)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (uk_bytes_eq(path, uk_view_str(pages[i].path)))
			return &pages[i];
	}
	return NULL;
}

/* A list of tags, some of them weak (W/), which are as good here. Tags are hex,
 * so finding ours between its quotation marks is finding it in the list. */
bool bank_page_known(const struct bank_page *page, uk_bytes if_none_match)
{
	uk_bytes tag = uk_view_str(page->etag), rest = if_none_match;

	for (; rest.n >= tag.n; rest = uk_bytes_from(rest, 1)) {
		if (uk_bytes_eq(uk_bytes_first(rest, tag.n), tag))
			return true;
	}
	return false;
}
