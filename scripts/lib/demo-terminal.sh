# scripts/demo --terminal: a phone as card reader, PIN pad and trusted display, at
# the end of a cable (two pseudo terminals). For scripts/demo alone, whose functions
# and variables it uses.
# shellcheck shell=bash disable=SC2154

system=$here/../tests/system
export PYTHONDONTWRITEBYTECODE=1

# What pcscd is told of the phone, instead of vpcd.
pcsc_configure() {
	mkdir -p "$PCSC_DIR/conf"
	printf '%s\n' 'FRIENDLYNAME "Phone"' \
		"DEVICENAME \"tty:$D/cable.computer?pairs=$D/pairs\"" \
		"LIBPATH $UKEY_BUILD/lib/libifdukey.so" 'CHANNELID 1' \
		>"$PCSC_DIR/conf/phone"
}

# Everything that Alice's phone shows, as it shows it.
terminal_screen() {
	tail -n +1 -f screen \
		> >(exec sed -u 's/[\r\a]//g; s/^/      phone | /') 2>/dev/null &
	started+=($!)
}

phone_says() {
	until_true 15 grep -qE -- "$1" screen || fail "the phone does not say $1"
}

# alice LINE...: does these things at the phone, one after the other (ptyrun.py).
alice() {
	printf '%s\n' "$@" >>keys
}

alice_types_pin() {
	alice '<sees> PIN for card' "$(<customer/pin)"
}

terminal_start() {
	quietly bankd account --customer "Mallory" --account DE-6666 --currency CNY
	sed -i -E 's/("displayTerminalAbove":) [0-9]+/\1 1000/' bank/bankd.json
	python3 "$system/ptypair.py" cable.computer cable.phone 2>cable.log &
	started+=($!)
	until_true 10 test -L cable.phone || fail "no cable"
	"$BIN/ukey-vcard" run --socket card.sock alice.card >card.log 2>&1 &
	started+=($!)
	until_true 10 test -S card.sock || fail "the card does not come up"
	: >screen
	python3 "$system/ptyrun.py" screen keys \
		"$BIN/ukey-terminal" --line "tty:$D/cable.phone" --state "$D/phone" \
		--name "Alice's phone" --contact "unix:$D/card.sock" 2>phone.log &
	started+=($!)
	terminal_screen
	phone_says '\[p\] pairs'
	pcsc_start 0 || fail "no reader service"
	alice '<always> <enter> -- more: Enter'
}

terminal_pair() {
	local code
	step "Alice presses p on the phone, and types the code that it shows at the computer.
   From then on the cable carries nothing but TLS 1.3 with the secret of both."
	alice p
	phone_says 'two minutes: [0-9]{8}'
	code=$(sed -n 's/.*two minutes: \([0-9]\{8\}\).*/\1/p' screen)
	echo "   \$ ukey-terminal-pair --reader Phone"
	"$BIN/ukey-terminal-pair" --reader Phone <<<"$code" 2>&1 | sed 's/^/   /'
	[[ ${PIPESTATUS[0]} == 0 ]] || fail "not paired"
	"$UKEY_BUILD/tests/scwait" card "Phone 00 00" || fail "the card is not seen"
}

terminal_register() {
	step "The phone signs what it has shown. The bank gets to know its key, and wants it for
   more than 10.00."
	"$BIN/ukey" cards --terminal-key >phone.pub || fail "the phone has no key"
	quietly bankd terminal --customer "Alice Wang" --name phone --key phone.pub
	openssl pkey -pubin -in phone.pub -outform DER | sha256sum |
		sed 's/^\(.\{32\}\).*/   SHA-256 of the key begins \1/'
}

# Alice pays: what she does at the phone.
terminal_approve() {
	step "Alice orders a payment to Bob at the computer, and reads it on the phone. She types
   yes there, and the PIN twice: to log in, and for this one signature."
	alice '<sees> Approve\?' yes
	alice_types_pin
	alice_types_pin
}

# A transfer that the computer wants and Alice does not.
terminal_refuse() {
	local rc
	step "Something in the computer orders a transfer to somebody else, and says yes to it by
   itself. The phone shows it; Alice presses Esc."
	alice '<sees> Approve\?' '<esc>'
	"$BIN/ukey" transfer --to DE-6666 --payee Mallory --amount 900.00 \
		--currency CNY --yes 2>&1 </dev/null | sed 's/^/   /'
	rc=${PIPESTATUS[0]}
	[[ $rc == 4 ]] || fail "that ended with exit code $rc, not 4: cancelled"
}

# terminal_receipt FILE: the display level, in the text that the bank has signed.
terminal_receipt() {
	sed -n 's/.*"receipt": "\([^"]*\)".*/\1/p' "$1" | base64 -d |
		grep -q '<k>Display</k><v>terminal</v>' ||
		fail "the receipt does not say that the order was shown on the phone"
	echo "   It says that the order was shown on the terminal (Display: terminal)."
}
