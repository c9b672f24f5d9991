# Peers that do not keep to the rules: bytes that are hardly HTTP, slow ones, silent
# ones, hostile values in every field. The answers are the documented ones, others
# are served meanwhile, and nothing of it is in the log.
. "$(dirname "$0")/lib.sh"

new_bank
sed -i "s|\"host\"|\"frontSocket\": \"$WORK/front.sock\", \"origin\": \"$ORIGIN\", \"operator\": \"$WORK/ops.sock\", &|" \
	bank/bankd.json
sed -i 's/"requestSeconds": 30/"requestSeconds": 2/' bank/bankd.json
bank_start

export PYTHONDONTWRITEBYTECODE=1
python3 "$HERE/bank_raw.py" bank/ca.pem "$BANK_PORT" front.sock ops.sock ||
	not_met "every answer is the documented one"
ok "the server is still the same process" kill -0 "$BANK_PID"

python3 "$HERE/bank_slow.py" bank/ca.pem "$BANK_PORT" "$BANK_PID" soft "$ORIGIN" 2 ||
	not_met "slow peers are hung up on, and others served"
ok "the server is still the same process" kill -0 "$BANK_PID"
