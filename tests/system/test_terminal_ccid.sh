# The terminal as a plain reader: pcscd with other people's driver, libccid's
# libccidtwin, which does T=1 itself and so judges ours; and a card at the end of
# a simulated line.
. "$(dirname "$0")/lib.sh"
. "$HERE/terminal.sh"

DRIVER=/usr/lib/pcsc/drivers/serial/libccidtwin.so
[[ -e $DRIVER ]] || skip "no $DRIVER (package libccid)"

pcsc_configure() {
	mkdir -p "$PCSC_DIR/conf"
	printf '%s\n' 'FRIENDLYNAME "Twin"' "DEVICENAME $WORK/host:GemPCTwin" \
		"LIBPATH $DRIVER" 'CHANNELID 1' >"$PCSC_DIR/conf/twin"
}

# reader LINE: the terminal, with the card behind such a line.
reader() {
	card=$CARD_PID # a coprocess will have that name, too
	rm -f host term ready
	: >ready
	background python3 "$HERE/ptypair.py" host term
	until_true 5 test -L term
	background "$BIN/ukey-terminal" --ccid term --ready-fd 7 \
		--contact "line:$1:unix:$WORK/card.sock" 7>ready
	TERM_PID=$LAST_PID
	until_true 10 test -s ready || not_met "the terminal starts"
	pcsc_start 0
	ok "the computer sees the card" "$UKEY_BUILD/tests/scwait" card Twin
}

end_reader() {
	pcsc_stop
	kill "$TERM_PID" "$card"
	wait "$TERM_PID" "$card" 2>/dev/null
	rm -f card.sock
}

proves "T=1: the driver's blocks and our card's agree"
new_card p256-free alice
terminal_card alice
reader t1
expect_exit 0 "OpenSC reads the ATR" foreign opensc-tool --reader 0 --atr
expect_line '3b:8a:81:31:fe:45:80:73:d4:01:c0:54:75:6b:65:79:31' \
	"T=1, IFSC 254, and the card's historical bytes"
printf 'text to be signed' >data
# The login key is the one whose PIN holds for more than one signature.
login=$(foreign pkcs11-tool --module "$MODULE" --login --pin "$CARD_PIN" -O |
	awk '/^Private Key/ { id = "" } / ID: / { id = $2 }
		/always authenticate/ { id = "" } /Access:/ && id { print id; id = "" }' |
	head -n 1)
expect_exit 0 "our module logs in and signs" foreign pkcs11-tool \
	--module "$MODULE" --login --pin "$CARD_PIN" --sign --id "$login" \
	--mechanism ECDSA-SHA256 --signature-format openssl \
	--input-file data --output-file data.sig
ok "openssl verifies it" openssl dgst -sha256 -verify alice.auth.pub \
	-signature data.sig data
PCSC_NAME=Twin
card_open 0
expect_sw 9000 "SELECT" 00A4040008F0756B65792E303100
expect_sw 6A80 "61,440 bytes in the extended form arrive as a whole" \
	"00883001 00F000 $(printf '%0122880d' 0)0000"
card_close
end_reader

proves "T=1 with a CRC instead of an LRC"
terminal_card alice
reader t1-crc
expect_exit 0 "OpenSC reads the ATR" foreign opensc-tool --reader 0 --atr
expect_line '3b:8a:81:71:fe:45:01:80:73:d4:01:c0:54:75:6b:65:79:70' "TC3: CRC"
expect_exit 0 "the driver's CRC is ours" foreign opensc-tool --reader 0 \
	--send-apdu 00A4040008F0756B65792E303100
expect_line 'SW1=0x90, SW2=0x00' "the card has understood"
end_reader

proves "T=0: procedure bytes, and the answer fetched"
ok "a PIV card" "$BIN/ukey-vcard" init --app piv p.card
terminal_card p
reader t0
expect_exit 0 "OpenSC reads the ATR" foreign opensc-tool --reader 0 --atr
expect_exit 0 "OpenSC knows a PIV card" foreign opensc-tool --reader 0 --name
expect_line 'Personal Identity Verification Card' "OpenSC knows a PIV card"
end_reader
