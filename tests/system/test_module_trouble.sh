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

proves "no permission: a user whom the service's socket is closed to"
# Copies, because the tree may lie where others cannot look.
mkdir -m 755 open
chmod go+x "$PCSC_DIR" "$WORK"
cp "$BIN/ukey" "$MODULE" open/
# Real users exist only where root is root; elsewhere we are a user without
# privileges once the capabilities are gone.
if [[ $(id -u) == 0 && $(awk '{ print $3 }' /proc/self/uid_map) -gt 65534 ]]; then
	another_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
else
	another_user=(setpriv --inh-caps=-all --bounding-set=-all)
fi
as_another() {
	"${another_user[@]}" env HOME=/nonexistent open/ukey \
		--module "$WORK/open/libukey-pkcs11.so" "$@"
}
pcsc_start
socket=${PCSCLITE_CSOCK_NAME:-$PCSC_SOCKET}
expect_exit 0 "ukey cards as another user, while the socket is open" as_another cards
for mode in 600 000; do
	chmod $mode "$socket"
	[[ ${another_user[1]} == --reuid* || $mode == 000 ]] || continue
	expect_exit 22 "ukey cards, socket of mode $mode" as_another cards
	expect_line 'refuses this user.*ask the administrator' "says so"
	expect_exit 22 "ukey doctor" as_another doctor
	expect_line '^service +ok' "the service is there"
	expect_line '^permission +BROKEN.*refuses' "and refuses"
	expect_exit 22 "ukey login" as_another login --bank https://localhost:1 \
		--ca "$FIXTURES/ca.pem"
done
pcsc_stop

# A service built with polkit takes the connection and hangs up. Debian 12 builds
# pcscd without, so this one only does that; libpcsclite is the real one.
proves "no permission: a service that asks polkit and is told no"
rm -f "$socket"
background python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
while True:
    c = s.accept()[0]
    c.recv(8)
    c.close()
' "$socket"
ok "somebody listens" until_true 5 test -S "$socket"
expect_exit 22 "ukey cards" cards
expect_line 'refuses this user' "says so"
expect_exit 22 "ukey doctor" doctor
expect_exit 22 "ukey login" login
kill "$LAST_PID"
wait "$LAST_PID" 2>/dev/null
rm -f "$socket"

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
