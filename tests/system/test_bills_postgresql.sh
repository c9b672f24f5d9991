# Merchants and bills over PostgreSQL: the same flow, and two servers: what is
# ordered at one is heard of at the other.
. "$(dirname "$0")/lib.sh"

PG=$WORK/pg
mkdir -p "$PG"
server() { "$TOP/scripts/lib/pg-server" "$@"; }
server init "$PG" "$UKEY_BUILD/tests" || skip "no PostgreSQL"
server start "$PG" || not_met "PostgreSQL starts"
trap 'server kill "$PG"; finish' EXIT
BANK_URI=$(server fresh "$PG" books)
export BANK_URI

bankd() { "$BIN/ukey-bankd" "$@" --dir bank; }

proves "a bank over PostgreSQL, with its shop"
expect_exit 0 "init" "$BIN/ukey-bankd" init --dir bank --name "Test Bank" --database "$BANK_URI"
for line in "Alice $ALICE 1000.00" "Bob $BOB 5.00" "Carol $CAROL 77.00"; do
	read -r customer account money <<<"$line"
	ok "$customer" bankd account --customer "$customer" --account "$account" \
		--currency CNY --deposit "$money"
done
mkdir soft
ok "keys" eval 'cd soft && enrolled_key alice-auth Alice login &&
	enrolled_key alice-sign Alice transaction &&
	enrolled_key bob-auth Bob login && cp ../bank/ca.pem .'
cd "$WORK" || exit 1
new_shop
ok "the shop's owner" eval '(cd soft && enrolled_key shop-auth "Shop Ltd" login)'
sed -i "s#^{#{ \"origin\": \"$ORIGIN\",#" bank/bankd.json # of both servers
bank_clock 0

PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/bills.py" "$BIN/ukey-bankd" "$ORIGIN" \
	"$ALICE" "$BOB" "$CAROL" "$SHOP" || not_met "bills are as the protocol says"
expect_exit 0 "the books balance" bankd audit

proves "two servers"
bank_start
first=$BANK_PORT
bank_start --port 0
ok "they are two" test "$first" != "$BANK_PORT"
PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/bills_two.py" "$first" "$BANK_PORT" \
	"$ORIGIN" "$ALICE" "$BOB" || not_met "it does not matter whom one asks"
expect_exit 0 "the books balance" bankd audit

proves "nobody's number was written down by PostgreSQL"
for number in 8613800001234 8613900005678; do
	ok "not in its files, nor in what is written ahead" not grep -qra "$number" "$PG"
done
