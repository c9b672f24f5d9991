/* ISO/IEC 7816-15 cards: finding the application, and the products we know. */
#include "p15_driver.h"

#include "card_parts.h"
#include "sw.h"

const uint8_t uk_p15_aid[12] = { 0xa0, 0x00, 0x00, 0x00, 0x63, 'P', 'K', 'C',
	'S', '-', '1', '5' };
const uint8_t uk_isoapplet_aid[12] = { 0xf2, 0x76, 0xa2, 0x88, 0xbc, 0xfb, 0xa6,
	0x9d, 0x34, 0xf3, 0x10, 0x01 };

enum { FCI_MAX = 512, VERSION_LEN = 3, VERSION_MAX = 16 };

static const struct p15_quirks any_card = {
	.model = "PKCS#15",
	.limits = { UK_LC_SHORT_MAX, UK_LE_SHORT_MAX, false },
};

/* Versions before 1.0 know chaining and 61xx, and hash for ECDSA themselves. */
static const struct p15_quirks isoapplet_0 = {
	.model = "IsoApplet 0",
	.limits = { UK_LC_SHORT_MAX, UK_LE_SHORT_MAX, true },
	.by_fid = true,
	.one_layout = true,
	.known_pin = true,
	.zero_blocks = true,
	.dies_on_change = true,
	.select_leaves = true,
	.keys = true,
	.tells_access = true,
	.hash_on_card = true,
};

/* Version 1 refuses chaining and wants extended length. */
static const struct p15_quirks isoapplet_1 = {
	.model = "IsoApplet 1",
	.limits = { 2048, 4096, false },
	.by_fid = true,
	.one_layout = true,
	.known_pin = true,
	.zero_blocks = true,
	.dies_on_change = true,
	.select_leaves = true,
	.keys = true,
	.tells_access = true,
};

uk_err p15_send(uk_card *c, const uk_cmd *cmd, uk_buf *out)
{
	return uk_card_plain(uk_channel_transmit(c->ch, cmd, out, NULL));
}

/* Versions before 1.0 say major, minor and features when they are selected; the
 * others when they are asked. */
static uk_err take_version(struct p15 *p, uk_bytes version)
{
	if (version.n != VERSION_LEN)
		return uk_fail(UK_ERR_CARD_UNKNOWN);
	p->quirks = version.p[0] == 0 ? &isoapplet_0 : &isoapplet_1;
	p->features = version.p[2];
	return uk_ok();
}

static uk_err ask_version(struct p15 *p)
{
	uint8_t answer[VERSION_MAX];
	uk_buf version = UK_BUF(answer);
	uk_cmd get = {
		.ins = 0xca, .p1 = 0x01, .p2 = 0x01, .le = UK_LE_SHORT_MAX
	};
	uk_err err = p15_send(&p->base, &get, &version);

	if (!uk_is_ok(err))
		return uk_card_spoke(err) ? uk_fail(UK_ERR_CARD_UNKNOWN) : err;
	UK_TRY(take_version(p, uk_buf_view(&version)));
	uk_cache_put(p->base.cache, P15_CACHE_VERSION, uk_buf_view(&version));
	return uk_ok();
}

/* Who does not say it when selected, has not done so since version 1. */
static uk_err find_version(struct p15 *p, uk_bytes selected)
{
	uk_bytes known;

	if (selected.n == VERSION_LEN)
		return take_version(p, selected);
	if (uk_cache_get(p->base.cache, P15_CACHE_VERSION, &known) &&
	    known.n == VERSION_LEN && known.p[0] != 0)
		return take_version(p, known);
	return ask_version(p);
}

static const uk_card_info before_asking = {
	.kind = "p15",
	.manufacturer = "PKCS#15 card",
	.label = "PKCS#15",
	.pin_min = 4,
	.pin_max = 16,
	.so_pin_min = 4,
	.so_pin_max = 16,
};

static uk_err start(struct p15 *p, const struct uk_selected *s)
{
	bool iso = uk_bytes_eq(s->aid, UK_ARRAY(uk_isoapplet_aid));
	uk_buf aid = UK_BUF(p->aid);
	uk_card *c = &p->base;

	uk_put(&aid, s->aid);
	p->aid_len = aid.len;
	c->info = before_asking;
	c->pins[0] = (uk_pin_state){ -1, -1, true };
	c->pins[1] = (uk_pin_state){ -1, -1, true };
	p->quirks = iso ? &isoapplet_1 : &any_card;
	UK_TRY(p15_read_info(c));
	if (iso)
		UK_TRY(find_version(p, s->fci));
	uk_channel_limit(c->ch, p->quirks->limits);
	return uk_copy_str(c->info.model, sizeof(c->info.model),
	    uk_view_str(p->quirks->model));
}

static void p15_close(uk_card *c)
{
	p15_forget(p15_of(c));
	uk_free(c);
}

static uk_err p15_open(
    uk_channel *ch, const struct uk_selected *s, uk_card **out)
{
	struct p15 *p = uk_new(sizeof(*p));
	uk_err err;

	*out = NULL;
	if (p == NULL)
		return uk_fail(UK_ERR_MEMORY);
	p->base.ops = &uk_p15_ops;
	p->base.ch = ch;
	err = start(p, s);
	if (uk_is_ok(err)) {
		*out = &p->base;
		p = NULL; /* handed over */
	}
	if (p != NULL)
		uk_cache_close(&p->base.cache);
	uk_free(p);
	return err;
}

/* SELECT ends every login (IsoApplet: in select(); 7816-4: at the latest when
 * another application was selected in between). */
uk_err p15_reselect(uk_card *c)
{
	struct p15 *p = p15_of(c);
	uint8_t answer[FCI_MAX];
	uk_buf fci = UK_BUF(answer);
	uk_err err = uk_select(c->ch, uk_view(p->aid, p->aid_len), &fci);

	p->user_in = p->in_folder = false;
	p->compared = 0;
	p->environment.set = false;
	uk_channel_limit(c->ch, p->quirks->limits);
	if (!uk_is_ok(err) && uk_card_spoke(err))
		return uk_fail(UK_ERR_CARD_REMOVED);
	return err;
}

const struct uk_card_ops uk_p15_ops = {
	.name = "p15",
	.open = p15_open,
	.close = p15_close,
	.reselect = p15_reselect,
	.load_objects = p15_load_objects,
	.look = p15_look,
	.read_object = p15_read_object,
	.read_public = p15_read_public,
	.pin_state = p15_pin_state,
	.verify = p15_verify,
	.logout = p15_logout,
	.change_pin = p15_change_pin,
	.unblock = p15_unblock,
	.can_sign = p15_can_sign,
	.sign = p15_sign,
	.generate = p15_generate,
	.import = p15_import,
	.store = p15_store,
	.destroy = p15_destroy,
};
