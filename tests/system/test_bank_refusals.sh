# What the bank refuses: logins, certificates, requests, orders; spoken to in the
# words of docs/protocol.md by another client than ours.
. "$(dirname "$0")/lib.sh"

new_bank
bank_start

ok "TLS 1.3 is spoken" curl -sS --cacert bank/ca.pem --tlsv1.3 "$ORIGIN/v1/bank"
ok "TLS 1.2 is not" not curl -sS --cacert bank/ca.pem --tls-max 1.2 "$ORIGIN/v1/bank"
ok "nor is plain HTTP" not curl -sS "${ORIGIN/https/http}/v1/bank"

PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/bank_refusals.py" \
	soft "$BANK_PORT" "$ORIGIN" "$ALICE" "$BOB" ||
	not_met "every refusal is as the protocol says"
ok "the server is still the same process" kill -0 "$BANK_PID"
expect_exit 0 "the books balance" audit

proves "garbage instead of HTTP and TLS does not disturb it"
head -c 3000 /dev/urandom >"/dev/tcp/127.0.0.1/$BANK_PORT" 2>/dev/null
head -c 3000 /dev/urandom | timeout 5 openssl s_client -quiet -connect \
	"localhost:$BANK_PORT" >/dev/null 2>&1
ok "it still answers" curl -sS --cacert bank/ca.pem "$ORIGIN/v1/bank"

proves "killed and started again, it knows what it posted"
before=$(balance)
bank_stop KILL
bank_start
expect_exit 0 "the books balance" audit
expect_equal "and the balance is the same" "$before" "$(balance)"
