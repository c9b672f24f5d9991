# A hundred clients of one customer for one balance, over HTTP: as many are paid
# as there is money for, each once, and the balance stops at its limit.
. "$(dirname "$0")/lib.sh"

new_bank
bankd() {
	local what=$1
	shift
	"$BIN/ukey-bankd" "$what" --dir bank "$@"
}

cat >race.py <<'PY'
import sys
from collections import Counter
from threading import Barrier, Thread
from bank_client import Bank, Key, unb64
port, origin, source, target = int(sys.argv[1]), *sys.argv[2:5]
bank = Bank(port, "soft/ca.pem", origin)
assert bank.login(Key("soft/alice-auth.key", "soft/alice-auth.pem")).code == "200"
key, start, ends = Key("soft/alice-sign.key", "soft/alice-sign.pem"), Barrier(100), []
key.certificate = lambda der=key.certificate(): der
def client(i):
    text = unb64(bank.order("race-%d" % i, source, target, 3500).body["text"])
    signature = key.sign(text)
    start.wait()
    answers = [bank.confirm("race-%d" % i, key, text, signature) for _ in (1, 2)]
    ends.append(answers[0].code)
    assert answers[0].status != 200 or answers[0].body == answers[1].body
clients = [Thread(target=client, args=(i,)) for i in range(100)]
for c in clients: c.start()
for c in clients: c.join()
print(sorted(Counter(ends).items()))
PY
expect_exit 0 "an overdraft" bankd limits --account "$ALICE" --overdraft 50.00
bank_start
run env PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1 python3 race.py \
	"$BANK_PORT" "$ORIGIN" "$ALICE" "$BOB"
expect_line "^\[\('200', 30\), \('409 insufficient-funds', 70\)\]$" "thirty are paid"
expect_equal "to the limit and not below" -5000 "$(balance)"
expect_exit 0 "the books balance" audit
expect_equal "and their chain is whole" "$(audit | grep '^journal head')" \
	"$(python3 "$HERE/journal_chain.py" bank/bank.db)"
