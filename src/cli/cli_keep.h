/*
 * What is kept about payments: orders under way, so that a broken one can be
 * taken up again under its number, and receipts, which prove a payment without
 * the bank. One JSON file each, named after the order number.
 */
#ifndef CLI_KEEP_H
#define CLI_KEEP_H

#include "cli.h"
#include "cli_store.h"

/* An order under way. Until it is signed, text and what follows are empty. */
struct kept_order {
	struct bc_transfer want;
	uk_blob text; /* the order text that was signed */
	char algorithm[16];
	char display[16];  /* how it was shown: "none", "host" ... */
	uk_blob statement; /* the terminal's, with "terminal" */
	uk_blob signature, certificate; /* the customer's */
};
void kept_order_free(struct kept_order *k);
CLI_RESULT keep_order(struct cli *cli, const struct kept_order *k);
/* CLI_NOT_FOUND if there is none of this number. */
CLI_RESULT keep_load_order(
    struct cli *cli, const char *number, struct kept_order *out);
CLI_RESULT keep_forget_order(const char *number);

/* A receipt with everything that it takes to verify it. Text, signature and
 * certificate of the order may be empty: posted by another client. */
struct kept_receipt {
	struct kept_order order;
	char origin[BC_TEXT_MAX + 1];
	uk_blob receipt, receipt_signature, bank_certificate;
};
void kept_receipt_free(struct kept_receipt *k);
/* path: where it is. Without `replace` one that is there already stays: it may
 * hold more than this one. */
CLI_RESULT keep_receipt(struct cli *cli, const struct kept_receipt *k,
    bool replace, char *path, size_t cap);
/* What the bank keeps of the order, beside its receipt: ORDER.p7m. */
CLI_RESULT keep_evidence(
    const char *number, uk_bytes evidence, char path[STORE_PATH_MAX]);
/* The receipt of an order paid from here; CLI_NOT_FOUND. */
CLI_RESULT keep_find_receipt(
    struct cli *cli, const char *number, struct kept_receipt *out);
/* CLI_FORMAT if the file is not such a receipt. */
CLI_RESULT keep_load_receipt(
    struct cli *cli, const char *path, struct kept_receipt *out);

#endif
