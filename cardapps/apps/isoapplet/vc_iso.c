/* The two versions: their tables, their first content, what is not worth a
 * file. */
#include "vc_iso.h"

enum { CHALLENGE_MAX = 256 };

#define COUNT(t) (sizeof(t) / sizeof((t)[0]))

static void forget(struct vc_app *app)
{
	struct vc_iso *a = vc_iso_of(app);

	a->df = VC_ISO_MF;
	a->ef = 0;
	a->files_open = a->keys_open = false;
	a->alg = a->ref = 0;
}

/* Parameters: nothing, or one byte that says whether private keys may be put
 * on the card: 00 no, 01 yes. */
static uk_err install(struct vc_app *app, uk_bytes params)
{
	static const uint8_t creation[] = { VC_ISO_CREATION };
	const struct vc_home *h = &app->home;

	if (params.n > 1 || (params.n == 1 && params.p[0] > 1))
		return uk_fail(UK_ERR_FORMAT);
	if (params.n == 1 && params.p[0] == 1)
		UK_TRY(vc_nv_put(h->nv,
		    vc_home_id(h, VC_NV_DATA, VC_ISO_SET_IMPORT), params));
	return vc_nv_put(h->nv, vc_home_id(h, VC_NV_DATA, VC_ISO_SET_STATE),
	    UK_ARRAY(creation));
}

static void put_version(const struct vc_iso *a, uk_buf *out)
{
	const struct vc_iso_traits *t = vc_iso_traits(a);

	uk_put_u8(out, t->major);
	uk_put_u8(out, t->minor);
	uk_put_u8(out, t->features);
}

/* Whatever P2 asks for. */
static uint16_t select_app(
    struct vc_app *app, const struct vc_select *how, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);

	if (how->again)
		forget(app);
	/* Before there is a PIN, everything may be done to files. */
	a->files_open = vc_iso_state(a) != VC_ISO_OPERATIONAL;
	if (vc_iso_traits(a)->select_tells)
		put_version(a, out);
	return UK_SW_OK;
}

static uk_bytes label(struct vc_app *app)
{
	(void)app;
	return uk_view_str("IsoApplet");
}

static uint16_t get_data(struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_iso *a = vc_iso_of(app);

	if (vc_iso_traits(a)->select_tells)
		return UK_SW_INS;
	if (cmd->p1 != 0x01 || cmd->p2 != 0x01)
		return UK_SW_P1P2;
	put_version(a, out);
	return UK_SW_OK;
}

static uint16_t get_challenge(
    struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	uint8_t *room;

	if (cmd->p1 != 0) /* and P2 may be anything */
		return UK_SW_P1P2;
	if (cmd->le == UK_LE_NONE || cmd->le > CHALLENGE_MAX)
		return UK_SW_LENGTH;
	room = uk_put_room(out, cmd->le);
	return room == NULL ? UK_SW_MEMORY
			    : vc_sw(vc_random(app->home.crypto, room, cmd->le));
}

static const struct vc_command commands[] = {
	{ 0x20, vc_iso_verify },
	{ 0x22, vc_iso_mse },
	{ 0x24, vc_iso_change },
	{ 0x2a, vc_iso_pso },
	{ 0x2c, vc_iso_unblock },
	{ 0x46, vc_iso_generate },
	{ 0x84, get_challenge },
	{ 0xa4, vc_iso_select },
	{ 0xb0, vc_iso_read },
	{ 0xca, get_data },
	{ 0xd6, vc_iso_update },
	{ 0xdb, vc_iso_import },
	{ 0xe0, vc_iso_create },
	{ 0xe4, vc_iso_delete },
};

/* Where the data of one command is too much for a short APDU. */
static bool takes_chain(uint8_t ins)
{
	return ins == 0x2a || ins == 0x46 || ins == 0xdb;
}

#define PACKAGE 0xf2, 0x76, 0xa2, 0x88, 0xbc, 0xfb, 0xa6, 0x9d, 0x34, 0xf3, 0x10
#define COMMON                                                                 \
	.module = VC_AID(PACKAGE, 0x01), .aid = VC_AID(PACKAGE, 0x01),         \
	.size = sizeof(struct vc_iso), .commands = commands,                   \
	.command_count = COUNT(commands), .install = install,                  \
	.forget = forget, .select = select_app, .label = label

const struct vc_iso_kind vc_iso1 = {
	.ops = {
		COMMON,
		.name = "isoapplet",
		.package = VC_AID(PACKAGE),
		.traits = { .no_chaining = true, .own_files = true,
			.eager = true },
	},
	.traits = {
		.major = 1,
		.minor = 0,
		.features = VC_ISO_EXTENDED | VC_ISO_RANDOM | VC_ISO_CURVES |
			    VC_ISO_HAS_PSS | VC_ISO_HAS_RSA4096,
	},
};

/* The package has the same name in both versions; on one card they are told
 * apart by a byte more. */
const struct vc_iso_kind vc_iso0 = {
	.ops = {
		COMMON,
		.name = "isoapplet0",
		.package = VC_AID(PACKAGE, 0x00),
		.traits = { .own_files = true, .eager = true },
		.takes_chain = takes_chain,
	},
	.traits = {
		.minor = 6,
		.features = VC_ISO_RANDOM | VC_ISO_CURVES,
		.select_tells = true,
		.hashes = true,
	},
};
