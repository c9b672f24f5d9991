/* Both ends of the control socket. */
#include "vc_control.h"

#include "vc_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LINE_CAP = 128, WORDS = 3, PATIENCE_S = 5 };

/* One line without its end; false if none came in time. */
static bool read_line(int fd, char line[LINE_CAP])
{
	struct timeval patience = { PATIENCE_S, 0 };
	size_t n = 0;

	(void)setsockopt(
	    fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (n < LINE_CAP - 1) {
		ssize_t got = read(fd, line + n, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || line[n] == '\n')
			break;
		n++;
	}
	line[n] = 0;
	return n > 0;
}

/* --- the running card's end ------------------------------------------------
 */

struct request {
	struct vc_house *house;
	size_t slot;
	struct vc_plug *plug;
	unsigned long number;
};

typedef void action_fn(const struct request *q, FILE *out);

static void do_remove(const struct request *q, FILE *out)
{
	vc_plug_pull(q->plug);
	(void)fputs("ok\n", out);
}

static void do_insert(const struct request *q, FILE *out)
{
	/* pcscd looks twice a second: a card that was away for less is not seen
	 * to have been away. No hand is faster. */
	const struct timespec away = { 0, 600 * 1000 * 1000 };
	struct vc_vpcd *vpcd = q->house->vpcds[q->slot];

	if (!q->plug->inserted && vpcd != NULL)
		(void)nanosleep(&away, NULL);
	vc_plug_insert(q->plug);
	(void)fputs(
	    vpcd == NULL || vc_vpcd_connect(vpcd) ? "ok\n" : "waiting\n", out);
}

static void do_reset(const struct request *q, FILE *out)
{
	vc_plug_reset(q->plug);
	(void)fputs("ok\n", out);
}

static void do_count(const struct request *q, FILE *out)
{
	(void)fprintf(out, "%lu\n", q->plug->commands);
}

static void do_remove_after(const struct request *q, FILE *out)
{
	q->plug->remove_after = (long)q->number;
	(void)fputs("ok\n", out);
}

static const struct action {
	const char *name;
	bool number;
	action_fn *run;
} actions[] = {
	{ "remove", false, do_remove },
	{ "insert", false, do_insert },
	{ "reset", false, do_reset },
	{ "count", false, do_count },
	{ "remove-after", true, do_remove_after },
};

static bool get_number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	*out = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == 0 && *out <= max;
}

static bool fill_request(const struct action *a, char *const words[WORDS],
    struct vc_house *house, struct request *q)
{
	const char *slot = words[a->number ? 2 : 1];
	unsigned long at = 0;

	*q = (struct request){ 0 };
	if (a->number &&
	    (words[1] == NULL || !get_number(words[1], 1000000, &q->number)))
		return false;
	if (slot != NULL && !get_number(slot, house->count - 1, &at))
		return false;
	q->house = house;
	q->slot = at;
	q->plug = house->plugs[at];
	return true;
}

static void run_line(char *line, struct vc_house *house, FILE *out)
{
	char *words[WORDS + 1] = { NULL }, *rest = NULL;
	struct request q;

	for (size_t i = 0; i < WORDS; i++)
		words[i] = strtok_r(i == 0 ? line : NULL, " \t\r", &rest);
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (words[0] == NULL || strcmp(words[0], actions[i].name) != 0)
			continue;
		if (fill_request(&actions[i], words, house, &q))
			actions[i].run(&q, out);
		else
			(void)fputs("error: bad number or slot\n", out);
		return;
	}
	(void)fputs(
	    "error: remove, insert, reset, count or remove-after N\n", out);
}

void vc_control_serve(int listener, struct vc_house *house)
{
	char line[LINE_CAP];
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (out == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	if (read_line(fd, line))
		run_line(line, house, out);
	/* Whoever watches hears of it before we say that it is done. */
	if (house->reader != NULL)
		vc_reader_settle(house->reader);
	(void)fclose(out);
}

/* --- the other end: ukey-vcard control -------------------------------------
 */

static int run_control(const struct vc_options *o)
{
	const char *path = o->control != NULL ? o->control
					      : getenv(VC_CONTROL_VARIABLE);
	char line[LINE_CAP];
	int fd = path == NULL ? -1 : vc_socket_connect(path);

	if (fd < 0) {
		(void)fprintf(stderr,
		    "ukey-vcard: nobody listens at %s: start ukey-vcard run "
		    "with --control, or be a command of ukey-vcard exec\n",
		    path == NULL ? "any place that I know" : path);
		return VC_EXIT_NO_READER;
	}
	for (size_t i = 0; i < o->word_count; i++)
		(void)dprintf(fd, "%s%s", i == 0 ? "" : " ", o->words[i]);
	(void)dprintf(fd, "\n");
	if (!read_line(fd, line))
		(void)fputs("error: no answer\n", stderr);
	(void)close(fd);
	(void)puts(line);
	return line[0] == 0 || line[0] == 'e' ? VC_EXIT_USAGE : VC_EXIT_OK;
}

static const struct argp_option options[] = {
	{ "control", VC_OPT_CONTROL, "PATH", 0,
	    "as given to ukey-vcard run; not needed below ukey-vcard exec", 0 },
	{ 0 }
};

const struct vc_verb vc_verb_control = {
	.name = "control",
	.args = "remove|insert|reset|count [SLOT]\nremove-after N [SLOT]",
	.doc = "Tell a running card something and print its answer.\v"
	       "remove-after N: the card answers N more commands and is pulled "
	       "when the next one comes.",
	.options = options,
	.takes_words = true,
	.run = run_control,
};
