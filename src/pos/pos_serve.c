/* A terminal that stands there: each order is asked for as it comes. */
#include "pos_client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_SECONDS = 1, PAUSE_MOST = 30 };

/* The first behind the one tried last, or the first: so none that nobody pays
 * keeps the others waiting. */
static const char *choose(const json_t *orders, const char *tried)
{
	size_t n = json_array_size(orders), at = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(pos_text(json_array_get(orders, i), "orderNumber"),
			tried) == 0)
			at = (i + 1) % n;
	}
	return pos_text(json_array_get(orders, at), "orderNumber");
}

/* One look; number is "" if nothing waits. */
static enum pos_exit look(
    struct pos *p, char number[BANK_ORDER_NUMBER_MAX + 1], bool quiet)
{
	json_t *answer;
	enum pos_exit code = pos_call(
	    p, "/v1/pos/orders", NULL, quiet, &answer);
	uk_err err;

	if (code == POS_OK) {
		err = uk_copy_str(number, BANK_ORDER_NUMBER_MAX + 1,
		    uk_view_str(
			choose(json_object_get(answer, "orders"), number)));
		if (!uk_is_ok(err))
			code = pos_say(
			    POS_FAILED, "the bank's answer is malformed");
	}
	json_decref(answer);
	return code;
}

static bool will_pass(enum pos_exit code)
{
	return code == POS_UNREACHABLE || code == POS_UNKNOWN;
}

/* What became of an order was said; the next one comes. */
enum pos_exit pos_serve(struct pos *p)
{
	char tried[BANK_ORDER_NUMBER_MAX + 1] = "",
					   number[BANK_ORDER_NUMBER_MAX + 1];
	enum pos_exit code;
	unsigned pause = LOOK_SECONDS;

	for (;;) {
		UK_IGNORE(uk_copy_str(
		    number, sizeof(number), uk_view_str(tried))); /* fits */
		code = look(p, number, pause > LOOK_SECONDS);
		if (code != POS_OK && !will_pass(code))
			return code;
		if (code != POS_OK)
			pause = pause * 2 > PAUSE_MOST ? PAUSE_MOST : pause * 2;
		else
			pause = LOOK_SECONDS;
		if (code != POS_OK || number[0] == '\0') {
			sleep(pause);
			continue;
		}
		UK_IGNORE(uk_copy_str(
		    tried, sizeof(tried), uk_view_str(number))); /* fits */
		p->opt.order = number;
		if (pos_pay(p) != POS_OK)
			sleep(LOOK_SECONDS);
		fflush(stdout);
	}
}
