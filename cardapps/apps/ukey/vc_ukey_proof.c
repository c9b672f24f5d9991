/* Challenges, and the bank proving itself: profile sections 5 and 6. */
#include "vc_ukey.h"

#include "secret.h"

enum {
	ALG_ECDSA = 0x30,
	SIG_SIZE = 64,
	HASH_MIN = 20,
	HASH_LONGEST = 64,
	CHALLENGE_MIN = 8
};

void vc_ukey_forget_challenge(struct vc_ukey *u)
{
	uk_wipe(u->challenge, sizeof(u->challenge));
	u->challenge_len = 0;
}

void vc_ukey_forget_proof(struct vc_ukey *u)
{
	uk_wipe(u->proved, sizeof(u->proved));
	u->proved_len = 0;
}

uint16_t vc_ukey_get_challenge(
    struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);
	uk_err err;

	vc_ukey_forget_challenge(u);
	if (cmd->p1 != 0 || cmd->p2 != 0)
		return UK_SW_P1P2;
	if (cmd->data.n > 0 || cmd->le < CHALLENGE_MIN ||
	    cmd->le > sizeof(u->challenge))
		return UK_SW_LENGTH;
	err = vc_random(app->home.crypto, u->challenge, cmd->le);
	if (!uk_is_ok(err))
		return vc_sw(err);
	u->challenge_len = cmd->le;
	uk_put(out, uk_view(u->challenge, u->challenge_len));
	return UK_SW_OK;
}

static uk_err verify_proof(struct vc_ukey *u, uk_bytes hash, uk_bytes sig)
{
	uint8_t digest[VC_SHA256_SIZE];
	const uk_bytes parts[] = {
		uk_view_str("ukey bank proof 1"),
		vc_ukey_get(u, VC_UKEY_SET_SERIAL),
		uk_view(u->challenge, u->challenge_len),
		hash,
	};

	UK_TRY(vc_sha256(u->app.home.crypto, parts, 4, digest));
	return vc_p256_verify(u->app.home.crypto,
	    vc_ukey_get(u, VC_UKEY_SET_BANK), UK_ARRAY(digest), sig);
}

static uint16_t prove(struct vc_ukey *u, uk_bytes data)
{
	uk_bytes hash = uk_bytes_first(
	    data, data.n < SIG_SIZE ? 0 : data.n - SIG_SIZE);
	uk_buf proved = UK_BUF(u->proved);
	uk_err err;

	if (vc_ukey_get(u, VC_UKEY_SET_BANK).n == 0)
		return UK_SW_NO_REF;
	if (u->challenge_len == 0)
		return UK_SW_CONDITIONS;
	if (hash.n < HASH_MIN || hash.n > HASH_LONGEST)
		return UK_SW_DATA;
	err = verify_proof(u, hash, uk_bytes_last(data, SIG_SIZE));
	if (uk_is(err, UK_ERR_SIGNATURE))
		return 0x6300;
	if (!uk_is_ok(err))
		return vc_sw(err);
	uk_put(&proved, hash);
	u->proved_len = proved.len;
	return UK_SW_OK;
}

uint16_t vc_ukey_external_auth(
    struct vc_app *app, const uk_cmd *cmd, uk_buf *out)
{
	struct vc_ukey *u = vc_ukey_of(app);
	uint16_t sw;

	(void)out;
	if (cmd->p1 != ALG_ECDSA)
		return UK_SW_P1P2;
	if (cmd->p2 != VC_UKEY_KEY_BANK)
		return UK_SW_NO_REF;
	vc_ukey_forget_proof(u);
	sw = prove(u, cmd->data);
	vc_ukey_forget_challenge(u); /* good or bad */
	return sw;
}
