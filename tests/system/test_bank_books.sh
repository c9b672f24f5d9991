# The books: the chain computed by another program, limits, holds of money,
# reversal, and what an audit notices. The judges are sqlite3 and Python.
. "$(dirname "$0")/lib.sh"

new_bank
pcsc_start
card_insert alice
bank_start

bankd() {
	local what=$1
	shift
	"$BIN/ukey-bankd" "$what" --dir bank "$@"
}

books() {
	sqlite3 bank/bank.db "$@"
}

head_of() {
	audit | sed -n 's/^journal head [0-9]* //p'
}

expect_same_head() {
	expect_equal "another program computes the same chain" \
		"$(audit | grep '^journal head')" \
		"$(python3 "$HERE/journal_chain.py" bank/bank.db)"
}

proves "the chain"
expect_exit 0 "ukey login" ukey login
expect_exit 0 "ukey transfer" pay 12.34 --memo "Miete für Mai"
expect_exit 0 "the books balance" audit
expect_same_head
first=$(head_of)
expect_exit 0 "another transfer" pay 1.00
expect_same_head
expect_exit 0 "the first head is still in the chain" audit --since "$first"
second=$(head_of)
expect_exit 0 "and the last one is the last one" audit --expect "$second"
expect_exit 1 "the first is not" audit --expect "$first"
expect_exit 65 "a head is 64 digits" audit --expect "${second:1}"

proves "limits"
expect_exit 0 "2.00 in one transfer" bankd limits --account "$ALICE" \
	--per-transfer 2.00 --per-day 20.00
expect_exit 76 "over the limit of one transfer" pay 2.01
expect_exit 0 "the whole limit" pay 2.00
expect_exit 0 "no limit of one transfer" bankd limits --account "$ALICE" --per-transfer 0
expect_exit 76 "over the limit of the day: 15.34 are spent" pay 4.67
expect_exit 0 "the rest of the day's limit" pay 4.66
expect_exit 0 "no limits, and an overdraft of 50.00" bankd limits \
	--account "$ALICE" --per-day 0 --overdraft 50.00
expect_exit 71 "the overdraft is not enough" pay 1030.01
expect_exit 0 "it is" pay 1030.00
expect_equal "the last cent" -5000 "$(balance)"
expect_exit 65 "an overdraft that is in use stays" bankd limits \
	--account "$ALICE" --overdraft 49.99
expect_same_head

proves "reversal"
last=$(books "select max(id) from journal")
expect_exit 0 "the last transfer is taken back" bankd reverse --journal "$last" \
	--reason "entered twice"
expect_equal "the money is back" 98000 "$(balance)"
expect_exit 73 "but not twice" bankd reverse --journal "$last" --reason "again"
expect_exit 65 "nor is a reversal" bankd reverse --journal $((last + 1)) --reason "again"
expect_exit 66 "nor what is not there" bankd reverse --journal 999 --reason "again"
expect_exit 65 "nor for a reason nobody can read" bankd reverse --journal 1 --reason "a<b"
expect_exit 0 "ukey records" ukey records
expect_line ' 1030.00 CNY .*entered twice' "shows the customer why"
expect_exit 0 "the books balance" audit
expect_same_head

proves "the payee's name, and orders that nobody confirms"
cat >payees.py <<'PY'
import sys
from bank_client import Bank, Key
bank = Bank(int(sys.argv[1]), "soft/ca.pem", sys.argv[2])
assert bank.login(Key("soft/alice-auth.key", "soft/alice-auth.pem")).code == "200"
for i, name in enumerate(("Bob", "BOB", "Bob Miller", "Eve")):
    answer = bank.order("p%s-%d" % (sys.argv[5], i), *sys.argv[3:5], 1, toName=name)
    print(name, answer.code, answer.body.get("payeeMatch"))
PY
payees() {
	run env PYTHONPATH="$HERE" PYTHONDONTWRITEBYTECODE=1 python3 payees.py \
		"$BANK_PORT" "$ORIGIN" "$ALICE" "$BOB" "$1"
}
payees 1
expect_line '^Bob 200 exact$' "the holder"
expect_line '^BOB 200 exact$' "in capitals"
expect_line '^Bob Miller 200 close$' "with more of a name"
expect_line '^Eve 200 none$' "somebody else: the client is told"
bank_stop
open=$(books "select count(*) from orders where state = 'prepared'")
sed -i -E "s/(\"payeeCheck\":) [0-9]+/\1 2/
	s/(\"maxOpenOrders\":) [0-9]+/\1 $((open + 2))/" bank/bankd.json
bank_start
payees 2
expect_line '^Bob 200 exact$' "one more order may be open"
expect_line '^BOB 200 exact$' "and another"
expect_line '^Bob Miller 429 busy' "and no more"
bank_stop
books "update orders set expires = expires - 700000 where state = 'prepared'"
bank_start
payees 3
expect_line '^Eve 422 payee' "now somebody else is refused"
expect_equal "old orders are gone" 3 \
	"$(books "select count(*) from orders where state = 'prepared'")"

bank_stop

proves "what is written cannot be altered by accident"
ok "no change" not books "update journal set memo = 'x' where id = 2"
ok "no deletion" not books "delete from entries where journal = 2"

# tampered TEXT SQL: with the guards gone, in a copy; the audit must say no.
tampered() {
	rm -rf bad && cp -r bank bad
	sqlite3 bad/bank.db "drop trigger journal_update; drop trigger journal_delete;
		drop trigger entries_update; drop trigger entries_delete;
		pragma foreign_keys = off; $2" || not_met "tampering itself: $1"
	expect_exit 1 "$1" "$BIN/ukey-bankd" audit --dir bad ${3:+"$3" "$4"}
	expect_line 'THE BOOKS ARE WRONG' "says so"
}

proves "nor on purpose without being noticed"
for column in time order_id reverses hold; do
	tampered "journal.$column" "update journal set $column = 99 where id = 4"
done
for column in kind memo currency; do
	tampered "journal.$column" "update journal set $column = $column || 'x' where id = 4"
done
for column in basis hash; do
	tampered "journal.$column" "update journal set $column = randomblob(32) where id = 4"
done
for column in account amount balance; do
	tampered "entries.$column" "update entries set $column = $column + 1 where journal = 4"
done
tampered "the signature of an order" "update orders set signature = x'00' where id =
	(select order_id from journal where id = 4)"
tampered "an entry left out" "delete from entries where id = 5"
tampered "a row and its entries left out" "delete from entries where journal = 4;
	delete from journal where id = 4"
tampered "an entry added" "insert into entries (journal, account, amount, balance)
	values (4, 1, 1, 1)"

# The end cut off, with everything else made to fit: only a head noted earlier
# tells.
cut="update accounts set balance = balance - (select sum(amount) from entries where
		journal = $((last + 1)) and account = accounts.id)
		where id in (select account from entries where journal = $((last + 1)));
	delete from entries where journal = $((last + 1));
	delete from journal where id = $((last + 1));
	update journal_head set height = $last,
		hash = (select hash from journal where id = $last);"
head=$(head_of)
tampered "the end cut off: --expect" "$cut" --expect "$head"
tampered "the end cut off: --since" "$cut" --since "$head"
expect_exit 0 "alone, the shorter books are books" "$BIN/ukey-bankd" audit --dir bad
expect_exit 0 "nothing of this happened here" audit --expect "$head"
