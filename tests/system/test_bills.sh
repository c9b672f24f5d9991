# Merchants and bills: an order of a merchant becomes a bill, is pushed, paid or
# not, and the merchant is told; with everything killed, down, forged and replayed.
. "$(dirname "$0")/lib.sh"

new_bank
new_shop
bank_clock 0

PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/bills.py" "$BIN/ukey-bankd" "$ORIGIN" \
	"$ALICE" "$BOB" "$CAROL" "$SHOP" || not_met "bills are as the protocol says"
expect_exit 0 "the books balance" audit
