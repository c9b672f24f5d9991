/* Each rule in a process of its own, and the report. */
#include "conform.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct outcome {
	enum conf_verdict verdict;
	char detail[CONF_DETAIL_MAX];
};

struct run {
	struct conf_options *opt;
	struct conf_totals *totals;
};

/* --- one rule ----------------------------------------------------------- */

static void try_rule(struct conf *c, struct conf_options *opt,
    const struct conf_rule *rule, struct outcome *out)
{
	c->opt = opt;
	memset(c->in, 'a', sizeof(c->in));
	if (conf_reach(c, rule->state)) {
		if ((rule->needs & CONF_V3) != 0 && !c->is_3_0 &&
		    c->library != NULL)
			conf_skip(c, "the module has no interface of 3.0");
		else
			rule->run(c, rule->row);
	}
	out->verdict = c->verdict;
	memcpy(out->detail, c->detail, sizeof(out->detail));
}

/* The child's side: no exit handlers of the module are run, so that each rule
 * ends as it is and the next begins afresh. The module lets go of its cards,
 * though, when all has been said: the service resets a card whose user vanishes
 * in the middle of something, and that would be the next rule's trouble. */
static void child(
    struct conf_options *opt, const struct conf_rule *rule, int to)
{
	static struct conf c;
	struct outcome out = { CONF_FAILED, "" };
	bool told;

	alarm(opt->timeout_s);
	try_rule(&c, opt, rule, &out);
	told = write(to, &out, sizeof(out)) == sizeof(out);
	if (c.library != NULL && c.f.v2.C_Finalize != NULL)
		(void)c.f.v2.C_Finalize(NULL);
	_exit(told ? 0 : 1);
}

static void explain_end(
    struct conf_options *opt, int status, struct outcome *out)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
		out->verdict = CONF_HANGS;
		snprintf(out->detail, sizeof(out->detail),
		    "no answer in %u seconds", opt->timeout_s);
	} else if (WIFSIGNALED(status)) {
		out->verdict = CONF_CRASHED;
		snprintf(out->detail, sizeof(out->detail), "signal SIG%s",
		    sigabbrev_np(WTERMSIG(status)));
	} else {
		out->verdict = CONF_CRASHED;
		snprintf(out->detail, sizeof(out->detail),
		    "the process ended with exit code %d", WEXITSTATUS(status));
	}
}

static struct outcome run_apart(
    struct conf_options *opt, const struct conf_rule *rule)
{
	struct outcome out = { CONF_FAILED, "" };
	int ends[2], status = 0;
	ssize_t n;
	pid_t pid;

	fflush(stdout); /* or the child may write it, too */
	if (pipe(ends) != 0 || (pid = fork()) < 0) {
		snprintf(out.detail, sizeof(out.detail), "no new process: %s",
		    strerror(errno));
		return out;
	}
	if (pid == 0) {
		close(ends[0]);
		child(opt, rule, ends[1]);
	}
	close(ends[1]);
	while ((n = read(ends[0], &out, sizeof(out))) < 0 && errno == EINTR)
		;
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n != sizeof(out))
		explain_end(opt, status, &out);
	return out;
}

/* --- report ------------------------------------------------------------- */

static void put_json_text(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < ' ')
			printf("\\u%04x", (unsigned)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

static void report(const struct run *r, const struct conf_rule *rule,
    const struct outcome *out)
{
	const char *verdict = conf_verdict_name(out->verdict);

	if (!r->opt->json) {
		printf("%-5s %-52s %-7s %s\n", verdict, rule->name,
		    rule->clause, out->detail);
		fflush(stdout);
		return;
	}
	printf("%s{\"rule\": ", r->totals->rules > 1 ? ",\n " : " ");
	put_json_text(rule->name);
	printf(", \"clause\": ");
	put_json_text(rule->clause);
	printf(", \"verdict\": ");
	put_json_text(verdict);
	printf(", \"detail\": ");
	put_json_text(out->detail);
	printf("}");
}

static const char *why_not(
    struct conf_options *opt, const struct conf_rule *rule)
{
	if ((rule->needs & CONF_DESTRUCTIVE) != 0 && !opt->destructive)
		return "only with --destructive";
	if ((rule->needs & CONF_TOKEN) != 0 && opt->without_token)
		return "no token";
	if ((rule->needs & CONF_CARD) != 0 && opt->card_program == NULL)
		return "nobody takes the card out";
	if ((rule->needs & CONF_SO_PIN) != 0 && opt->so_pin.len == 0)
		return "no PIN of the security officer was given";
	return NULL;
}

static void visit(const struct conf_rule *rule, void *arg)
{
	struct run *r = arg;
	struct outcome out = { CONF_SKIPPED, "" };
	const char *reason = why_not(r->opt, rule);

	if (r->opt->only != NULL &&
	    strncmp(rule->name, r->opt->only, strlen(r->opt->only)) != 0)
		return;
	if (reason != NULL)
		snprintf(out.detail, sizeof(out.detail), "%s", reason);
	else
		out = run_apart(r->opt, rule);
	r->totals->rules++;
	if (out.verdict == CONF_PASSED)
		r->totals->passed++;
	else if (out.verdict == CONF_SKIPPED)
		r->totals->skipped++;
	else
		r->totals->failed++;
	if ((rule->needs & CONF_CARD) != 0 &&
	    (out.verdict == CONF_CRASHED || out.verdict == CONF_HANGS))
		(void)conf_card(r->opt, true);
	report(r, rule, &out);
}

/* Rules that spend PIN tries come last, so that nothing depends on what they
 * leave behind. */
static const struct conf_rules *const chapters[] = {
	&conf_library_rules,
	&conf_slot_rules,
	&conf_session_rules,
	&conf_object_rules,
	&conf_attribute_rules,
	&conf_operation_rules,
	&conf_cipher_rules,
	&conf_message_rules,
	&conf_newest_rules,
	&conf_process_rules,
	&conf_profile_rules,
	&conf_event_rules,
	&conf_key_rules,
	&conf_pin_rules,
};

int conf_run_all(struct conf_options *opt, struct conf_totals *totals)
{
	struct run r = { opt, totals };

	if (opt->json)
		printf("[\n");
	conf_rules_walk(visit, &r);
	conf_rules_calls(visit, &r);
	for (size_t i = 0; i < CONF_COUNT(chapters); i++) {
		for (size_t j = 0; j < chapters[i]->n; j++)
			visit(&chapters[i]->rules[j], &r);
	}
	if (opt->json)
		printf("\n]\n");
	return ferror(stdout) != 0 ? -1 : 0;
}
