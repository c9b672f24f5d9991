# PINs typed at the terminal: by PC/SC part 10, for our module and OpenSC's tool, over
# a pair of ttys.
. "$(dirname "$0")/lib.sh"
. "$HERE/terminal.sh"

new_bank
openssl x509 -in alice.login.pem -noout -pubkey >alice.auth.pub
printf '%s\n' "debug = $WORK/module.log" 'debug_level = debug' >log.conf
export UKEY_PKCS11_CONF=$WORK/log.conf
terminal_card alice
terminal_tty
terminal_start
pcsc_start 0
ok "the computer sees the card" computer_sees card
p11_open
p11 init
p11 open 0
expect_step 'CKR_OK .* protected label.*' "protected authentication path" tokeninfo 0

# unspent TEXT: no try was spent since the last call, and the terminal is free.
before=0
unspent() {
	expect_equal "$1: the card saw no PIN" "$before" "$(verifies)"
	pin_typed "$CARD_PIN"
	expect_step CKR_OK "$1: the next login is as if nothing had been" login user pad
	expect_step CKR_OK "logout" logout
	before=$(verifies)
}

proves "login: right, wrong, corrected"
pin_typed "$CARD_PIN"
expect_step CKR_OK "the right PIN" login user pad
expect_step CKR_OK "logout" logout
pin_typed 000000
expect_step CKR_PIN_INCORRECT "a wrong PIN" login user pad
pin_typed 12 "$CARD_PIN"
expect_step CKR_OK "too short is asked again" login user pad
expect_step CKR_OK "logout" logout
pin_typed "00<erase><erase>$CARD_PIN"
expect_step CKR_OK "corrected by the erase key" login user pad
expect_step CKR_OK "logout" logout
expect_equal "one wrong and three right ones reached the card" 4 "$(verifies)"
before=4

proves "an entry that is cancelled, times out, or loses its card spends nothing"
person "<sees> PIN for card" "<esc>"
expect_step CKR_FUNCTION_CANCELED "the cancel key" login user pad
unspent "cancelled"
person "<sees> PIN for card" "123<esc>"
expect_step CKR_FUNCTION_CANCELED "the cancel key behind digits" login user pad
unspent "cancelled behind digits"
person "<sees> PIN for card" "<sees> Not asked any more"
# PIN_VERIFY_STRUCTURE with bTimerOut 1 by pcsc-lite's own structures.
expect_exit 0 "a program that asks for one second" \
	python3 "$HERE/padclient.py" "$TERM_READER" verify 1
expect_equal "nobody typed: 6400" 6400 "$OUT"
unspent "timed out"
person "<sees> PIN for card" "<runs> $BIN/ukey-vcard control --control $WORK/alice.ctl remove"
expect_step CKR_DEVICE_REMOVED "the card is pulled" login user pad
ok "the computer sees it go" computer_sees empty
ok "the question is off the screen" screen_says 'Not asked any more'
card_control alice insert >/dev/null
ok "and come" computer_sees card
await_step 'CKR_OK.*' "a session" "open 0"
unspent "card pulled"

proves "a new PIN: the present one and twice the new one"
pin_typed "$CARD_PIN"
expect_step CKR_OK "login" login user pad
pin_typed "$CARD_PIN" 135790 135790
expect_step CKR_OK "C_SetPIN" setpin pad
before=$(verifies)
pin_typed 135790 246810 246811 246810 246810
expect_step CKR_OK "mistyped the second time, asked again" setpin pad
before=$(verifies)
person "<sees> Present PIN for card.*: " "<esc>"
expect_step CKR_FUNCTION_CANCELED "cancelled at the present PIN" setpin pad
pin_typed 246810
person "<sees> New PIN for card.*: " "<esc>"
expect_step CKR_FUNCTION_CANCELED "at the new one" setpin pad
pin_typed 246810 482915
person "<sees> New PIN again for card.*: " "<esc>"
expect_step CKR_FUNCTION_CANCELED "at its repetition" setpin pad
expect_equal "the card saw none of them" "$before" "$(verifies)"
pin_typed 246810 "$CARD_PIN" "$CARD_PIN"
expect_step CKR_OK "and back" setpin pad
expect_step CKR_OK "logout" logout
before=$(verifies)
unspent "new PINs"
p11_close

proves "other people's programs"
pin_typed 000000
expect_exit 1 "pkcs11-tool with a wrong PIN" tool --login --list-objects
expect_line CKR_PIN_INCORRECT "says so"
person "<sees> PIN for card" "<esc>"
expect_exit 1 "pkcs11-tool, cancelled" tool --login --list-objects
expect_line CKR_FUNCTION_CANCELED "says so"
signs_well "pkcs11-tool, and the right one"

proves "a host that lies in part 10's structures gets nothing"
for case in short long huge nothing; do
	expect_exit 0 "a structure that is $case" \
		python3 "$HERE/padclient.py" "$TERM_READER" "$case"
	expect_line refused
done

proves "the PIN is nowhere but in the card"
ok "not in the module's log" not grep -qE "$CARD_PIN|343832393135" module.log
ok "not in pcscd's" not grep -qiE "$CARD_PIN|34 38 32 39 31 35" "$PCSC_DIR/pcscd.log"
ok "not on the screen" not grep -q "$CARD_PIN" screen
