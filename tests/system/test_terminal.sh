# The terminal as a reader: other people's programs and our own over pcscd, our
# driver, a line, ukey-terminal and a card.
. "$(dirname "$0")/lib.sh"
. "$HERE/terminal.sh"

new_card p256-free alice
terminal_card alice
echo_card echo.sock
terminal_start --contactless "unix:$WORK/echo.sock"
pcsc_start 0
ok "the computer sees the card" computer_sees card

proves "programs that know nothing of us use it"
expect_exit 0 "OpenSC lists the reader" foreign opensc-tool --list-readers
expect_line 'Phone 00 01' "two slots"
expect_exit 0 "OpenSC reads the ATR" foreign opensc-tool --reader 0 --atr
expect_line '3b:8a:01:80:73:d4:01:c0:54:75:6b:65:79:3b' "it is the card's"
expect_exit 0 "OpenSC selects the application" foreign opensc-tool --reader 0 \
	--send-apdu 00:A4:04:00:08:F0:75:6B:65:79:2E:30:31:00
expect_line 'SW1=0x90, SW2=0x00'

proves "OpenSC and our module log in and sign"
expect_exit 0 "ukey cards" "$BIN/ukey" --module "$MODULE" cards
expect_line 'Phone 00 00' "the card is in the terminal"
expect_line "PIN is entered on the reader's own pad" "says where the PIN goes"
signs_well "pkcs11-tool, PIN typed at the terminal"
expect_exit 0 "pkcs11-tool, PIN from the program" tool --login --pin "$CARD_PIN" \
	--list-objects --type privkey
expect_line 'Private Key Object'
proves "long commands and answers are carried whole"
# In bytes: one frame of the link, more than its window, the longest there is.
PCSC_NAME=Phone card_open 1
for n in 1 255 256 1000 1024 8192 65000 65535; do
	data=$(head -c "$n" /dev/urandom | to_hex)
	apdu "80EE0000$(printf '00%04X' "$n")$data"
	expect_equal "$n bytes there and back" "$data 9000" "$DATA $SW"
done
for n in 1 256 65536; do
	apdu "80EF0700$(printf '00%04X' $((n % 65536)))"
	expect_equal "Ne = $n" "$n 9000" "$((${#DATA} / 2)) $SW"
done
card_close

proves "the PIN is nowhere but in the card"
ok "not on the screen" not grep -q "$CARD_PIN" screen
ok "not in pcscd's log" not grep -qiE "$CARD_PIN|34 38 32 39 31 35" \
	"$PCSC_DIR/pcscd.log"
