# What stands between a person and the card, one thing at a time: no service, no
# permission, no reader, no card, a card that is not ours.
. "$(dirname "$0")/lib.sh"

cards() {
	"$BIN/ukey" --module "$MODULE" cards
}

login() {
	"$BIN/ukey" --module "$MODULE" --bank https://localhost:1 \
		--ca "$FIXTURES/ca.pem" --pin-fd 8 login 8< <(echo "$CARD_PIN")
}

doctor() {
	"$BIN/ukey" --module "$MODULE" doctor
}

new_card p256 card
export HOME=$WORK # no configuration of ours

proves "no reader service"
expect_exit 21 "ukey cards" cards
expect_line 'service is not running' "says so, and how to start it"
expect_exit 21 "ukey login" login
expect_exit 21 "ukey doctor" doctor
p11_open
expect_step CKR_OK "the module can be used all the same" init
expect_step CKR_OK "and shows no slot with a token" slots
p11_close

proves "no permission"
pcsc_start
chmod 600 "$PCSC_SOCKET"
if [[ $(id -u) == 0 && ${PCSC_PLAN:-A} == A ]] &&
	setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$MODULE" 2>/dev/null; then
	expect_exit 22 "ukey cards as another user than the service's" \
		setpriv --reuid=65534 --regid=65534 --clear-groups \
		env HOME=/nonexistent "$BIN/ukey" --module "$MODULE" cards
	expect_line 'refuses' "says so"
fi
chmod 000 "$PCSC_SOCKET"
expect_exit 22 "a socket that may not be opened" \
	setpriv --inh-caps=-all --bounding-set=-all \
	"$BIN/ukey" --module "$MODULE" cards
chmod 666 "$PCSC_SOCKET"
pcsc_stop

proves "no reader"
pcsc_start 0
expect_exit 23 "ukey cards" cards
expect_exit 23 "ukey login" login
expect_exit 23 "ukey doctor" doctor
pcsc_stop

proves "no card"
pcsc_start
expect_exit 0 "ukey cards" cards
expect_line 'no card in the reader: insert' "says what to do"
expect_exit 24 "ukey login" login
expect_exit 24 "ukey doctor" doctor
p11_open
p11 init
expect_step CKR_TOKEN_NOT_PRESENT "C_GetTokenInfo" tokeninfo 0
expect_step CKR_TOKEN_NOT_PRESENT "C_OpenSession" open 0
expect_step CKR_SLOT_ID_INVALID "a slot that does not exist" slotinfo 77

proves "a card that is not ours"
background python3 "$HERE/foreign_card.py" "$VPCD_PORT" "$WORK/commands"
ok "the service sees it" card_wait card
await_step CKR_TOKEN_NOT_RECOGNIZED "C_GetTokenInfo" "tokeninfo 0"
expect_step CKR_TOKEN_NOT_RECOGNIZED "C_OpenSession" open 0
commands=$(cat "$WORK/commands")
ok "after at most three commands ($commands)" test "$commands" -le 3
p11 status
p11 status
expect_equal "asking again sends none" "$commands" "$(cat "$WORK/commands")"
p11_close
expect_exit 0 "ukey cards" cards
expect_line 'not a bank card' "says so"
expect_exit 30 "ukey login" login
expect_exit 30 "ukey doctor" doctor
