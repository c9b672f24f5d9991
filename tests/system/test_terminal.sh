# The terminal as a reader: other people's programs and our own over pcscd, our
# driver, a line, ukey-terminal and a card.
. "$(dirname "$0")/lib.sh"
. "$HERE/terminal.sh"

new_card p256-free alice
terminal_card alice
terminal_start
pcsc_start 0
ok "the computer sees the card" computer_sees card

proves "a program that knows nothing of us uses it"
expect_exit 0 "OpenSC lists the reader" foreign opensc-tool --list-readers
expect_line 'Phone 00 01' "two slots"
expect_exit 0 "OpenSC reads the ATR" foreign opensc-tool --reader 0 --atr

proves "our own module logs in and signs"
expect_exit 0 "ukey cards" "$BIN/ukey" --module "$MODULE" cards
expect_line 'Phone 00 00' "the card is in the terminal"
