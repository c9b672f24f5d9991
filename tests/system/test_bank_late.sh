# What comes too late is refused: login tokens, orders, sessions, revocation lists.
. "$(dirname "$0")/lib.sh"

new_bank
bank_clock 0
bank_start
before=$(balance)
PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/bank_late.py" \
	soft "$BANK_PORT" "$ORIGIN" "$ALICE" "$BOB" "$TEST_CLOCK" ||
	not_met "what is late is refused"
expect_equal "nothing was paid" "$before" "$(balance)"
expect_exit 0 "the books balance" audit
