/* Loading the module, and what it knows about readers. */
#include "cli_module.h"

#include "cli.h"
#include "utf8.h"

#include <dlfcn.h>
#include <string.h>
#include <time.h>

const char *module_path(const struct cli *cli)
{
	if (cli->opt.module != NULL)
		return cli->opt.module;
	if (cli->config.module[0] != '\0')
		return cli->config.module;
	return UKEY_DEFAULT_MODULE;
}

/* dlsym gives an object pointer; POSIX promises that this works. */
static void *symbol(void *lib, const char *name)
{
	return dlsym(lib, name);
}

static CK_RV get_functions(struct module *m)
{
	CK_C_GetFunctionList get;

	*(void **)&get = symbol(m->lib, "C_GetFunctionList");
	if (get == NULL)
		return CKR_FUNCTION_NOT_SUPPORTED;
	return get(&m->f);
}

static void get_vendor(struct module *m)
{
	static CK_UTF8CHAR name[] = UKEY_INTERFACE_NAME;
	struct p11c_interface *i = NULL;
	const struct ukey_functions *f;
	p11c_get_interface get;

	*(void **)&get = symbol(m->lib, "C_GetInterface");
	if (get == NULL || get(name, NULL, &i, 0) != CKR_OK || i == NULL)
		return;
	f = i->functions;
	if (f != NULL && f->version.major == 1)
		m->vendor = f;
}

cli_end module_open(struct cli *cli, struct module **out)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	struct module *m = uk_new(sizeof(*m));
	cli_end end = cli_fail(CLI_MEMORY);
	CK_RV rv;

	*out = NULL;
	if (m == NULL)
		goto out;
	m->lib = dlopen(module_path(cli), RTLD_NOW | RTLD_LOCAL);
	if (m->lib == NULL) {
		end = cli_fail_because(
		    cli, CLI_MODULE_MISSING, "%s", dlerror());
		goto out;
	}
	rv = get_functions(m);
	if (rv == CKR_OK)
		rv = m->f->C_Initialize(&args);
	if (rv != CKR_OK) {
		end = cli_fail_because(cli, CLI_MODULE_MISSING,
		    "%s does not start: CKR 0x%lx", module_path(cli), rv);
		goto out;
	}
	m->initialized = true;
	get_vendor(m);
	*out = m;
	m = NULL; /* handed over */
	end = cli_ok();
out:
	module_close(&m);
	return end;
}

void module_close(struct module **m)
{
	if (*m == NULL)
		return;
	if ((*m)->initialized)
		(void)(*m)->f->C_Finalize(NULL); /* we are leaving */
	if ((*m)->lib != NULL)
		dlclose((*m)->lib);
	uk_free(*m);
	*m = NULL;
}

enum cli_cause module_what_is_missing(const struct module *m)
{
	struct ukey_status s = { 0 };
	CK_ULONG n = 0;

	if (m->vendor == NULL || m->vendor->get_status(&s) != CKR_OK) {
		if (m->f->C_GetSlotList(CK_FALSE, NULL, &n) == CKR_OK && n > 0)
			return CLI_NO_CARD;
		return CLI_NO_READER;
	}
	switch (s.service) {
	case UKEY_SERVICE_OK:
		break;
	case UKEY_SERVICE_NO_PERMISSION:
		return CLI_NO_PERMISSION;
	default:
		return CLI_NO_SERVICE;
	}
	if (s.readers == 0)
		return CLI_NO_READER;
	return s.cards == 0 ? CLI_NO_CARD : CLI_CARD_UNKNOWN;
}

static bool sees_card(const struct module *m, const CK_SLOT_ID *slot)
{
	struct ukey_status s = { .cards = 1 };
	CK_SLOT_INFO info = { 0 };

	if (slot != NULL)
		return m->f->C_GetSlotInfo(*slot, &info) == CKR_OK &&
		       (info.flags & CKF_TOKEN_PRESENT) != 0;
	if (m->vendor != NULL)
		(void)m->vendor->get_status(
		    &s); /* else: one, as far as known */
	return s.cards > 0;
}

bool module_card_is_gone(const struct module *m, const CK_SLOT_ID *slot)
{
	enum { STEP_MS = 50, STEPS = 12 };

	for (int i = 0; i < STEPS; i++) {
		if (!sees_card(m, slot))
			return true;
		nanosleep(
		    &(struct timespec){ .tv_nsec = STEP_MS * 1000000 }, NULL);
	}
	return false;
}

void module_text(char *out, size_t cap, const CK_UTF8CHAR *field, size_t n)
{
	uk_bytes v = uk_view(field, n);
	uk_buf b = uk_buf_over(out, cap - 1);
	uk_reader r;

	while (v.n > 0 && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\0'))
		v = uk_bytes_first(v, v.n - 1);
	r = uk_read(v);
	while (r.left > 0 && !b.bad) {
		uk_reader start = r;
		uint32_t c = uk_utf8_next(&r);

		if (r.bad) { /* not UTF-8: go on with the next byte */
			r = start;
			(void)uk_get_u8(&r);
			uk_put_u8(&b, '?');
		} else if (uk_utf8_is_shown(c) || uk_utf8_is_blank(c)) {
			uk_put(&b, uk_view(start.p, start.left - r.left));
		} else {
			uk_put_u8(&b, '?');
		}
	}
	out[b.len] = '\0';
}

static void fill_slot(const struct module *m, struct slot *s)
{
	CK_SLOT_INFO info = { 0 };

	s->token_rv = m->f->C_GetSlotInfo(s->id, &info);
	module_text(s->reader, sizeof(s->reader), info.slotDescription,
	    sizeof(info.slotDescription));
	if (s->token_rv != CKR_OK)
		return;
	if ((info.flags & CKF_TOKEN_PRESENT) == 0)
		s->token_rv = CKR_TOKEN_NOT_PRESENT;
	else
		s->token_rv = m->f->C_GetTokenInfo(s->id, &s->token);
}

bool module_reader_key(
    const struct module *m, CK_SLOT_ID slot, CK_BYTE key[UKEY_READER_KEY])
{
	const struct ukey_functions *v = m->vendor;
	CK_ULONG n = 0;

	return v != NULL && v->version.minor >= 2 &&
	       v->get_reader_key(slot, key, &n) == CKR_OK && n > 0;
}

cli_end module_slots(
    struct cli *cli, const struct module *m, struct slot *slots, size_t *n)
{
	CK_SLOT_ID ids[MODULE_SLOTS_MAX];
	CK_ULONG count = MODULE_SLOTS_MAX;
	CK_RV rv = m->f->C_GetSlotList(CK_FALSE, ids, &count);

	*n = 0;
	if (rv != CKR_OK)
		return cli_fail_ckr(cli, "C_GetSlotList", rv);
	for (CK_ULONG i = 0; i < count; i++) {
		slots[i] = (struct slot){ .id = ids[i] };
		fill_slot(m, &slots[i]);
	}
	*n = count;
	return cli_ok();
}
