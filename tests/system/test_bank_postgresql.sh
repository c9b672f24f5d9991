# A bank on PostgreSQL from its beginning: tables only when asked for, pg_dump as
# the judge of the books, and a full disk.
. "$(dirname "$0")/lib.sh"

# Files in memory, and not many: PostgreSQL needs about 45 MB to begin with.
PG=$WORK/pg
mkdir -p "$PG"
mount -t tmpfs -o size=110m,mode=755 none "$PG" 2>/dev/null || skip "nothing may be mounted here"
server() { "$TOP/scripts/lib/pg-server" "$@"; }
server init "$PG" "$UKEY_BUILD/tests" || skip "no PostgreSQL"
server start "$PG" || not_met "PostgreSQL starts"
trap 'server kill "$PG"; finish' EXIT
URI=$(server fresh "$PG" books)
psql() { command psql -X -A -t -q "$@"; }

bankd() { "$BIN/ukey-bankd" "$@" --dir bank; }

proves "a bank is made there"
expect_exit 65 "not with a password in the settings' name of it" \
	"$BIN/ukey-bankd" init --dir no --database bank.db
expect_exit 0 "init" "$BIN/ukey-bankd" init --dir bank --database "$URI"
ok "there is no file of its own" test ! -e bank/bank.db
expect_exit 0 "migrate has nothing to do" bankd migrate
expect_line "nothing to do" "and says so"
expect_exit 0 "check" bankd check
mkdir soft && (cd soft && enrolled_key alice-auth Alice login &&
	enrolled_key alice-sign Alice transaction && cp ../bank/ca.pem .)
expect_exit 0 "an account" bankd account --customer Alice --account A-1 --currency CNY --deposit 1000.00
expect_exit 0 "another" bankd account --customer Bob --account B-1 --currency CNY
expect_exit 65 "backup says what to use" bankd backup --to copy.db
expect_line pg_dump "which is pg_dump"

proves "tables are made only when asked for"
EMPTY=$(server fresh "$PG" empty)
sed "s#books#empty#" bank/bankd.json >empty.json
cp -r bank empty && cp empty.json empty/bankd.json
expect_exit 78 "a server does not make them" "$BIN/ukey-bankd" serve --dir empty --port 0
expect_line "ukey-bankd migrate" "and says who does"
expect_exit 1 "migrate --check" "$BIN/ukey-bankd" migrate --check --dir empty
expect_exit 0 "migrate" "$BIN/ukey-bankd" migrate --dir empty
expect_exit 0 "then there is nothing to do" "$BIN/ukey-bankd" migrate --check --dir empty
psql -d "$EMPTY" -c "insert into migrations (step, name) values (1000, 'future')"
expect_exit 78 "what a later version made is left alone" "$BIN/ukey-bankd" audit --dir empty
expect_line "later version" "and it is said"

# A server that is preloaded with nothing and listens anywhere.
bank_start --port 0
origin=https://localhost:$BANK_PORT
customer() { # PREFIX COUNT [STOPFILE]
	python3 "$HERE/bank_pay.py" soft "$BANK_PORT" "$origin" A-1 B-1 "$@"
}
balance_of() { psql -d "$URI" -c "select balance from accounts where number = '$1'"; }

proves "customers pay"
expect_exit 0 "ten times" customer ten 10
expect_line "posted 10" "with receipts"
expect_equal "psql sees it" "99990 10" "$(balance_of A-1) $(balance_of B-1)"

proves "a dump made while customers pay is a whole bank"
background customer dump 100000 stop >paid.dump
start=$(balance_of B-1) now=$start
while [[ $now == "$start" ]]; do now=$(balance_of B-1); done
pg_dump -Fc -d "$URI" --schema=books >books.dump || not_met "pg_dump"
start=$(balance_of B-1) now=$start
while [[ $now == "$start" ]]; do now=$(balance_of B-1); done
touch stop
wait "$LAST_PID"
rm stop
OTHER=${URI/\/postgres?/\/restored?}
psql -d "$URI" -c "create database restored"
pg_restore -d "$OTHER" books.dump || not_met "pg_restore"
cp -r bank restored
sed -i 's#/postgres?#/restored?#' restored/bankd.json
expect_exit 0 "its books balance, and its chain is whole" "$BIN/ukey-bankd" audit --dir restored
head=$(grep -oE '[0-9a-f]{64}' <<<"$OUT")
expect_exit 0 "what was paid meanwhile goes on from there" bankd audit --since "$head"
psql -d "$URI" -c "drop database restored"
first=$((10 + $(sed -n 's/^posted //p' paid.dump)))
expect_equal "each receipt is in the books, once" "$first" "$(balance_of B-1)"

proves "a disk that is full"
background customer full 100000 stop >paid
while [[ $(balance_of B-1) -lt $((first + 10)) ]]; do sleep 0.05; done
cat /dev/zero >"$PG/ballast" 2>/dev/null
# The log cannot grow: sooner or later nothing is answered as done any more.
last=-1 now=0
for ((i = 0; i < 100 && last != now; i++)); do
	last=$(balance_of B-1) || break
	sleep 0.3
	now=$(balance_of B-1) || break
done
rm "$PG/ballast"
server start "$PG" 2>/dev/null # if that was the end of it
before=$(balance_of B-1)
for ((i = 0; i < 200; i++)); do
	[[ $(balance_of B-1) -le $((before + 5)) ]] || break
	sleep 0.1
done
ok "payments go on when there is room" test "$(balance_of B-1)" -gt $((before + 5))
touch stop
wait "$LAST_PID"
posted=$(sed -n 's/^posted //p' paid)
ok "meanwhile it was said that nothing was done" grep -qE '^said 500 internal' paid
expect_equal "each receipt is in the books, once" $((posted + first)) "$(balance_of B-1)"
expect_exit 0 "the books balance" bankd audit

proves "pg_dump, and the books read from it alone"
pg_dump -d "$URI" --schema=books --data-only >dump.sql 2>dump.log || not_met "pg_dump"
expect_equal "psql: postings add up to zero, and to the balances" "0 0" "$(
	psql -d "$URI" -F ' ' -c "select (select sum(amount) from entries),
		(select count(*) from accounts a where balance <>
			(select coalesce(sum(amount), 0) from entries where account = a.id))"
)"
expect_equal "from the dump: postings, balances, signed texts, and the same chain" \
	"$(bankd audit | grep '^journal head')" \
	"$(python3 "$HERE/journal_chain.py" dump.sql)"
# One digit of one posting, in the dump alone.
python3 - <<'PY'
text = open("dump.sql").read()
at = text.index("COPY books.entries")
at = text.index("\n", text.index("\n", at) + 1) - 1
open("bad.sql", "w").write(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1:])
PY
ok "the judge sees one digit that is wrong" not python3 "$HERE/journal_chain.py" bad.sql
bank_stop
