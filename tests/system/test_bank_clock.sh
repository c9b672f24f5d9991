# A clock that jumps, forward and back, while a customer pays: sessions may end and
# orders run out, but he goes on, and nothing is paid twice.
. "$(dirname "$0")/lib.sh"

new_bank
bank_clock 0
bank_start
start=$(balance "$BOB")
background python3 "$HERE/bank_pay.py" soft "$BANK_PORT" "$ORIGIN" \
	"$ALICE" "$BOB" clock 100000 stop >paid

# Three more payments than now.
go_on() {
	local goal=$(($(balance "$BOB") + 3)) i
	for ((i = 0; i < 1000; i++)); do
		[[ $(balance "$BOB") -lt $goal ]] || return 0
		sleep 0.02
	done
	return 1
}

proves "payments go on after each jump"
ok "before any" go_on
# (Not to before the revocation list was made: then nobody is believed.)
for seconds in 3600 0 86400 43200 900000 0; do
	bank_clock "$seconds"
	ok "clock ahead by $seconds s" go_on
done
touch stop
wait "$LAST_PID"
expect_equal "each receipt is in the books, once" \
	$((start + $(sed -n 's/^posted //p' paid))) "$(balance "$BOB")"
expect_exit 0 "the books balance" audit
