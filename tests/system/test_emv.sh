# The payment application, by a terminal in plain APDUs behind pcscd and vpcd, by
# a bank that computes everything a second time (emv_bank.py, with
# python3-cryptography's ciphers), and by cardpeek, which reads payment cards and
# says what it finds; it has a mode without a display.
. "$(dirname "$0")/lib.sh"

PYTHON=/usr/bin/python3
$PYTHON -c 'import cryptography' 2>/dev/null || skip "no python3-cryptography"

command -v cardpeek >/dev/null || skip "no cardpeek"

bank() {
	$PYTHON "$HERE/emv_bank.py" "$@"
}

ISSUER_KEY=0123456789ABCDEFFEDCBA9876543210
PAN=6222021234567890
AID=A000000333010101
# Amounts, country, TVR, currency, date, type; then the unpredictable number, time
# and merchant.
TERMINAL=00000000010000000000000001560000000000015624010100
ELSEWHERE=12345653484F5020202020202020202020202020202020

# tlv HEX TAG: the value of the first object with this tag, anywhere in it.
tlv() {
	$PYTHON - "$1" "$2" <<'PY'
import sys

def objects(b):
    while b:
        n = 1
        if b[0] & 0x1f == 0x1f:
            while b[n] & 0x80:
                n += 1
            n += 1
        tag, b = b[:n], b[n:]
        size, b = b[0], b[1:]
        if size > 0x80:
            k = size - 0x80
            size, b = int.from_bytes(b[:k], "big"), b[k:]
        yield tag, b[:size]
        b = b[size:]

def find(b, wanted):
    for tag, value in objects(b):
        if tag == wanted:
            return value
        if tag[0] & 0x20:
            inner = find(value, wanted)
            if inner is not None:
                return inner

v = find(bytes.fromhex(sys.argv[1]), bytes.fromhex(sys.argv[2]))
print("none" if v is None else v.hex().upper())
PY
}

# generate TYPE [ARC]: GENERATE AC with a fresh number; sets CID, ATC, AC, CVR,
# and SIGNED, what the cryptogram is of.
generate() {
	local arc=${2:-} number lc
	number=$(head -c 4 /dev/urandom | to_hex)
	lc=$(len_of "$arc$TERMINAL$number$ELSEWHERE")
	expect_sw 9000 "GENERATE AC $1" \
		"80AE${1}00$lc$arc$TERMINAL$number${ELSEWHERE}00"
	local value=${DATA:4}
	CID=${value:0:2} ATC=${value:2:4} AC=${value:6:16}
	CVR=${value:28:8}
	SIGNED=$TERMINAL$number$AIP$ATC$CVR
}

begin() {
	expect_sw 9000 "SELECT" "00A4040008${AID}00"
	expect_sw 9000 "GET PROCESSING OPTIONS" 80A8000002830000
	AIP=${DATA:4:4}
}

bank_agrees() {
	expect_equal "the bank computes the same cryptogram" \
		"$(bank ac "$SCHEME" "$KEY" "$ATC" "$SIGNED")" "$AC"
}

ok "the bank's arithmetic is that of published vectors" bank selftest
pcsc_start

proves "how a terminal finds the account"
ok "a card" "$BIN/ukey-vcard" init --app emv pboc.card
card_insert pboc
card_open
expect_sw 9000 "PSE" 00A404000E315041592E5359532E444446303100
expect_equal "its file" 01 "$(tlv "$DATA" 88)"
expect_sw 9000 "the first record" 00B2010C00
expect_equal "is the account" $AID "$(tlv "$DATA" 4F)"
expect_sw 6A83 "there is no second" 00B2020C00
expect_sw 9000 "PPSE" 00A404000E325041592E5359532E444446303100
expect_equal "has it, too" $AID "$(tlv "$DATA" 4F)"

proves "what a terminal reads"
begin
expect_sw 9000 "the first record" 00B2010C00
expect_equal "track 2" ${PAN}D4912220 "$(tlv "$DATA" 57)"
expect_equal "the name" "$(printf TEST/CARD | to_hex)" "$(tlv "$DATA" 5F20)"
expect_sw 9000 "the second" 00B2011400
expect_equal "the account" $PAN "$(tlv "$DATA" 5A)"
expect_equal "its end" 491231 "$(tlv "$DATA" 5F24)"
expect_sw 9000 "the third" 00B2021400
expect_equal "what it wants to know" \
	9F02069F03069F1A0295055F2A029A039C019F37049F21039F4E14 \
	"$(tlv "$DATA" 8C)"
card_close
card_remove

for SCHEME in pboc sm4 csk; do
	proves "transactions with the bank: $SCHEME"
	app=emv-$SCHEME
	[[ $SCHEME != pboc ]] || app=emv
	rm -f $SCHEME.card*
	ok "a card" "$BIN/ukey-vcard" init --app $app $SCHEME.card
	card_insert $SCHEME
	card_open
	KEY=$(bank card-key $SCHEME $ISSUER_KEY $PAN 01)
	for turn in 0001 0002 0003; do
		begin
		expect_sw 9000 "the PIN" 0020008008241234FFFFFFFFFF
		generate 80
		expect_equal "the bank is to say" "80 $turn" "$CID $ATC"
		bank_agrees
		expect_sw 9000 "its answer is genuine" "008200000A$(bank arpc \
			$SCHEME "$KEY" "$ATC" "$AC" 3030)3030"
		generate 40 3030
		expect_equal "approved" "40 $turn" "$CID $ATC"
		bank_agrees
	done
	begin
	generate 80
	expect_sw 6300 "an answer that is not the bank's" \
		008200000A00112233445566773030
	generate 40 3030
	expect_equal "declined" 00 "$CID"
	bank_agrees
	expect_sw 9000 "the last that the bank saw" 80CA9F1300
	expect_equal "is the third" 9F13020003 "$DATA"
	card_close
	card_remove
done

proves "transactions without the bank, and what the card remembers"
ok "a card" "$BIN/ukey-vcard" init --app emv offline.card
card_insert offline
card_open
SCHEME=pboc
KEY=$(bank card-key pboc $ISSUER_KEY $PAN 01)
for _ in 1 2; do
	begin
	generate 40
	expect_equal "approved" 40 "$CID"
	bank_agrees
done
begin
generate 40
expect_equal "the third has to go to the bank" 80 "$CID"
bank_agrees
card_close
card_kill
card_insert offline
card_open
expect_sw 9000 "SELECT" "00A4040008${AID}00"
expect_sw 9000 "after kill -9, the counter" 80CA9F3600
expect_equal "is what it was" 9F36020003 "$DATA"
expect_sw 9000 "the log" 00B2015C00
expect_equal "has the second transaction first" 0002 "${DATA: -4}"
expect_sw 9000 "and then" 00B2025C00
expect_equal "the first" 0001 "${DATA: -4}"
expect_sw 6A83 "and no more" 00B2035C00

card_close

proves "cardpeek reads all of it"
# It makes its folder first, ends only by force, and asks at its end for ever.
peek() {
	yes 1 | head -100 | HOME=$WORK/peek timeout 60 cardpeek --console "$@" \
		2>&1 | head -c 300000 >peek.out
}
mkdir -p peek
peek -e 'os.exit(0)'
peek -r "pcsc://$PCSC_NAME 00 00" -e "
	local good, why = pcall(dofile, '/usr/share/cardpeek/emv.lua')
	local f = io.open('$WORK/peek.xml', 'w')
	f:write(good and nodes.to_xml(nodes.root()) or why)
	f:close()
	os.exit(0)"
sed -n 's/.*<attr name="\(alt\|val\|label\)"[^>]*>\(.*\)<.attr>/\2/p' \
	peek.xml >peek.txt
for line in '1PAY.SYS.DDF01' 'PBOC DEBIT' "8:${PAN}D4912220" TEST/CARD $PAN \
	12/31/49 01/01/24 'China, People.*' 'Yuan Renminbi' \
	'Cardholder verification is supported' \
	'Terminal risk management is to be performed' \
	'Issuer authentication is supported' \
	'.*Plaintext PIN verification performed by ICC.*' \
	'Amount, Authorized 9F02 .6.. Amount, Other .*' \
	'Authorisation Response Code 8A .2.. Amount.*' \
	8:123456 1.00 Purchase "8:$(printf SHOP | to_hex)2020.*"; do
	ok "it finds $line" grep -qE "^$line\$" peek.txt
done
expect_equal "two transactions in the log" "8:0002 8:0001" "$(grep -A1 \
	'^Application Transaction Counter' peek.txt | grep '^8:' | tail -2 |
	paste -sd' ')"
card_open

proves "the PIN, and that nothing goes out of order"
expect_sw 9000 "SELECT" "00A4040008${AID}00"
expect_sw 6985 "before the transaction" 0020008008241234FFFFFFFFFF
begin
expect_sw 63C2 "wrong" 0020008008241111FFFFFFFFFF
expect_sw 63C1 "wrong" 0020008008241111FFFFFFFFFF
expect_sw 9000 "right" 0020008008241234FFFFFFFFFF
expect_sw 6985 "another beginning" 80A8000002830000
expect_sw 6985 "the bank was not asked" 008200000A00112233445566773030
card_close
