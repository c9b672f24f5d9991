/* Both ends of the control socket. */
#include "vc_control.h"

#include "vc_number.h"
#include "vc_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LINE_CAP = 512, PATIENCE_S = 5 };

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
	char *rest; /* of the line, for those that take it */
};

typedef void action_fn(const struct request *q, FILE *out);

static void say_ok(FILE *out, bool good)
{
	(void)fputs(good ? "ok\n" : "error: this cannot be understood\n", out);
}

static void do_remove(const struct request *q, FILE *out)
{
	vc_plug_pull(q->plug);
	say_ok(out, true);
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
	say_ok(out, true);
}

static void do_count(const struct request *q, FILE *out)
{
	(void)fprintf(out, "%lu\n", q->plug->commands);
}

static bool add_fault(const struct request *q, const char *rule)
{
	return uk_is_ok(
	    vc_faults_add(&q->plug->faults, rule, q->plug->commands));
}

static void do_remove_after(const struct request *q, FILE *out)
{
	char rule[64];

	vc_faults_drop(&q->plug->faults, VC_FAULT_REMOVE);
	(void)snprintf(rule, sizeof(rule), "at %lu remove", q->number + 1);
	say_ok(out, add_fault(q, rule));
}

static void do_fault(const struct request *q, FILE *out)
{
	say_ok(out, add_fault(q, q->rest));
}

static void do_no_faults(const struct request *q, FILE *out)
{
	vc_faults_drop(&q->plug->faults, VC_FAULT_NONE);
	say_ok(out, true);
}

static void do_swap(const struct request *q, FILE *out)
{
	if (uk_is_ok(vc_plug_swap(q->plug, q->rest)))
		(void)fputs("ok\n", out);
	else
		(void)fputs("error: that card cannot be had: the slot is "
			    "empty\n",
		    out);
}

/* Also while the card is in: it looks so from its next command on. */
static void do_look(const struct request *q, FILE *out)
{
	char *value = &q->rest[strcspn(q->rest, " ")];

	if (*value != '\0')
		*value++ = '\0';
	say_ok(out, vc_look_set(&q->plug->front.look, q->rest, value));
}

enum takes { NOTHING, NUMBER, REST };

static const struct action {
	const char *name;
	enum takes takes;
	action_fn *run;
} actions[] = {
	{ "remove", NOTHING, do_remove },
	{ "insert", NOTHING, do_insert },
	{ "reset", NOTHING, do_reset },
	{ "count", NOTHING, do_count },
	{ "remove-after", NUMBER, do_remove_after },
	{ "fault", REST, do_fault },
	{ "no-faults", NOTHING, do_no_faults },
	{ "swap", REST, do_swap },
	{ "look", REST, do_look },
};

/* The next word of the line; NULL at its end. */
static char *take_word(char **line)
{
	char *word = &(*line)[strspn(*line, " \t\r")];

	*line = &word[strcspn(word, " \t\r")];
	if (**line != '\0')
		*(*line)++ = '\0';
	return *word == '\0' ? NULL : word;
}

static const struct action *find_action(const char *name)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (name != NULL && strcmp(name, actions[i].name) == 0)
			return &actions[i];
	}
	return NULL;
}

static bool set_slot(struct request *q, const char *text)
{
	unsigned long at;

	if (!vc_number(text, q->house->count - 1, &at))
		return false;
	q->slot = at;
	q->plug = q->house->plugs[at];
	return true;
}

/* What is behind the word that says what is to be done. */
static bool take_arguments(struct request *q, enum takes takes, char *line)
{
	char *word;

	if (takes == REST) {
		q->rest = &line[strspn(line, " \t\r")];
		return *q->rest != '\0';
	}
	if (takes == NUMBER && ((word = take_word(&line)) == NULL ||
				   !vc_number(word, 1000000, &q->number)))
		return false;
	word = take_word(&line);
	return word == NULL || set_slot(q, word);
}

static void run_line(char *line, struct vc_house *house, FILE *out)
{
	struct request q = { .house = house };
	const struct action *a;
	char *word = take_word(&line);
	bool good = set_slot(&q, "0");

	if (word != NULL && word[0] == '@') {
		good = set_slot(&q, &word[1]);
		word = take_word(&line);
	}
	a = find_action(word);
	if (a == NULL) {
		(void)fputs("error: ", out);
		for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]);
		     i++)
			(void)fprintf(
			    out, "%s%s", i == 0 ? "" : ", ", actions[i].name);
		(void)fputs("\n", out);
	} else if (good && take_arguments(&q, a->takes, line)) {
		a->run(&q, out);
	} else {
		(void)fputs("error: bad number or slot\n", out);
	}
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
	.args = "[@SLOT] WHAT...",
	.doc =
	    "Tell a running card something and print its answer.\v"
	    "remove, insert, reset    what hands and other programs do\n"
	    "count                    commands since the start\n"
	    "remove-after N           N more commands, then pulled\n"
	    "fault WHEN WHAT          as run --fault, counted from now\n"
	    "no-faults                forget them\n"
	    "swap FILE                pull it and put another card in\n"
	    "look OPTION VALUE        lengths, atr, speed, delay, key-time,\n"
	    "                         generate-time: as the options of run\n"
	    "\n"
	    "SLOT is the position on run's command line, from 0, which is "
	    "the default.",
	.options = options,
	.takes_words = true,
	.run = run_control,
};
