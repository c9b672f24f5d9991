# Who is paired and who is not: the computer, the terminal, and a short code.
. "$(dirname "$0")/lib.sh"
TERM_OPTIONS=
. "$HERE/terminal.sh"
HOST_OPTIONS="?pairs=$PCSC_DIR/host/pairs"
mkdir -m 700 "$PCSC_DIR/host"

code_shown() {
	screen_says 'two minutes: [0-9]{8}' || return
	tr -d '\r' <screen | sed -n 's/.*two minutes: \([0-9]*\).*/\1/p' | tail -1
}

pair() {
	"$BIN/ukey-terminal-pair" --reader Phone <<<"$1"
}

new_card p256-free alice
terminal_card alice
terminal_start
pcsc_start 0

proves "a computer that is not paired gets nothing"
expect_exit 1 "no code is shown" pair 12345678
expect_line 'shows no code'
expect_exit 1 "that is no code" pair 1234
expect_line 'eight digits'
ok "it sees no card" computer_sees empty

proves "a code is good for one try"
person p
code=$(code_shown)
expect_exit 1 "another code" pair "$(((10#$code + 1) % 100000000 + 100000000))"
expect_exit 1 "another code" pair "$(printf '%08d' $(((10#$code + 1) % 100000000)))"
expect_line 'not the code'
expect_exit 1 "the code itself, too late" pair "$code"
expect_line 'shows no code'

proves "the right code pairs"
screen_clear
person p
expect_exit 0 "the code that is shown" pair "$(code_shown)"
ok "the terminal knows by whom" screen_says 'Paired with'
ok "the computer sees the card" computer_sees card
expect_equal "the secret is for nobody else" 600 "$(stat -c %a "$PCSC_DIR/host/pairs")"
expect_equal "neither here" 600 "$(stat -c %a terminal/hosts)"
expect_exit 0 "a stranger's program reads the card" foreign opensc-tool --reader 0 --atr

proves "both are started again and know each other"
terminal_stop
ok "the card is gone with the terminal" computer_sees empty
terminal_start
ok "and comes back with it" computer_sees card
pcsc_stop
pcsc_start 0
ok "and with a new pcscd" computer_sees card

proves "another terminal on the same line is not taken for ours"
terminal_stop
mv terminal terminal.paired
terminal_start
ok "it refuses the computer" screen_says Refused
ok "which sees no card" computer_sees empty
