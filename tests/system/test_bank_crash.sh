# kill -9 of the server in mid-transfer, at many moments; and the customer who tries
# again: each order is paid once or not at all, and the books always balance.
. "$(dirname "$0")/lib.sh"

new_bank
pcsc_start
card_insert alice
bank_start
expect_exit 0 "login" ukey login
start=$(balance)

proves "killed after so many milliseconds of a transfer"
paid=0
for ms in 0 3 6 9 12 15 18 21 25 30 40; do
	number=crash-$ms
	pay 1.00 --order $number >out-$ms 2>&1 &
	client=$!
	sleep "$(printf '0.%03d' $ms)"
	bank_stop KILL
	wait $client
	first=$?
	# The database alone, before anybody repairs anything.
	ok "the books balance after $ms ms (ukey said $first)" audit
	bank_start
	# The session is gone with the server's memory: log in, then again.
	ukey login >/dev/null 2>&1
	expect_exit 0 "the same order again is done" pay 1.00 --order $number
	expect_line 'Result: posted' "and has its receipt"
	paid=$((paid + 100))
	expect_equal "it was paid once" $((start - paid)) "$(balance)"
done
expect_exit 0 "the books balance at the end" audit
expect_line "orders posted 11" "eleven orders were posted"

proves "an order sent by two clients at once is posted once"
for i in 1 2 3 4; do
	pay 2.00 --order same >same-$i 2>&1 &
	clients[i]=$!
done
good=0
for i in 1 2 3 4; do
	wait "${clients[i]}" && good=$((good + 1))
done
ok "at least one says it is paid ($good)" test $good -ge 1
expect_exit 0 "whoever asks again gets the receipt" pay 2.00 --order same
expect_equal "it was paid once" $((start - paid - 200)) "$(balance)"
expect_exit 69 "the number for another amount" pay 3.00 --order same
expect_exit 0 "the books balance" audit
