# Peers that do not keep to the rules: bytes that are hardly HTTP, slow ones, silent
# ones, hostile values in every field. The answers are the documented ones, others
# are served meanwhile, and nothing of it is in the log.
. "$(dirname "$0")/lib.sh"

new_bank
sed -i "s|\"host\"|\"frontSocket\": \"$WORK/front.sock\", \"origin\": \"$ORIGIN\", \"operator\": \"$WORK/ops.sock\", &|" \
	bank/bankd.json
sed -i 's/"requestSeconds": 30/"requestSeconds": 2/; s/"loginFailuresPerMinute": 120/"loginFailuresPerMinute": 0/' bank/bankd.json
new_shop
bank_start

export PYTHONDONTWRITEBYTECODE=1
python3 "$HERE/bank_raw.py" bank/ca.pem "$BANK_PORT" front.sock ops.sock ||
	not_met "every answer is the documented one"
ok "the server is still the same process" kill -0 "$BANK_PID"

python3 "$HERE/bank_slow.py" bank/ca.pem "$BANK_PORT" "$BANK_PID" soft "$ORIGIN" 2 ||
	not_met "slow peers are hung up on, and others served"
ok "the server is still the same process" kill -0 "$BANK_PID"

before=$(balance)
python3 "$HERE/bank_fields.py" soft "$BANK_PORT" "$ORIGIN" "$ALICE" "$BOB" \
	"$BIN/ukey-bankd" shop.key || not_met "no value does any harm"
ok "the server is still the same process" kill -0 "$BANK_PID"
expect_equal "nothing was paid" "$before" "$(balance)"
expect_exit 0 "the books balance" audit
expect_exit 0 "and are whole" "$BIN/ukey-bankd" check --dir bank
