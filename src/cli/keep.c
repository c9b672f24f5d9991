/* Orders under way and receipts, as files. */
#include "cli_keep.h"

#include "cli_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char receipt_format[] = "ukey-receipt-1";
static const char order_format[] = "ukey-order-1";

void kept_order_free(struct kept_order *k)
{
	uk_blob_free(&k->text);
	uk_blob_free(&k->signature);
	uk_blob_free(&k->certificate);
	uk_blob_free(&k->statement);
}

void kept_receipt_free(struct kept_receipt *k)
{
	kept_order_free(&k->order);
	uk_blob_free(&k->receipt);
	uk_blob_free(&k->receipt_signature);
	uk_blob_free(&k->bank_certificate);
}

/* --- structs to JSON ------------------------------------------------------ */

static bool set_bytes(json_t *o, const char *name, const uk_blob *v)
{
	uk_blob text = { 0 };
	bool done = o != NULL &&
		    uk_is_ok(uk_base64_encode(uk_blob_view(v), &text)) &&
		    json_object_set_new(o, name,
			json_stringn((const char *)text.p, text.n)) == 0;

	uk_blob_free(&text);
	return done;
}

static json_t *order_json(const struct kept_order *k, const char *format)
{
	const struct bc_transfer *w = &k->want;
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:s}",
	    "format", format, "order", w->order, "from", w->from, "to", w->to,
	    "payee", w->payee, "memo", w->memo, "amount", (json_int_t)w->amount,
	    "currency", w->currency, "algorithm", k->algorithm, "display",
	    k->display);

	if (w->bill[0] != '\0')
		(void)json_object_update_new(
		    o, json_pack("{s:s,s:s,s:s}", "bill", w->bill, "merchant",
			   w->merchant, "merchantOrder", w->merchant_order));

	if (set_bytes(o, "text", &k->text) &&
	    set_bytes(o, "signature", &k->signature) &&
	    set_bytes(o, "certificate", &k->certificate) &&
	    (k->statement.n == 0 || set_bytes(o, "statement", &k->statement)))
		return o;
	json_decref(o);
	return NULL;
}

static json_t *receipt_json(const struct kept_receipt *k)
{
	json_t *o = order_json(&k->order, receipt_format);

	if (o != NULL &&
	    json_object_set_new(o, "bank", json_string(k->origin)) == 0 &&
	    set_bytes(o, "receipt", &k->receipt) &&
	    set_bytes(o, "receiptSignature", &k->receipt_signature) &&
	    set_bytes(o, "bankCertificate", &k->bank_certificate))
		return o;
	json_decref(o);
	return NULL;
}

/* --- JSON to structs ------------------------------------------------------ */

static bool get_text(const json_t *o, const char *name, char *out, size_t cap)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL && uk_is_ok(uk_copy_str(out, cap, uk_view_str(s)));
}

static bool get_bytes(const json_t *o, const char *name, uk_blob *out)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL && uk_is_ok(uk_base64_decode(uk_view_str(s), out));
}

/* An order that pays no bill has none of these. */
static bool read_bill_parts(const json_t *o, struct bc_transfer *w)
{
	return json_object_get(o, "bill") == NULL ||
	       (get_text(o, "bill", w->bill, sizeof(w->bill)) &&
		   get_text(o, "merchant", w->merchant, sizeof(w->merchant)) &&
		   get_text(o, "merchantOrder", w->merchant_order,
		       sizeof(w->merchant_order)));
}

static bool read_order(
    const json_t *o, const char *format, struct kept_order *out)
{
	struct bc_transfer *w = &out->want;
	char found[32] = "";
	const json_t *amount = json_object_get(o, "amount");

	w->amount = json_integer_value(amount);
	return json_is_integer(amount) && read_bill_parts(o, w) &&
	       get_text(o, "format", found, sizeof(found)) &&
	       strcmp(found, format) == 0 &&
	       get_text(o, "order", w->order, sizeof(w->order)) &&
	       get_text(o, "from", w->from, sizeof(w->from)) &&
	       get_text(o, "to", w->to, sizeof(w->to)) &&
	       get_text(o, "payee", w->payee, sizeof(w->payee)) &&
	       get_text(o, "memo", w->memo, sizeof(w->memo)) &&
	       get_text(o, "currency", w->currency, sizeof(w->currency)) &&
	       get_text(
		   o, "algorithm", out->algorithm, sizeof(out->algorithm)) &&
	       /* not in files of earlier versions */
	       (json_object_get(o, "display") == NULL ||
		   get_text(
		       o, "display", out->display, sizeof(out->display))) &&
	       (json_object_get(o, "statement") == NULL ||
		   get_bytes(o, "statement", &out->statement)) &&
	       get_bytes(o, "text", &out->text) &&
	       get_bytes(o, "signature", &out->signature) &&
	       get_bytes(o, "certificate", &out->certificate);
}

static bool read_receipt(const json_t *o, struct kept_receipt *out)
{
	return read_order(o, receipt_format, &out->order) &&
	       get_text(o, "bank", out->origin, sizeof(out->origin)) &&
	       get_bytes(o, "receipt", &out->receipt) &&
	       get_bytes(o, "receiptSignature", &out->receipt_signature) &&
	       get_bytes(o, "bankCertificate", &out->bank_certificate);
}

/* --- files ---------------------------------------------------------------- */

/* The number is a file's name: checked before, so no slash and no "..". */
static uk_err file_name_of(
    const char *number, const char *ending, char *out, size_t cap)
{
	uk_buf b = uk_buf_over(out, cap);

	if (!bank_order_number_ok(uk_view_str(number)) || number[0] == '.')
		return uk_fail(UK_ERR_ARGUMENT);
	uk_put_str(&b, number);
	uk_put_str(&b, ending);
	uk_put_u8(&b, 0);
	return uk_buf_result(&b);
}

static uk_err file_name(const char *number, char *out, size_t cap)
{
	return file_name_of(number, ".json", out, cap);
}

/* Gives up the reference to o. */
static uk_err write_json(enum store_place place, const char *number, json_t *o)
{
	char name[BANK_ORDER_NUMBER_MAX + 8];
	char *text = o == NULL ? NULL : json_dumps(o, JSON_INDENT(1));
	uk_err err = uk_fail(UK_ERR_MEMORY);

	if (text != NULL)
		err = file_name(number, name, sizeof(name));
	if (uk_is_ok(err))
		err = store_write(place, name, uk_view_str(text));
	free(text); /* jansson's own */
	json_decref(o);
	return err;
}

static json_t *parse(const uk_blob *text)
{
	return json_loadb(
	    (const char *)text->p, text->n, JSON_REJECT_DUPLICATES, NULL);
}

cli_end keep_order(struct cli *cli, const struct kept_order *k)
{
	uk_err err = write_json(
	    STORE_ORDERS, k->want.order, order_json(k, order_format));

	if (uk_is_ok(err))
		return cli_ok();
	return cli_fail_because(cli, cli_from_err(err).cause,
	    "the order cannot be noted: nothing was sent");
}

cli_end keep_load_order(
    struct cli *cli, const char *number, struct kept_order *out)
{
	char name[BANK_ORDER_NUMBER_MAX + 8];
	uk_blob text = { 0 };
	json_t *o = NULL;
	uk_err err;

	*out = (struct kept_order){ 0 };
	err = file_name(number, name, sizeof(name));
	if (uk_is_ok(err))
		err = store_read(STORE_ORDERS, name, &text);
	if (!uk_is_ok(err))
		return cli_fail_because(
		    cli, cli_from_err(err).cause, "order %s", number);
	o = parse(&text);
	if (!read_order(o, order_format, out) ||
	    strcmp(out->want.order, number) != 0) {
		kept_order_free(out);
		err = uk_fail(UK_ERR_FORMAT);
	}
	json_decref(o);
	uk_blob_free(&text);
	return cli_from_err(err);
}

cli_end keep_forget_order(const char *number)
{
	char name[BANK_ORDER_NUMBER_MAX + 8];
	uk_err err = file_name(number, name, sizeof(name));

	if (uk_is_ok(err))
		err = store_remove(STORE_ORDERS, name);
	return cli_from_err(err);
}

/* Where the receipt of this order is or will be. */
static uk_err receipt_path(const char *number, char path[STORE_PATH_MAX])
{
	char name[BANK_ORDER_NUMBER_MAX + 8];

	UK_TRY(file_name(number, name, sizeof(name)));
	return store_path(STORE_RECEIPTS, name, path);
}

cli_end keep_receipt(struct cli *cli, const struct kept_receipt *k,
    bool replace, char *path, size_t cap)
{
	char full[STORE_PATH_MAX];
	uk_err err = receipt_path(k->order.want.order, full);

	if (uk_is_ok(err) && (replace || access(full, F_OK) != 0))
		err = write_json(
		    STORE_RECEIPTS, k->order.want.order, receipt_json(k));
	if (uk_is_ok(err))
		err = uk_copy_str(path, cap, uk_view_str(full));
	if (uk_is_ok(err))
		return cli_ok();
	return cli_fail_because(cli, CLI_NOT_KEPT, "order %s: %s",
	    k->order.want.order, uk_err_text(err));
}

cli_end keep_evidence(
    const char *number, uk_bytes evidence, char path[STORE_PATH_MAX])
{
	char name[BANK_ORDER_NUMBER_MAX + 8];
	uk_err err = file_name_of(number, ".p7m", name, sizeof(name));

	if (uk_is_ok(err))
		err = store_write(STORE_RECEIPTS, name, evidence);
	if (uk_is_ok(err))
		err = store_path(STORE_RECEIPTS, name, path);
	return cli_from_err(err);
}

cli_end keep_find_receipt(
    struct cli *cli, const char *number, struct kept_receipt *out)
{
	char path[STORE_PATH_MAX];
	uk_err err = receipt_path(number, path);

	*out = (struct kept_receipt){ 0 };
	if (!uk_is_ok(err))
		return cli_from_err(err);
	return keep_load_receipt(cli, path, out);
}

cli_end keep_load_receipt(
    struct cli *cli, const char *path, struct kept_receipt *out)
{
	uk_blob text = { 0 };
	json_t *o;
	uk_err err;

	*out = (struct kept_receipt){ 0 };
	err = store_read_file(path, &text);
	if (!uk_is_ok(err))
		return cli_fail_because(
		    cli, cli_from_err(err).cause, "%s", path);
	o = parse(&text);
	if (!read_receipt(o, out)) {
		kept_receipt_free(out);
		err = uk_fail(UK_ERR_FORMAT);
	}
	json_decref(o);
	uk_blob_free(&text);
	if (uk_is_ok(err))
		return cli_ok();
	return cli_fail_because(cli, CLI_FORMAT, "%s is not a receipt", path);
}
