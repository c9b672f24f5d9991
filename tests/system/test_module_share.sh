# Several programs on one card: whoever looks at it disturbs nobody who is logged
# in, nobody gets another one's login, and a logout is one for all.
. "$(dirname "$0")/lib.sh"

# use NAME: the process of p11_open that the following steps are for.
declare -A p11_ins p11_outs p11_pids
start() {
	p11_open
	p11_ins[$1]=$p11_in p11_outs[$1]=$p11_out p11_pids[$1]=$p11_pid
	p11 init
	p11 open 0
}
use() {
	p11_in=${p11_ins[$1]} p11_out=${p11_outs[$1]} p11_pid=${p11_pids[$1]}
}
stop() {
	use "$1"
	p11_close
}

# The PIN tries that the card has seen, right or wrong.
verifies() {
	grep -cE '^> 00200[0]8[123] ' card.apdus
}

tool() {
	foreign pkcs11-tool --module "$MODULE" "$@"
}

HASH=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
signs() {
	expect_step CKR_OK "$1: begins to sign" signinit 0x1041
	expect_step 'CKR_OK [0-9a-f]{128}' "$1: signs" sign $HASH
}

new_card p256-free card
pcsc_start
card_insert card

proves "A is logged in; others look at the card"
start A
expect_step CKR_OK "A logs in" login user "$CARD_PIN"
expect_step 'CKR_OK of=2' "A finds its keys" key 0
signs "A"
before=$(verifies)
expect_exit 0 "ukey cards" "$BIN/ukey" --module "$MODULE" cards
signs "A, after ukey cards"
expect_exit 0 "pkcs11-tool -L" tool -L
signs "A, after pkcs11-tool -L"
expect_exit 0 "pkcs11-tool -O" tool -O
expect_no_line 'Private Key' "sees no private key without a login of its own"
signs "A, after pkcs11-tool -O"
start B
use A
signs "A, with a second program that has a session"
expect_step 'CKR_OK state=3' "A is logged in" sessioninfo
expect_equal "and nobody gave a PIN meanwhile" "$before" "$(verifies)"

proves "B did not log in: A's login is not its"
use B
expect_step 'CKR_OK state=2' "B is not logged in" sessioninfo
expect_step 'CKR_OK of=0' "B sees no private key" key 0
expect_step CKR_USER_NOT_LOGGED_IN "B cannot log out" logout
stop B
use A
signs "A, after B ended without a login"

proves "B logs in by itself, and both sign"
start B
expect_step CKR_OK "B logs in" login user "$CARD_PIN"
expect_step 'CKR_OK of=2' "B finds its keys" key 0
signs "B"
use A
signs "A"

proves "B logs out: A does not notice"
use B
expect_step CKR_OK "B logs out" logout
expect_step CKR_KEY_HANDLE_INVALID "and may not sign any more" signinit 0x1041
use A
signs "A, after B's logout"

proves "A logs out as well: the card is closed, also for what knows nothing of us"
expect_step CKR_OK "A logs out" logout
card_open
expect_sw 63C3 "the card is closed" 00200081
card_close
expect_step 'CKR_OK of=0' "A finds no key" key 0
expect_step CKR_OK "A logs in again" login user "$CARD_PIN"
expect_step 'CKR_OK of=2' "A finds its keys" key 0
signs "A"

proves "a wrong PIN in B ends A's login, and no other try is spent"
use B
expect_step CKR_PIN_INCORRECT "B, with a wrong PIN" login user 000000
use A
expect_step CKR_OK "A begins to sign" signinit 0x1041
expect_step CKR_USER_NOT_LOGGED_IN "A is told" sign $HASH
expect_step CKR_OK "A logs in again" login user "$CARD_PIN"
expect_step 'CKR_OK flags=0x[0-9A-F]+ label.*' "all tries are back" tokeninfo 0

proves "a consent is A's: nobody comes between, and it does not wait for ever"
use A
expect_step 'CKR_OK of=2' "A finds its keys" key 1
expect_step CKR_OK "A begins to sign a transaction" signinit 0x1041
expect_step CKR_OK "A consents, and then is silent" login context "$CARD_PIN"
card_open
expect_sw 9000 "another program's next command waits until that is over" \
	002241B606800130840102
expect_sw 63C3 "the consent is taken back" 00200082
expect_sw 6982 "and opens nothing" "002A9E9A20${HASH}00"
card_close
expect_step CKR_USER_NOT_LOGGED_IN "A is too late" sign $HASH
# card_close has reset the card; the module hears of it when it next asks
expect_step 'CKR_OK of=0' "A finds no key" key 1
expect_step CKR_OK "logs in" login user "$CARD_PIN"
expect_step 'CKR_OK of=2' "A finds its keys" key 1
expect_step CKR_OK "A begins again" signinit 0x1041
expect_step CKR_OK "consents" login context "$CARD_PIN"
expect_step 'CKR_OK [0-9a-f]{128}' "and signs at once" sign $HASH

proves "A does not stop signing, and others get their turn"
expect_step 'CKR_OK of=2' "A's login key" key 0
background "$BIN/ukey" --module "$MODULE" cards
looking=$LAST_PID
signed=0
while kill -0 "$looking" 2>/dev/null && ((signed < 30000)); do
	p11 signinit 0x1041
	p11 sign $HASH
	[[ $ANSWER == CKR_OK* ]] || break
	signed=$((signed + 1))
done
ok "the other one is done after $signed signatures" test "$signed" -lt 30000
ok "and all were made ($ANSWER)" test "${ANSWER%% *}" == CKR_OK
ok "it saw the card" wait "$looking"

proves "a program that ends without C_Finalize, logged in or not, in the middle of its work"
start C
use C
p11 key 0
stop C
use A
signs "A, after C"
start C
use C
expect_step CKR_OK "C logs in" login user "$CARD_PIN"
stop C
use A
signs "A, after C that was logged in"
expect_step CKR_OK "A logs out" logout
start C
use C
expect_step CKR_OK "C logs in" login user "$CARD_PIN"
stop C
card_open
expect_sw 63C3 "C was the last one: its end closed the card" 00200081
card_close

proves "eight programs at once, fifty signatures each"
use A
p11 key 0
steps() {
	printf '%s\n' init "open 0" "login user $CARD_PIN" "key 0"
	for ((i = 0; i < 50; i++)); do
		printf '%s\n' "signinit 0x1041" "sign $HASH"
	done
	echo fini
}
steps >steps.in
for n in 1 2 3 4 5 6 7 8; do
	foreign "$UKEY_BUILD/tests/p11do" "$MODULE" <steps.in >many.$n 2>/dev/null &
	eight[n]=$!
done
wait "${eight[@]}"
for n in 1 2 3 4 5 6 7 8; do
	expect_equal "program $n" 50 "$(grep -cE '^CKR_OK [0-9a-f]{128}$' many.$n)"
done
card_open
expect_sw 63C3 "and the card is closed" 00200081
card_close

proves "A ends: the card is closed"
stop B
use A
expect_step 'CKR_OK of=0' "A finds no key" key 0
expect_step CKR_OK "A logs in" login user "$CARD_PIN"
expect_step CKR_OK "C_Finalize" fini
card_open
expect_sw 63C3 "the card is closed" 00200081
card_close
stop A
