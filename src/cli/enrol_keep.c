/* Requests that wait, as files: one for each bank, key and use. */
#include "cli_enrol.h"

#include "cli.h"
#include "cli_store.h"
#include "hex.h"
#include "secret.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_HERE = 2 * UK_CHECKSUM_SIZE + 6 };

static const char format[] = "ukey-enrolment-1";

const char *enrol_use_name(enum token_use use)
{
	return use == TOKEN_FOR_LOGIN ? "login" : "transaction";
}

/* A bank never learns it, so it need not be secret. */
static uk_err file_name(const struct enrol_place *p, char out[NAME_MAX_HERE])
{
	const uk_bytes parts[] = { uk_view_str(p->origin),
		uk_view_str(enrol_use_name(p->use)), p->spki };
	uint8_t sum[UK_CHECKSUM_SIZE];
	char hex[2 * sizeof(sum) + 1];
	uk_buf b = uk_buf_over(out, NAME_MAX_HERE);

	UK_TRY(uk_checksum(parts, 3, sum));
	uk_hex_str(hex, sizeof(hex), UK_ARRAY(sum));
	uk_put_str(&b, hex);
	uk_put_str(&b, ".json");
	uk_put_u8(&b, 0);
	return uk_buf_result(&b);
}

cli_end enrol_keep(
    struct cli *cli, const struct enrol_place *p, const struct kept_enrol *k)
{
	char name[NAME_MAX_HERE];
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s}", "format", format, "bank",
	    p->origin, "purpose", enrol_use_name(p->use), "name", k->name,
	    "enrolment", k->enrolment);
	char *text = o == NULL ? NULL : json_dumps(o, JSON_INDENT(1));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	json_decref(o);
	if (text != NULL) {
		err = file_name(p, name);
		if (uk_is_ok(err))
			err = store_write(
			    STORE_ENROLMENTS, name, uk_view_str(text));
		uk_wipe(text, strlen(text));
	}
	free(text); /* jansson's own */
	if (uk_is_ok(err))
		return cli_ok();
	return cli_fail_because(cli, cli_from_err(err).cause,
	    "the bank has the request, but its receipt cannot be kept: make "
	    "room and ask again");
}

static bool take_text(const json_t *o, const char *name, char *out, size_t cap)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL && uk_is_ok(uk_copy_str(out, cap, uk_view_str(s)));
}

bool enrol_load(const struct enrol_place *p, struct kept_enrol *out)
{
	char name[NAME_MAX_HERE];
	uk_blob text = { 0 };
	json_t *o = NULL;
	bool found = false;

	*out = (struct kept_enrol){ .name = "" };
	if (!uk_is_ok(file_name(p, name)) ||
	    !uk_is_ok(store_read(STORE_ENROLMENTS, name, &text)))
		goto out;
	o = json_loadb(
	    (const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	found = take_text(o, "name", out->name, sizeof(out->name)) &&
		take_text(
		    o, "enrolment", out->enrolment, sizeof(out->enrolment)) &&
		bc_is_receipt(out->enrolment);
out:
	json_decref(o);
	uk_wipe(text.p, text.n);
	uk_blob_free(&text);
	return found;
}

cli_end enrol_forget(struct cli *cli, const struct enrol_place *p)
{
	char name[NAME_MAX_HERE];
	uk_err err = file_name(p, name);

	if (uk_is_ok(err))
		err = store_remove(STORE_ENROLMENTS, name);
	if (uk_is_ok(err))
		return cli_ok();
	return cli_fail_because(
	    cli, cli_from_err(err).cause, "the note of the request");
}
