# The terminal as a reader: other people's programs and our own over pcscd, our
# driver, a line, ukey-terminal and a card.
. "$(dirname "$0")/lib.sh"
. "$HERE/terminal.sh"

new_card p256-free alice
terminal_card alice
echo_card echo.sock
terminal_start --contactless "line:a:unix:$WORK/echo.sock"
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
proves "long commands and answers are carried whole, also in a field"
# In bytes: one frame of the field, of the link, more than its window, the
# longest there is.
PCSC_NAME=Phone card_open 1
for n in 1 246 247 255 256 1000 1024 8192 65000 65535; do
	data=$(head -c "$n" /dev/urandom | to_hex)
	apdu "80EE0000$(printf '00%04X' "$n")$data"
	expect_equal "$n bytes there and back" "$data 9000" "$DATA $SW"
done
for n in 1 256 65536; do
	apdu "80EF0700$(printf '00%04X' $((n % 65536)))"
	expect_equal "Ne = $n" "$n 9000" "$((${#DATA} / 2)) $SW"
done
card_close

# PC/SC part 3, 3.1.3.2.3.1: type A shows the card's historical bytes, B what its
# ATQB says.
for kind in a=3b:8a:80:01:80:73:d4:01:c0:54:75:6b:65:79:bb \
	b=3b:88:80:01:75:6b:65:79:00:81:81:00:0b; do
	proves "a card in the contactless slot, type ${kind%%=*}"
	terminal_stop
	terminal_start --contact "unix:$WORK/nobody.sock" \
		--contactless "line:${kind%%=*}:unix:$WORK/card.sock"
	TERM_READER="Phone 00 01"
	ok "the computer sees the card" computer_sees card
	expect_exit 0 "OpenSC reads the ATR" foreign opensc-tool --reader 1 --atr
	expect_line "${kind#*=}" "PC/SC's ATR of such a card"
	signs_well "pkcs11-tool through the field, PIN typed at the terminal"
	PCSC_NAME=Phone card_open 1
	expect_sw 9000 "SELECT" 00A4040008F0756B65792E303100
	expect_sw 6A80 "61,440 bytes in the extended form arrive as a whole" \
		"00883001 00F000 $(printf '%0122880d' 0)0000"
	expect_sw reset "the field goes off and on" reset
	expect_sw 9000 "SELECT" 00A4040008F0756B65792E303100
	card_close
	card_control alice remove >/dev/null
	ok "it leaves the field" computer_sees empty
	card_control alice insert >/dev/null
	ok "it comes back" computer_sees card
	signs_well "and signs again"
done

proves "a line that a slot does not have is refused"
for card in --contact=line:a:unix:x --contactless=line:t1:unix:x \
	--contactless=line:c:unix:x; do
	expect_exit 2 "$card" "$BIN/ukey-terminal" --line tcp-listen:0 "$card"
	expect_line 'is not a card for this slot'
done

proves "the PIN is nowhere but in the card"
ok "not on the screen" not grep -q "$CARD_PIN" screen
ok "not in pcscd's log" not grep -qiE "$CARD_PIN|34 38 32 39 31 35" \
	"$PCSC_DIR/pcscd.log"
