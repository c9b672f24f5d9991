# A server that is cut off from the database while it holds work: two servers of one
# bank, one of them in a network namespace of its own whose link is taken down. Its
# clients get a clear answer, the others go on, and it comes back by itself.
. "$(dirname "$0")/lib.sh"

PG=$WORK/pg
mkdir -p "$PG"
server() { "$TOP/scripts/lib/pg-server" "$@"; }
server init "$PG" "$UKEY_BUILD/tests" || skip "no PostgreSQL"

# A namespace with one link to here: what is sent into it when our end is down is
# lost without a word.
unshare --net sleep 600 &
FAR=$!
children+=("$FAR")
in_far() { nsenter --net="/proc/$FAR/ns/net" "$@"; }
until [[ $(readlink "/proc/$FAR/ns/net") != $(readlink /proc/self/ns/net) ]]; do sleep 0.01; done
ip link add near type veth peer name far netns "$FAR" 2>/dev/null ||
	skip "no network of its own"
ip addr add 10.99.0.1/24 dev near
ip link set near up
in_far ip addr add 10.99.0.2/24 dev far
in_far ip link set far up
in_far ip link set lo up

echo "listen_addresses = '10.99.0.1'" >>"$PG/data/postgresql.conf"
echo "host all bank 10.99.0.0/24 trust" >>"$PG/data/pg_hba.conf"
server start "$PG" || not_met "PostgreSQL starts"
trap 'server kill "$PG"; finish' EXIT
URI=$(server fresh "$PG" books)
psql() { command psql -X -A -t -q -d "$URI" "$@"; }

proves "two servers, of which one reaches the database over the link"
expect_exit 0 "init" "$BIN/ukey-bankd" init --dir bank --database "$URI"
sed -i "s#^{#{ \"origin\": \"$ORIGIN\",#" bank/bankd.json
mkdir soft && (cd soft && enrolled_key alice-auth Alice login &&
	enrolled_key alice-sign Alice transaction && cp ../bank/ca.pem .)
for line in "Alice A-1 1000.00" "Bob B-1 1.00"; do
	read -r customer account money <<<"$line"
	ok "$customer" "$BIN/ukey-bankd" account --dir bank --customer "$customer" \
		--account "$account" --currency CNY --deposit "$money"
done
cp -r bank far
sed -i "s#host=[^&]*#host=10.99.0.1#; s/\"requestSeconds\": [0-9]*/\"requestSeconds\": 8/" \
	far/bankd.json
bank_start --port 0
mkfifo far.ready
in_far "$BIN/ukey-bankd" serve --dir far --port 0 --ready-fd 7 7>far.ready \
	>>far.log 2>&1 &
children+=("$!")
read -r -t 20 FAR_PORT <far.ready || not_met "the far server starts"

paid() { psql -c "select count(*) from orders where state = 'posted' and number like '$1-%'"; }
# reaches COUNT PREFIX: so many payments more.
reaches() {
	local goal=$(($(paid "$2") + $1)) i
	for ((i = 0; i < 600; i++)); do
		[[ $(paid "$2") -lt $goal ]] || return 0
		sleep 0.1
	done
	return 1
}
export PYTHONDONTWRITEBYTECODE=1
background python3 "$HERE/bank_pay.py" soft "$BANK_PORT" "$ORIGIN" A-1 B-1 near 100000 stop >near.paid
near=$LAST_PID
background in_far python3 "$HERE/bank_pay.py" soft "$FAR_PORT" "$ORIGIN" A-1 B-1 far 100000 stop >far.paid
far=$LAST_PID
ok "customers pay here" reaches 5 near
ok "and there" reaches 5 far

proves "the link goes while the far server is in the middle of a transfer"
# One who watches there all the time.
cat >watch.py <<'PY'
import sys
from bank_client import Bank, Key
from bill_stream import Stream
bank = Bank(int(sys.argv[1]), "soft/ca.pem", sys.argv[2])
assert bank.login(Key("soft/alice-auth.key", "soft/alice-auth.pem")).code == "200"
stream = Stream(int(sys.argv[1]), bank.session)
print("watching", flush=True)
for line in sys.stdin:  # the link is back
    try:
        event = stream.events.get(timeout=1)
        print("ended" if event is None else event, flush=True)
    except Exception:
        print("still watching", flush=True)
PY
mkfifo to-watch from-watch
in_far env PYTHONPATH="$HERE" python3 watch.py "$FAR_PORT" "$ORIGIN" \
	<to-watch >from-watch &
children+=("$!")
exec 5>to-watch 6<from-watch
read -r -t 20 said <&6
expect_equal "somebody watches there" watching "$said"
# The account is locked by somebody else until the far server waits for it.
coproc LOCK { psql; }
echo "begin; select 'locked' from accounts where number = 'A-1' for update;" >&"${LOCK[1]}"
read -r -t 20 said <&"${LOCK[0]}"
expect_equal "the account is held" locked "$said"
waits() {
	psql -c "select count(*) from pg_stat_activity
		where client_addr = '10.99.0.2' and wait_event_type = 'Lock'"
}
for ((i = 0; i < 200; i++)); do
	[[ $(waits) == 0 ]] || break
	sleep 0.05
done
ok "the far server waits for it, with a transaction open" test "$(waits)" -gt 0
ip link set near down
echo "commit;" >&"${LOCK[1]}"
ok "the others go on: what was begun there is taken back" reaches 5 near

proves "meanwhile its clients are told so"
cat >asked.py <<'PY'
import sys, time
from bank_client import Bank, Key
bank = Bank(int(sys.argv[1]), "soft/ca.pem", sys.argv[2])
longest = 0
for i in range(8):
    began = time.monotonic()
    answer = bank.challenge() if i % 2 else bank.ask("GET", "/v1/accounts")
    longest = max(longest, time.monotonic() - began)
    print(answer.code)
# What was under way when the link went has to be found lost first; after that
# nobody waits for an answer.
bank.session = "0" * 64
began = time.monotonic()
for i in range(20):
    print("known", bank.ask("GET", "/v1/accounts").code)
print("longest %.1f s, then %.2f s each" % (longest, (time.monotonic() - began) / 20))
PY
expect_exit 0 "each gets an answer" in_far env PYTHONPATH="$HERE" \
	python3 asked.py "$FAR_PORT" "$ORIGIN"
echo "    $(tail -n 1 <<<"$OUT")"
expect_equal "and nothing but 'not now'" "" \
	"$(grep -vE '^(known )?(429 busy|500 internal|401 no-session)$|^200$|^longest' <<<"$OUT")"
expect_line '^known (500 internal|429 busy)$' "in words"
at=$(paid far)

proves "the link comes back"
ip link set near up
ok "it goes on by itself" reaches 5 far
echo who >&5
read -r -t 20 said <&6
expect_equal "and who watched still does" "still watching" "$said"
touch stop
wait "$near" "$far"
sum=$(($(sed -n 's/^posted //p' near.paid) + $(sed -n 's/^posted //p' far.paid)))
ok "some of it after that" test "$(paid far)" -gt "$at"
expect_equal "each receipt is in the books, once" $((sum + 100)) \
	"$(psql -c "select balance from accounts where number = 'B-1'")"
expect_exit 0 "the books balance" "$BIN/ukey-bankd" audit --dir bank
