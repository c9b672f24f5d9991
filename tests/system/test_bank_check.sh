# `ukey-bankd check` and `backup`, with a server at work; sqlite3 and pg_dump say
# what is in the books.
. "$(dirname "$0")/lib.sh"

new_bank
check() { "$BIN/ukey-bankd" check --dir bank "$@"; }

proves "a bank that is fit"
expect_exit 0 "check" check
expect_no_line '^(wrong|warning)' "finds nothing"
check --json >check.json
expect_equal "the same as JSON" "ok 9" "$(python3 -c '
import json; a = json.load(open("check.json")); print(a["result"], len(a["checks"]))')"

# spoiled WHAT NAME COMMAND...: after that command one line is wrong, and only it.
spoiled() {
	local what=$1 line=$2
	shift 2
	cp -r bank bank.kept
	"$@"
	expect_exit 1 "$what" check
	expect_line "^wrong +$line " "is named"
	rm -rf bank
	mv bank.kept bank
}

proves "what is wrong is found"
spoiled "an unknown setting" settings sed -i 's/{/{ "nonsense": 1,/' bank/bankd.json
spoiled "a key for everybody" files chmod 640 bank/sign.key
spoiled "a key of another certificate" keys cp bank/sign.key bank/tls.key
spoiled "no database" database rm bank/bank.db
spoiled "a database of the future" schema sqlite3 bank/bank.db \
	"insert into migrations (step, name) values (1000, 'x')"
spoiled "a balance that is wrong" books sqlite3 bank/bank.db \
	"update accounts set balance = balance + 1 where number = '$BOB'"
echo $((31 * 86400)) >late
check_late() {
	ASAN_OPTIONS=verify_asan_link_order=0 TEST_CLOCK=late \
		LD_PRELOAD=$UKEY_BUILD/tests/testclock.so check
}
expect_exit 1 "a month later" check_late
expect_line "^wrong +revocation " "the revocation list is over"
echo -3600 >late
expect_exit 1 "an hour earlier" check_late
expect_line "^wrong +clock " "the clock is behind the books"

proves "a copy made while customers pay"
bank_start
background python3 "$HERE/bank_pay.py" soft "$BANK_PORT" "$ORIGIN" \
	"$ALICE" "$BOB" busy 100000 stop >paid
for i in 1 2 3 4 5; do
	before=$(balance)
	while [[ $(balance) == "$before" ]]; do sleep 0.01; done
	expect_exit 0 "backup $i" "$BIN/ukey-bankd" backup --dir bank --to "copy$i.db"
done
touch stop
wait "$LAST_PID"
expect_equal "mode" 600 "$(stat -c %a copy1.db)"
for i in 1 2 3 4 5; do
	expect_equal "copy $i is whole" ok "$(sqlite3 -readonly "copy$i.db" 'pragma integrity_check')"
	expect_equal "and its books balance" "0 0 0" "$(sqlite3 -readonly -separator ' ' "copy$i.db" "
		select (select sum(balance) from accounts), (select sum(amount) from entries),
			(select count(*) from journal j where 2 <>
				(select count(*) from entries where journal = j.id))")"
	rm -rf restored
	cp -r bank restored
	rm -f restored/bank.db*
	cp "copy$i.db" restored/bank.db
	expect_exit 0 "as a bank: the chain is whole" "$BIN/ukey-bankd" audit --dir restored
	head=$(grep -oE '[0-9a-f]{64}' <<<"$OUT")
	expect_exit 0 "and the bank's goes on from there" audit --since "$head"
done
expect_exit 73 "what is there is not overwritten" "$BIN/ukey-bankd" backup --dir bank --to copy1.db
bank_stop

proves "a disk that is full"
mkdir small
if mount -t tmpfs -o size=3m,mode=700 none small 2>/dev/null; then
	cp -r bank/. small
	mv bank bank.kept
	ln -s small bank
	bank_start
	rm -f stop
	background python3 "$HERE/bank_pay.py" soft "$BANK_PORT" "$ORIGIN" \
		"$ALICE" "$BOB" full 100000 stop >paid
	start=$(balance "$BOB")
	while [[ $(balance "$BOB") == "$start" ]]; do sleep 0.01; done
	cat /dev/zero >small/ballast 2>/dev/null
	while ! grep -q 'event=commit result=io' bank.log; do sleep 0.05; done
	rm small/ballast
	before=$(balance "$BOB")
	while [[ $(balance "$BOB") -le $((before + 3)) ]]; do sleep 0.05; done
	touch stop
	wait "$LAST_PID"
	expect_equal "each receipt is in the books, once" \
		$((start + $(sed -n 's/^posted //p' paid))) "$(balance "$BOB")"
	ok "meanwhile it was said that nothing was done" grep -q '^said 500 internal' paid
	expect_exit 0 "the books balance" audit
	bank_stop
fi
