/* What the two protocols bring to the flow in vc_scp.c. */
#ifndef VC_SCP_PRIV_H
#define VC_SCP_PRIV_H

#include "vc_scp.h"

struct vc_scp_ops {
	uint8_t protocol;
	enum vc_sym_alg alg;
	size_t challenge;
	/* The challenge that does without random numbers. */
	uk_err (*pseudo)(
	    struct vc_crypto *c, const struct vc_scp_start *start, uk_buf *out);
	bool (*is_pseudo)(uint8_t options);
	/* Session keys and the two cryptograms. */
	uk_err (*derive)(struct vc_scp *scp, const struct vc_scp_start *start,
	    uint8_t cryptogram[VC_SCP_CRYPTOGRAM]);
	/* Checks and removes protection: UK_ERR_SIGNATURE if it is wrong. */
	uk_err (*unwrap)(struct vc_scp *scp, const uk_cmd *cmd, uk_buf *plain,
	    uk_bytes *data);
	uk_err (*wrap)(struct vc_scp *scp, uint16_t sw, uk_buf *out);
};

extern const struct vc_scp_ops vc_scp02, vc_scp03;

/* CLA INS P1 P2 and Lc, counting n bytes of data. */
void vc_scp_put_header(uk_buf *out, const uk_cmd *cmd, size_t n);
/* Drops padding 80 00..; false if there is none. */
bool vc_scp_unpad(uk_bytes v, uk_bytes *out);

#endif
