# A computer with pcscd and our driver, a terminal, and a card in it. Sourced by
# the tests of the terminal, behind lib.sh.

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

# terminal_start [option...]: the terminal, with what alice.card is in.
terminal_start() {
	rm -f screen keys
	: >screen
	python3 "$HERE/ptyrun.py" screen keys \
		"$BIN/ukey-terminal" --line "$TERM_LINE${TERM_OPTIONS-?plain}" \
		--state "$WORK/terminal" --name Phone \
		--contact "unix:$WORK/card.sock" "$@" &
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

# person LINE...: types them.
person() {
	printf '%s\n' "$@" >>keys
}

# person_sees REGEX LINE: types once the screen says so; in the background.
person_sees() {
	(screen_says "$1" && person "$2") &
	children+=("$!")
}

computer_sees() {
	"$UKEY_BUILD/tests/scwait" "$1" "$TERM_READER"
}
