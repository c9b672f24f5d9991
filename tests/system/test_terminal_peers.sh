# Who else may be at the other end: nobody, somebody who speaks something else, who
# never answers, who never stops, a second computer. And the quiet between.
. "$(dirname "$0")/lib.sh"
. "$HERE/terminal.sh"

# ticks PID: processor time it has used, in clock ticks.
ticks() {
	local fields
	read -r fields <"/proc/$1/stat"
	# shellcheck disable=SC2086
	set -- ${fields##*) }
	echo $((${12} + ${13}))
}

# peer WORD: connects to the terminal and misbehaves until it is ended.
peer() {
	background python3 - "$TERM_PORT" "$1" <<'PEER'
import random
import socket
import sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
noise = random.Random(1)
try:
    if sys.argv[2] == "garbage":
        s.sendall(noise.randbytes(100000))
    while sys.argv[2] == "floods":
        s.sendall(noise.randbytes(65536))
    while s.recv(65536):
        pass
except OSError:
    pass
PEER
	PEER_PID=$LAST_PID
}

peer_ends() {
	kill "$PEER_PID" 2>/dev/null
	wait "$PEER_PID" 2>/dev/null
}

new_card p256-free alice
terminal_card alice
terminal_start
TERMINAL=$(pgrep -P "$TERM_PID" ukey-terminal)

proves "strangers at the terminal do not keep the computer away"
for word in silent garbage floods; do
	peer $word
	pcsc_start 0
	ok "with a peer that is $word the computer sees the card" computer_sees card
	pcsc_stop
	peer_ends
done

proves "while one computer is served, another is refused"
pcsc_start 0
ok "the computer sees the card" computer_sees card
peer silent
ok "the other is hung up on" wait "$PEER_PID"
signs_well "the first one works on"

proves "nobody does anything while nothing happens"
before=$(($(ticks "$PCSCD_PID") + $(ticks "$TERMINAL")))
sleep 2
after=$(($(ticks "$PCSCD_PID") + $(ticks "$TERMINAL")))
ok "no more than a clock tick in two seconds" test $((after - before)) -le 1

proves "the terminal goes and comes, the reader stays"
service=$PCSCD_PID
terminal_stop
ok "the card goes with the terminal" computer_sees empty
before=$(ticks "$PCSCD_PID")
sleep 1
ok "waiting for a terminal costs nothing" \
	test $(($(ticks "$PCSCD_PID") - before)) -le 1
terminal_start
ok "it is back" computer_sees card
signs_well "and signs"
ok "the service is the same" kill -0 "$service"
