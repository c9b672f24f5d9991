# The card is pulled between any two commands of `ukey login` and `ukey transfer`:
# one line says so, nothing is lost, and the next try works.
. "$(dirname "$0")/lib.sh"

# One line of message: what went wrong and what to do.
one_line() {
	[[ $(grep -c . <<<"$(grep '^ukey:' <<<"$ERR")") == 1 ]]
}

put_back() {
	card_control alice remove >/dev/null
	card_wait empty
	card_control alice remove-after 1000000 >/dev/null
	card_control alice insert >/dev/null
	card_wait card
}

# pull TEXT COMMAND...: pulls after 0, 1, 2 ... commands until nothing is pulled.
pull() {
	local text=$1 n
	shift
	proves "$text"
	for ((n = 0; n < 40; n++)); do
		card_control alice remove-after $n >/dev/null
		run "$@"
		[[ $RC != 0 ]] || break
		if [[ $RC == 25 || $RC == 24 ]] && one_line; then
			met "after $n commands: exit code $RC"
		else
			not_met "after $n commands: exit code $RC"
			show_output
		fi
		put_back
	done
	ok "pulled at $n places, then it was done undisturbed" \
		test "$n" -ge 3 -a "$n" -lt 40
	put_back # it may have been pulled at the very end, at the logout
}

new_bank
pcsc_start
card_insert alice
bank_start

pull "ukey login" ukey login
before=$(balance)
pull "ukey transfer" pay 1.00 --order pulled
expect_equal "paid once" $((before - 100)) "$(balance)"
expect_exit 0 "no PIN try was lost" ukey cards
expect_line 'PIN tries left: 3' "three are left"
expect_exit 0 "the books balance" audit
