# A computer with pcscd and our driver, a terminal, and a card in it. Sourced by
# the tests of the terminal, behind lib.sh.

# Our driver runs in a pcscd that is not ours.
PCSC_PRELOAD=$sanitizer_runtime
TERM_PORT=${TERM_PORT:-$((15000 + RANDOM % 1000))}
TERM_LINE=${TERM_LINE:-tcp-listen:$TERM_PORT}
HOST_LINE=${HOST_LINE:-tcp-connect:127.0.0.1:$TERM_PORT}
TERM_READER="Phone 00 00"

# What pcscd is told of us, instead of vpcd.
pcsc_configure() {
	mkdir -p "$PCSC_DIR/conf"
	printf '%s\n' 'FRIENDLYNAME "Phone"' \
		"DEVICENAME \"$HOST_LINE${HOST_OPTIONS-?plain}\"" \
		"LIBPATH $UKEY_BUILD/lib/libifdukey.so" 'CHANNELID 1' \
		>"$PCSC_DIR/conf/phone"
}

# terminal_tty: from the next starts on the line is a pair of ttys.
terminal_tty() {
	background python3 "$HERE/ptypair.py" tty.host tty.terminal
	until_true 10 test -L tty.terminal
	TERM_LINE=tty:$WORK/tty.terminal
	HOST_LINE=tty:$WORK/tty.host
}

# terminal_start [option...]: the terminal, with what alice.card is in.
terminal_start() {
	rm -f screen keys
	: >screen
	python3 "$HERE/ptyrun.py" screen keys \
		"$BIN/ukey-terminal" --line "$TERM_LINE${TERM_OPTIONS-?plain}" \
		--state "$WORK/terminal" --name Phone \
		--contact "unix:$WORK/card.sock" "$@" 2>>"$WORK/terminal.log" &
	TERM_PID=$!
	children+=("$TERM_PID")
	ok "the terminal starts" screen_says '\[p\] pairs'
}

terminal_stop() {
	kill "$TERM_PID" 2>/dev/null
	wait "$TERM_PID" 2>/dev/null
}

# terminal_card NAME: the card NAME.card goes into the terminal's slot.
terminal_card() {
	rm -f card.sock
	"$BIN/ukey-vcard" run --socket card.sock --control "$WORK/$1.ctl" \
		--card "$1.card" --slot 0 --transcript "$WORK/$1.apdus" --redact \
		>>"$1.log" 2>&1 &
	CARD_PID=$!
	children+=("$CARD_PID")
	until_true 10 test -S card.sock
}

screen_has() {
	tr -d '\r\a' <screen | grep -qE -- "$1"
}

# screen_says REGEX: waits until it does.
screen_says() {
	until_true 15 screen_has "$1"
}

screen_clear() {
	: >screen
}

# person LINE...: does these things one after the other; see ptyrun.py.
person() {
	printf '%s\n' "$@" >>keys
}

# pin_typed DIGITS...: once the terminal asks for them.
pin_typed() {
	local digits
	for digits in "$@"; do
		person "<sees> (PIN|again) for card.*: " "$digits"
	done
}

computer_sees() {
	"$UKEY_BUILD/tests/scwait" "$1" "$TERM_READER"
}

# How many commands with a PIN in them the card has seen.
verifies() {
	grep -ciE '^> 00(20|24|2C)0[0-9]8[123] \(' "${1:-alice}.apdus"
}

tool() {
	foreign timeout 60 pkcs11-tool --module "$MODULE" "$@"
}

tries_left() {
	"$BIN/ukey" --module "$MODULE" cards 2>&1 |
		sed -n 's/.*PIN tries left: \([0-9]*\).*/\1/p'
}

# signs_well TEXT [option...]: pkcs11-tool logs in on the pad and signs with the
# login key; openssl judges.
signs_well() {
	local text=$1
	shift
	echo "something to sign" >input
	rm -f sig
	pin_typed "$CARD_PIN"
	expect_exit 0 "$text" tool --login --sign -m ECDSA-SHA256 --label Login \
		-i input -o sig --signature-format openssl "$@"
	ok "openssl accepts the signature" openssl dgst -sha256 \
		-verify alice.auth.pub -signature sig input
}

# echo_card SOCKET: a card that answers what it is sent.
echo_card() {
	background python3 "$HERE/echocard.py" "$WORK/$1"
	until_true 10 test -S "$1"
}
