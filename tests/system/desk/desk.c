/* The matrix: kinds of card, operations, events and places. */
#include "desk.h"

#include <dlfcn.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLACES_MAX = 200, PATH_CAP = 256 };

static CK_FUNCTION_LIST *p11;
static struct desk_world *world;
static char folder[PATH_CAP];
static long stride = 1;
static unsigned long cells, failures;

/* --- one cell
 * ------------------------------------------------------------------ */

typedef void program_fn(const void *arg, struct desk_cards *cards, int control);

/* A reader with fresh cards and a program, from fork to end. 0: the program
 * ended as it should. */
static int play(
    struct desk_cards *cards, size_t card, program_fn *program, const void *arg)
{
	int ends[2], status = -1, unused;
	pid_t reader, child;

	memset(world, 0, sizeof(*world));
	world->countdown = -1;
	if (!desk_place_tidy() ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	fflush(stdout);
	if ((reader = fork()) == 0) {
		(void)close(ends[0]);
		desk_reader_run(cards, card, world, ends[1]);
	}
	if ((child = fork()) == 0) {
		(void)close(ends[1]);
		program(arg, cards, ends[0]);
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
	(void)waitpid(child, &status, 0);
	(void)waitpid(reader, &unused, 0);
	return status;
}

static void tell(const void *arg, struct desk_cards *cards, int control)
{
	desk_program_tell(p11, cards, *(const size_t *)arg, world, control);
}

static void run(const void *arg, struct desk_cards *cards, int control)
{
	desk_program_run(p11, cards, arg, world, control);
}

static const char *judge(const struct desk_cell *cell, int status)
{
	static char why[64];

	if (WIFSIGNALED(status)) {
		snprintf(why, sizeof(why), "the program ended by signal %d",
		    WTERMSIG(status));
		return why;
	}
	if (world->complaint[0] != 0)
		return world->complaint;
	if (status != 0)
		return "the program ended in trouble";
	return desk_judge(cell, world);
}

/* --- rows
 * -------------------------------------------------------------------------- */

static const char *const event_names[] = { "nothing", "out", "out and in",
	"another card", "jolt", "unplug", "kill", "reset", "select", "login",
	"logout" };

/* With a stride, each row begins at another place. */
static long first_place(void)
{
	static long rows;

	return rows++ % stride;
}

/* One row: the event before the first command, the second ... until it did not
 * come to that. */
static void play_row(struct desk_cards *cards, const struct desk_op *op,
    enum desk_event event, enum desk_moment moment)
{
	printf("%-9s %-9s %s%-13s", cards->kind->name, op->name,
	    moment == DESK_AFTER ? "unheard, " : "", event_names[event]);
	for (long at = first_place(); at < PLACES_MAX; at += stride) {
		struct desk_cell cell = { op, event, moment, at };
		int status = play(cards, 0, run, &cell);
		const char *why = judge(&cell, status);

		cells++;
		printf(" %s",
		    world->rv == CKR_OK ? "ok" : desk_rv_name(world->rv) + 4);
		if (why != NULL) {
			failures++;
			printf("\nNOT OK - %s, %s, before command %ld: %s: %s "
			       "(%s)\n  ",
			    op->name, event_names[event], at, world->step, why,
			    desk_rv_name(world->rv));
		}
		if (!world->fired)
			break;
	}
	printf("\n");
}

static bool look_at(struct desk_cards *cards)
{
	for (size_t i = 0; i < DESK_CARDS; i++) {
		if (play(cards, i, tell, &i) != 0 ||
		    !desk_cards_believe(cards, i, world->certs)) {
			printf("NOT OK - %s: nobody disturbs, and yet: %s\n",
			    cards->kind->name, world->complaint);
			return false;
		}
	}
	return true;
}

static bool configure(const struct desk_kind *kind)
{
	char path[PATH_CAP + 16];
	FILE *f;

	snprintf(path, sizeof(path), "%s/pkcs11.conf", folder);
	if ((f = fopen(path, "w")) == NULL)
		return false;
	desk_place_configure(f);
	fprintf(f, "debug_level = debug\n%s\n",
	    kind->seen ? "" : "linger = 0\ncache = off");
	/* The folder of locks between processes is ours, because our readers'
	 * names are not. */
	return fclose(f) == 0 && setenv("UKEY_PKCS11_CONF", path, 1) == 0 &&
	       setenv("XDG_RUNTIME_DIR", folder, 1) == 0 &&
	       setenv("XDG_CACHE_HOME", folder, 1) == 0;
}

static void play_kind(
    const struct desk_kind *kind, const char *only, const char *event)
{
	static struct desk_cards cards;

	if (!configure(kind) || !desk_cards_make(kind, &cards) ||
	    !look_at(&cards)) {
		failures++;
		return;
	}
	for (size_t i = 0; i < desk_op_count; i++) {
		if ((only != NULL && strcmp(only, desk_ops[i].name) != 0) ||
		    (kind->keys == NULL && desk_ops[i].key > DESK_SIGNS))
			continue;
		for (int e = DESK_OUT; e < DESK_EVENTS; e++) {
			if ((event != NULL &&
				strcmp(event, event_names[e]) != 0) ||
			    (desk_place_events >> e & 1) == 0)
				continue;
			play_row(&cards, &desk_ops[i], (enum desk_event)e,
			    DESK_BEFORE);
			if (e < DESK_UNPLUG)
				play_row(&cards, &desk_ops[i],
				    (enum desk_event)e, DESK_AFTER);
		}
	}
	desk_cards_free(&cards);
}

/* --- the module
 * ---------------------------------------------------------------------- */

static bool load_module(const char *path)
{
	void *module = dlopen(path, RTLD_NOW);
	CK_C_GetFunctionList get = NULL;

	if (module != NULL)
		get = (CK_C_GetFunctionList)dlsym(module, "C_GetFunctionList");
	if (get == NULL || get(&p11) != CKR_OK)
		fprintf(stderr, "desk: %s\n", dlerror());
	return p11 != NULL;
}

static int remove_one(
    const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

/* --stride=N: every Nth place only. */
static const char *const *take_options(int argc, char **argv)
{
	static const char *words[5]; /* module, kind, operation, event, NULL */
	size_t n = 0;

	for (int i = 1; i < argc; i++) {
		if (sscanf(argv[i], "--stride=%ld", &stride) == 1)
			continue;
		if (n == 4 || argv[i][0] == '-')
			return NULL;
		words[n++] = argv[i];
	}
	return n == 0 || stride < 1 ? NULL : words;
}

static bool prepare(const char *module)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/deskXXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return world != MAP_FAILED && mkdtemp(folder) != NULL &&
	       load_module(module) && desk_place_open(folder);
}

int main(int argc, char **argv)
{
	const char *const *words = take_options(argc, argv);

	if (words == NULL) {
		fprintf(stderr,
		    "usage: %s [--stride=N] MODULE [KIND "
		    "[OPERATION [EVENT]]]\n",
		    argv[0]);
		return 2;
	}
	if (!prepare(words[0]))
		return 2;
	for (size_t i = 0; i < desk_kind_count; i++) {
		if (words[1] == NULL ||
		    strcmp(words[1], desk_kinds[i].name) == 0)
			play_kind(&desk_kinds[i], words[2],
			    words[2] == NULL ? NULL : words[3]);
	}
	desk_place_close();
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	printf("%lu cells, %lu not as they should be\n", cells, failures);
	return failures == 0 && cells > 0 ? 0 : 1;
}
