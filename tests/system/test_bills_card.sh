# Bills at the customer's client: they come up by themselves, are paid from the
# card, from another account when the first has too little, or rejected.
. "$(dirname "$0")/lib.sh"

new_bank
new_shop
pcsc_start
card_insert alice
bank_start

PHONE=+8613800001234
shop_open
expect_exit 0 "ukey login" ukey login
expect_exit 0 "ukey bills" ukey bills
expect_line 'No bills' "there is none"

proves "a bill comes up by itself, while the client watches"
mkfifo seen
exec {seen}<>seen # open, also while nobody writes
cat >note <<'SH'
#!/bin/sh
echo "$1" >seen
SH
chmod +x note
"$BIN/ukey" --pin-fd 8 bills --watch --exec ./note >watch.out 2>watch.log \
	8< <(yes "$CARD_PIN") </dev/null &
WATCHER=$!
children+=("$WATCHER")
shop order M-1 1234 $PHONE
shop_says 'placed M-1 .*'
placed=$BILL
read -r -t 20 -u "$seen" came
expect_equal "the program is given its number" "$placed" "$came"
expect_exit 0 "it is listed" ukey bills
expect_line "$placed .* 12.34 CNY .*Tea House \(Shop\) .*Two cups" "with all it says"

proves "paid from the card"
expect_exit 2 "there are two accounts: which?" ukey pay "$placed" --yes
expect_exit 0 "ukey pay" ukey pay "$placed" --from "$ALICE" --yes
expect_line 'Merchant: Shop' "the merchant was shown"
expect_line 'Merchant order: M-1' "and his number"
expect_line 'Result: posted' "the bank's receipt says posted"
shop_says 'told M-1 paid'
expect_equal "the books say so" 98766 "$(balance)"
expect_equal "on both sides" 1234 "$(balance "$SHOP")"
expect_exit 102 "paid once" ukey pay "$placed" --from "$ALICE" --yes
for receipt in "$HOME"/.local/share/ukey/receipts/*.json; do
	expect_exit 0 "the receipt proves it, offline" ukey verify-receipt "$receipt"
done

proves "not enough money, then another account"
shop order M-2 5000 $PHONE
shop_says 'placed M-2 .*'
second=$BILL
read -r -t 20 -u "$seen" came
expect_equal "it came up" "$second" "$came"
expect_exit 71 "from the poor account" ukey pay "$second" --from DE-1002 --yes
expect_exit 0 "from the other one" ukey pay "$second" --from "$ALICE" --yes
shop_says 'told M-2 paid'

proves "from the account that is bound to the card"
expect_exit 0 "bound" ukey bind "$ALICE"
shop order M-2b 100 $PHONE
shop_says 'placed M-2b .*'
bound=$BILL
read -r -t 20 -u "$seen" came
expect_exit 0 "nobody has to say which" ukey pay "$bound" --yes
expect_line "From: $ALICE" "it is that one"
shop_says 'told M-2b paid'
expect_exit 0 "another one" ukey bind DE-1002
shop order M-2c 100 $PHONE
shop_says 'placed M-2c .*'
bound=$BILL
read -r -t 20 -u "$seen" came
expect_exit 2 "two are bound, and nobody is there" ukey pay "$bound" --yes
expect_line '^ *(err: )?[12]  DE\*\*\*\*02' "they are offered, masked"
expect_exit 0 "from the other one" ukey pay "$bound" --from DE-1002 --yes
shop_says 'told M-2c paid'

proves "rejected"
shop order M-3 100 $PHONE
shop_says 'placed M-3 .*'
third=$BILL
read -r -t 20 -u "$seen" came
expect_exit 0 "ukey reject" ukey reject "$third" --reason "not mine"
expect_line "$third  rejected .*not mine" "says so"
shop_says 'told M-3 rejected'
expect_exit 0 "all bills" ukey bills --all --json
expect_line '"merchantTold": ?true' "the customer sees that the merchants know"

proves "the watch goes on when connection, server or session are gone"
# Each bill comes up once: a repeated one would be read in the place of the next.
comes_up() { # ORDER
	shop order "$1" 100 $PHONE
	shop_says "placed $1 .*"
	read -r -t 30 -u "$seen" came
	expect_equal "$1 comes up, and nothing else" "$BILL" "$came"
}
comes_up M-4
if ss -K dport = ":$BANK_PORT" >/dev/null 2>&1; then
	comes_up M-5
	shop order M-6 100 $PHONE
	shop_says 'placed M-6 .*'
	ss -K dport = ":$BANK_PORT" >/dev/null 2>&1
	read -r -t 30 -u "$seen" came
	expect_equal "M-6 comes up, cut or not" "$BILL" "$came"
fi
bank_stop KILL
bank_start
comes_up M-7
bank_stop KILL
bank_start
shop order M-8 100 $PHONE
shop_says 'placed M-8 .*'
read -r -t 30 -u "$seen" came
expect_equal "M-8 comes up, placed while nobody was logged in" "$BILL" "$came"
# More news at once than fit into any buffer: events of a bill that is answered.
kill -STOP "$WATCHER"
sqlite3 -cmd '.timeout 10000' bank/bank.db "
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
	INSERT INTO bill_events (customer, number, bill, kind, time)
	SELECT c.customer, c.last + n.i, (SELECT min(id) FROM bills), 'told', 1
	FROM event_counters c, n WHERE c.customer = (SELECT payer FROM bills LIMIT 1);
	UPDATE event_counters SET last = last + 120
	WHERE customer = (SELECT payer FROM bills LIMIT 1)"
shop order M-8b 100 $PHONE
shop_says 'placed M-8b .*'
kill -CONT "$WATCHER"
read -r -t 30 -u "$seen" came
expect_equal "M-8b comes up behind 120 others" "$BILL" "$came"
expect_exit 0 "ukey login" ukey login
expect_exit 0 "the watch had answered none of them" ukey bills
expect_equal "five or so wait" "$(grep -c ' shown ' <<<"$OUT")" \
	"$(grep -c CNY <<<"$OUT")"
expect_exit 0 "the books balance" audit

# shellcheck disable=SC2016 # what the programs say is theirs
proves "a desktop's notification, and what a program is told"
mkdir -p fakebin
cat >fakebin/notify-send <<'SH'
#!/bin/sh
echo "$(printf '%s|' "$@" | tr '\n' ' ')" >seen
SH
cat >told <<'SH'
#!/bin/sh
echo "$UKEY_PAYEE|$UKEY_AMOUNT|$UKEY_MEMO|$UKEY_MERCHANT|$1" >seen
SH
chmod +x fakebin/notify-send told
kill "$WATCHER"
PATH=$PWD/fakebin:$PATH ukey bills --watch --notify --exec ./told \
	>watch2.out 2>>watch.log &
children+=("$!")
shop order M-9 250 $PHONE
shop_says 'placed M-9 .*'
for _ in $(seq 40); do
	read -r -t 30 -u "$seen" came
	[[ $came == *"$BILL"* && $came == --app* ]] && note=$came
	[[ $came == *"$BILL" && $came == Tea* ]] && break
done
expect_equal "by notify-send" "--app-name=ukey|--urgency=critical|--|Tea House: 2.50 CNY|Two cups ukey pay $BILL|" "${note:-}"
expect_equal "in the environment" "Tea House|2.50 CNY|Two cups|Shop|$BILL" "$came"
