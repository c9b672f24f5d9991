# The cable to the terminal is pulled and put back at every so many frames of a login
# and a signature, and has noise on it: nothing wrong is ever signed, no PIN is spent
# that did not reach the card, and the service goes on.
. "$(dirname "$0")/lib.sh"
TERM_PORT=$((15000 + RANDOM % 1000))
CABLE_PORT=$((TERM_PORT + 1000))
HOST_LINE=tcp-connect:127.0.0.1:$CABLE_PORT
. "$HERE/terminal.sh"

cable_start() {
	mkfifo orders carried
	python3 "$HERE/cableproxy.py" "$@" "$WORK/orders" \
		${CABLE_TTY:+tty} >carried 2>>"$WORK/cable.log" &
	children+=("$!")
	exec {orders}<>orders {done_fd}<carried
	cable_did ready
}

cable_did() {
	local line
	read -r -t 10 -u "$done_fd" line && [[ $line == "$1" ]]
}

cable() {
	echo "$*" >&"$orders"
}

# Nothing is to be pulled any more; whether something was.
cable_whole() {
	local line pulled=1
	cable whole
	while read -r -t 10 -u "$done_fd" line; do
		[[ $line != "done whole" ]] || return $pulled
		pulled=0
	done
	not_met "the cable answers"
}

# login_and_sign: a session of its own; the PIN is typed where it is asked for.
login_and_sign() {
	rm -f sig
	foreign timeout 60 pkcs11-tool --module "$MODULE" --login --sign \
		-m ECDSA-SHA256 --label Login -i input -o sig \
		--signature-format openssl >/dev/null 2>&1
}

new_card p256-free alice
echo "something to sign" >input
terminal_card alice
if [[ -n ${CABLE_TTY:-} ]]; then
	TERM_LINE=tty:$WORK/tty.terminal
	HOST_LINE=tty:$WORK/tty.host
	cable_start "$WORK/tty.host" "$WORK/tty.terminal"
	terminal_start
else
	terminal_start
	cable_start "$CABLE_PORT" "$TERM_PORT"
fi
pcsc_start 0
ok "the computer sees the card" computer_sees card
person "<always> $CARD_PIN PIN for card.*: "
ok "undisturbed it works" login_and_sign

# One login and signature with the cable at work.
disturbed() {
	local text=$1 before rc
	before=$(verifies)
	login_and_sign
	rc=$?
	if [[ -s sig ]]; then
		openssl dgst -sha256 -verify alice.auth.pub -signature sig input \
			>/dev/null 2>&1 || not_met "$text: a wrong signature"
	elif [[ $rc == 0 ]]; then
		not_met "$text: no signature, and no failure"
	fi
	[[ $(verifies) -le $((before + 1)) ]] ||
		not_met "$text: one login, more than one PIN"
}

service=$PCSCD_PID

proves "the cable is pulled and put back, and all goes on without a new service"
pulled=0
for n in ${CABLE_PULLS:-1 6 13 19 26 33 40}; do
	cable pull "$n"
	disturbed "pulled at frame $n"
	cable_whole || continue # it was done before
	pulled=$((pulled + 1))
	ok "after frame $n the card comes back" computer_sees card
	ok "and it works" login_and_sign
done
ok "it was pulled at $pulled places" test "$pulled" -ge 2

proves "noise is repaired"
spoilt=0
for n in ${CABLE_SPOILS:-1 2 40 111 333 700 1200}; do
	cable spoil "$n"
	before=$(verifies)
	ok "byte $n is another: it works" login_and_sign
	ok "the signature is right" openssl dgst -sha256 -verify alice.auth.pub \
		-signature sig input
	expect_equal "one PIN reached the card" $((before + 1)) "$(verifies)"
	! cable_whole || spoilt=$((spoilt + 1))
done
ok "$spoilt bytes were" test "$spoilt" -ge 2

expect_equal "no try was lost" 3 "$(tries_left)"
ok "the service is the same" kill -0 "$service"
