# A card terminal for orders, through real parts: the terminal's program, the
# virtual payment card behind a private socket, the bank's server and its books.
# The judge of cryptograms, keys and PIN blocks is pos_bank.py, which computes
# all of it a second time with python3-cryptography and looks into the database
# as well.
. "$(dirname "$0")/lib.sh"

PYTHON=/usr/bin/python3
$PYTHON -c 'import cryptography' 2>/dev/null || skip "no python3-cryptography"

EMAIL=owner@example.org
PASSWORD='correct horse'
PAN=6222021234567890
ISSUER_KEY=0123456789ABCDEFFEDCBA9876543210

judge() {
	$PYTHON "$HERE/pos_bank.py" "$@"
}

# terminal LINES COMMAND...: LINES are passwords and PINs.
terminal() {
	local lines=$1
	shift
	"$BIN/ukey-pos" --bank "https://localhost:$BANK_PORT" \
		--ca bank/ca.pem --email "$EMAIL" --pin-fd 8 "$@" \
		8< <(printf '%b' "$lines") </dev/null
}

# pay ORDER PIN [option...]
pay_with() {
	local order=$1 pin=$2
	shift 2
	terminal "$pin\n" pay "$order" --reader "unix:$WORK/card.sock" \
		--wait 5 "$@"
}

# The books, read by somebody else; over PostgreSQL with BANK_URI.
sql() {
	if [[ -n ${BANK_URI:-} ]]; then
		psql -XAtqd "$BANK_URI" -c "$1"
	else
		sqlite3 -readonly bank/bank.db "$1"
	fi
}

money() {
	sql "SELECT balance FROM accounts WHERE number = '$1'"
}

# What is set aside for payments under way.
held() {
	sql "SELECT held FROM accounts WHERE number = '$1'"
}

order() { # number amount [merchant [goods]]
	cat >order.json <<-JSON
	{"email":"$EMAIL","orderNumber":"$1","amount":$2,"currency":"CNY",
	 "merchant":"${3:-Tea House}","goods":"${4:-Green tea, 100 g}",
	 "terms":"no returns","validHours":${5:-72}}
	JSON
	"$BIN/ukey-bankd" pos-order --dir bank --in order.json
}

# A card of the issuer's in a file, and in its books: name scheme cvm pan pin
card() {
	cat >"$1.json" <<-JSON
	{"applications":[{"application":"emv","scheme":"$2","pan":"$4",
	 "cvm":"$3","pin":"$5","issuer-key":"$ISSUER_KEY"}]}
	JSON
	"$BIN/ukey-vcard" init --profile "$1.json" "$1.card" >/dev/null &&
		cat >"$1.issue.json" <<-JSON &&
	{"account":"CARD-1","pan":"$4","sequence":1,"expiry":"9912",
	 "scheme":"$2","issuerKey":"$ISSUER_KEY","pin":"$5"}
	JSON
		"$BIN/ukey-bankd" pos-card --dir bank --in "$1.issue.json"
}

plug() { # card
	unplug
	"$BIN/ukey-vcard" run --socket "$WORK/card.sock" "$@" \
		>>card.log 2>&1 &
	VCARD_PID=$!
	children+=("$VCARD_PID")
	for _ in $(seq 500); do
		[[ -S $WORK/card.sock ]] && return
		read -r -t 0.01 _ <>"$WORK/never" || true
	done
	not_met "the card comes up"
}

unplug() {
	if [[ -n ${VCARD_PID:-} ]]; then
		kill "$VCARD_PID" 2>/dev/null
		wait "$VCARD_PID" 2>/dev/null
	fi
	VCARD_PID=
	rm -f "$WORK/card.sock"
}
mkfifo never

ok "the judge's arithmetic is that of published vectors" judge selftest
"$BIN/ukey-bankd" init --dir bank --name "Bank of Cards" \
	${BANK_URI:+--database "$BANK_URI"} >/dev/null
sed -i 's/"passwordKib": [0-9]*/"passwordKib": 64/
s/"plainCallbacks": 0/"plainCallbacks": 1/
s/"cardPort": -1/"cardPort": 9444/' bank/bankd.json
mkdir soft
(cd soft && enrolled_key shop Shop login) >fixtures.log 2>&1
export HOME=$WORK/home
mkdir -p "$HOME"
for account in Shop:SHOP-1:0 Card:CARD-1:1000.00; do
	IFS=: read -r who number first <<<"$account"
	"$BIN/ukey-bankd" account --dir bank --customer "$who" \
		--account "$number" --currency CNY --deposit "$first" ||
		not_met "account $number"
done
openssl ecparam -name prime256v1 -genkey -noout -out shop.key
openssl ec -in shop.key -pubout -out shop.pub 2>/dev/null
ok "a merchant" "$BIN/ukey-bankd" merchant --dir bank --name Shop \
	--account SHOP-1 --key shop.pub --callback "http://127.0.0.1:$SHOP_PORT/told"
bank_start
shop_open
shop card C-0 500
shop_says 'refused C-0 account' # nobody has a terminal yet

proves "registration"
expect_exit 0 "register" terminal "$PASSWORD\n" register --account SHOP-1
expect_exit 14 "no login before it is confirmed" terminal "$PASSWORD\n" login
expect_line "confirmed" "says why"
TOKEN=$("$BIN/ukey-bankd" outbox --dir bank | tail -1 |
	sed -n 's/.*with: \([0-9a-f]*\)".*/\1/p')
expect_exit 14 "not with another password" terminal "wrong horse\n" confirm \
	--token "$TOKEN"
expect_exit 0 "confirm" terminal "$PASSWORD\n" confirm --token "$TOKEN"
expect_exit 14 "once" terminal "$PASSWORD\n" confirm --token "$TOKEN"
expect_exit 0 "again the same is said" terminal "another one\n" register \
	--account SHOP-1
expect_equal "but nothing changed" 1 "$(sql 'SELECT count(*) FROM pos_users')"
expect_exit 14 "a wrong password" terminal "wrong horse\n" login
expect_exit 0 "login" terminal "$PASSWORD\n" login
expect_exit 0 "another password" terminal "$PASSWORD\nbattery staple\n" password
expect_exit 14 "ends the session" terminal "" orders
PASSWORD='battery staple'
expect_exit 0 "login" terminal "$PASSWORD\n" login
# shellcheck disable=SC2016 # no expansion is meant
expect_equal "passwords are Argon2id" '$argon2id$v=19' \
	"$(sql 'SELECT substr(password, 1, 14) FROM pos_users')"

proves "a reader"
expect_exit 0 "ask for one" terminal "" request-reader
expect_exit 0 "the bank prepares it" "$BIN/ukey-bankd" pos-reader --dir bank \
	--reader 1 --out reader.json
expect_exit 73 "once" "$BIN/ukey-bankd" pos-reader --dir bank --reader 1 \
	--out again.json
expect_equal "its initial key is the judge's" "$(judge initial-key bank)" \
	"$(sed -n 's/.*"initialKey":"\([0-9a-f]*\)".*/\1/p' reader.json)"
expect_exit 0 "into the terminal" terminal "" load-reader reader.json
expect_exit 0 "readers" terminal "" readers
expect_line '^1 aes active'

proves "an order is paid with PIN: three schemes of cards"
ok "PBOC" card pboc pboc 000000000000000042031E031F00 $PAN 1234
ok "SM4" card sm4 pboc-sm4 000000000000000042031E031F00 6222021234567891 2345
ok "CSK" card csk csk 000000000000000042031E031F00 6222021234567892123 3456
expect=100000 n=0
for pair in pboc:1234 sm4:2345 csk:3456; do
	n=$((n + 1))
	expect=$((expect - 1234))
	order "T-$n" 1234
	plug "${pair%:*}.card"
	expect_exit 0 "${pair%:*}" pay_with "T-$n" "${pair#*:}"
	expect_line '^Paid with 622202\*+[0-9]{4}\.'
	expect_equal "the card's account" $expect "$(money CARD-1)"
	expect_equal "the owner's" $((n * 1234)) "$(money SHOP-1)"
	expect_equal "nothing is set aside" 0 "$(held CARD-1)"
	expect_equal "the judge finds ARQC, ARPC and TC good" good \
		"$(judge payment bank "T-$n" "$ISSUER_KEY" "${pair%:*}" "$(
			sed -n 's/.*"pan":"\([0-9]*\)".*/\1/p' "${pair%:*}.issue.json")")"
done
expect_exit 14 "not twice" pay_with T-1 1234
expect_exit 0 "the books balance" audit

proves "a handwritten signature"
ok "a card that wants one" card sign pboc 00000000000000001E031F00 \
	6222021234567800 1111
sed -i 's/,"pin":"1111"//' sign.issue.json
order S-1 500
plug sign.card
expect_exit 64 "without" pay_with S-1 ""
echo '{"width":100,"height":50,"strokes":[[[1,2],[100,50]],[[3,4]]]}' >sign.strokes
expect_exit 10 "the issuer wants the PIN all the same" pay_with S-1 "" \
	--signature sign.strokes
unplug
sed -i 's/6222021234567800/6222021234567801/' sign.json sign.issue.json
rm sign.card
"$BIN/ukey-vcard" init --profile sign.json sign.card >/dev/null
ok "a card without PIN" "$BIN/ukey-bankd" pos-card --dir bank --in sign.issue.json
plug sign.card
expect_exit 0 "is paid with" pay_with S-1 "" --signature sign.strokes
expect_exit 0 "drawn" terminal "" signature S-1
expect_line 'd="M1 2L100 50M3 4"'

proves "wrong PINs"
order W-1 700
plug pboc.card
for left in 2 1 0; do
	expect_exit 10 "wrong" pay_with W-1 9999
	expect_line "$left tries left"
done
expect_exit 10 "right, but too late" pay_with W-1 1234
expect_line '\(75\)'
ok "unblocked" "$BIN/ukey-bankd" pos-unblock --dir bank --in pboc.issue.json
expect_exit 0 "right" pay_with W-1 1234

proves "not enough"
order N-1 99999999
expect_exit 10 "declined" pay_with N-1 1234
expect_line '\(51\)'
expect_equal "nothing is set aside" 0 "$(held CARD-1)"

proves "the card is pulled before its last word"
order P-1 300
before=$(money CARD-1)
plug pboc.card --fault 'ins 82 remove'
expect_exit 11 "reversed" pay_with P-1 1234
expect_equal "all is back" "$before" "$(money CARD-1)"
expect_equal "nothing is set aside" 0 "$(held CARD-1)"

proves "an answer that the card does not believe to be its issuer's"
order F-1 300
plug pboc.card --fault 'ins 82 status 6300'
expect_exit 11 "the card declines, and it is reversed" pay_with F-1 1234
expect_equal "all is back" "$before" "$(money CARD-1)"
expect_exit 14 "a reversed order is not paid again" pay_with F-1 1234
expect_line 'reversed'

proves "records"
order H-1 100 'Tea, \"Inc\"' '=cmd|tea'
plug pboc.card
expect_exit 0 "paid" pay_with H-1 1234
expect_exit 0 "history" terminal "" history --search TEA --merchant 'Tea, "Inc"'
expect_line 'H-1 .*1\.00 CNY'
expect_no_line 'T-1'
expect_exit 0 "as CSV" terminal "" history --export csv
expect_line "\"H-1\",\"Tea, \"\"Inc\"\"\",\"'=cmd\|tea\"" "no formula"
expect_exit 0 "as JSON" terminal "" history --export json
ok "which is JSON" $PYTHON -c 'import json, sys; json.loads(sys.argv[1])' "$OUT"

proves "a merchant's order is paid with a card"
shop card C-1 500
shop_says 'placed C-1 .*'
expect_exit 0 "it is offered to the terminal" terminal "" orders
expect_line "^$BILL  5\.00 CNY  Tea House" "with its sum"
expect_line '^    order C-1$' "and the merchant's number"
before=$(money SHOP-1)
expect_exit 0 "paid" pay_with "$BILL" 1234
shop_says 'told C-1 paid'
shop state C-1
shop_says 'state C-1 paid'
expect_equal "the merchant has the money" $((before + 500)) "$(money SHOP-1)"
curl -sS --cacert bank/ca.pem --cert soft/shop.pem --key soft/shop.key -d '' \
	https://localhost:9444/v1/login/tls >owner.json
newest() { # as the merchant's page asks for it
	curl -sS --cacert bank/ca.pem -H "Authorization: Bearer $(
		$PYTHON -c 'import json; print(json.load(open("owner.json"))["session"])')" \
		"https://localhost:9444/v1/shops/orders?shop=1&limit=1" |
		$PYTHON -c 'import json, sys
o = json.load(sys.stdin)["orders"][0]
print(o["orderNumber"], o["method"], o["state"], o["amount"], o["call"]["state"])'
}
shown_paid() { [[ $(newest) == "C-1 card paid 500 done" ]]; }
ok "his page says so" until_true 20 shown_paid
expect_equal "the receipt is the journal's row" "$(printf 'R%010d' "$(sql "SELECT
	last_journal FROM pos_payments p JOIN pos_orders o ON o.id = p.order_id
	WHERE o.number = '$BILL'")")" \
	"$(sql "SELECT receipt FROM bills WHERE number = '$BILL'")"
expect_exit 14 "not twice" pay_with "$BILL" 1234
shop cancel C-1
shop_says 'refused C-1 bill-closed'
paid=$BILL
shop card C-1 500
shop_says "placed C-1 $paid"
shop order C-1 500 +8613800001234
shop_says 'refused C-1 order-conflict'

proves "orders that no terminal can be asked about"
shop card C-0 500 nobody@example.org
shop_says 'refused C-0 account'
shop card C-0 0
shop_says 'refused C-0 amount'

proves "not enough money: another card, or no payment"
shop card C-2 90000000
shop_says 'placed C-2 .*'
for _ in 1 2 3 4 5 6 7 8 9; do
	expect_exit 10 "declined" pay_with "$BILL" 1234
	expect_line '\(51\)'
done
shop state C-2
shop_says 'state C-2 open'
expect_equal "nothing is set aside" 0 "$(held CARD-1)"
expect_exit 10 "the tenth" pay_with "$BILL" 1234
shop_says 'told C-2 rejected'
expect_exit 14 "was the last" pay_with "$BILL" 1234

proves "cancelled by the merchant"
shop card C-3 100
shop_says 'placed C-3 .*'
shop cancel C-3
shop_says 'cancelled C-3'
expect_exit 14 "is not paid" pay_with "$BILL" 1234
expect_line 'refused'
expect_exit 0 "and not offered" terminal "" orders
expect_no_line "$BILL"

proves "the card is pulled before its last word"
shop card C-4 100
shop_says 'placed C-4 .*'
plug pboc.card --fault 'ins 82 remove'
expect_exit 11 "reversed" pay_with "$BILL" 1234
shop_says 'told C-4 rejected'
shop state C-4
shop_says 'state C-4 rejected'

proves "a terminal that stands there asks for each as it comes"
plug pboc.card
# Not by the function: its process is to be ended.
"$BIN/ukey-pos" --bank "https://localhost:$BANK_PORT" --ca bank/ca.pem --pin-fd 8 \
	serve --reader "unix:$WORK/card.sock" --wait 5 >serve.out 2>&1 \
	8< <(yes 1234) </dev/null &
SERVE_PID=$!
children+=("$SERVE_PID")
shop card C-5 200
shop_says 'placed C-5 .*'
shop_says 'told C-5 paid'
shop card C-6 300
shop_says 'placed C-6 .*'
shop_says 'told C-6 paid'
kill "$SERVE_PID"
wait "$SERVE_PID" 2>/dev/null
expect_exit 0 "the books balance" audit

proves "the terminal's history"
terminal "" history --search "two CUPS" --export csv >history.csv
terminal "" history --search "two CUPS" --export json >history.json
ok "CSV and JSON, read by others: the same payments, of these goods" $PYTHON -c '
import csv, json
rows = list(csv.DictReader(open("history.csv", newline="", encoding="utf-8-sig")))
objects = json.load(open("history.json"))
objects = objects["records"] if isinstance(objects, dict) else objects
assert len(rows) == len(objects) > 10, (len(rows), len(objects))
assert all(o["goods"] == "Two cups" for o in objects)
paid = [o for o in objects if o["state"] == "completed"]
assert sorted(o["amount"] for o in paid) == [200, 300, 500], paid
assert {o["responseCode"] for o in objects} == {"00", "51"}
text = open("history.csv").read() + open("history.json").read()
assert "622202******7890" in text and "6222021234567890" not in text
'

proves "attacks, by a terminal in Python with a card of its own"
for n in 1 2 3 4 5 6 7 8 9; do
	order "X-$n" 900
done
unplug
expect_equal "all refused, and what is right is taken" good "$(judge attacks \
	bank "https://localhost:$BANK_PORT" "$(cat "$HOME"/.local/state/ukey/pos-session \
	"$XDG_RUNTIME_DIR"/ukey/pos-session 2>/dev/null | head -1)" \
	"$ISSUER_KEY" $PAN 1234 2>&1)"
expect_exit 0 "the books balance" audit

proves "nobody's number or PIN was written down"
ok "not in the log" not grep -qE '622202[0-9]{7}|correct horse|battery' bank.log
ok "not in the database, and what is written ahead" not grep -qra "$PAN" bank \
	${PG:+"$PG"}
ok "nor as it stands on the card" not grep -qraP '\x62\x22\x02\x12\x34\x56\x78\x90' \
	bank ${PG:+"$PG"}

proves "the master key goes into a security module"
bank_stop
softhsm=$(ls /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so \
	2>/dev/null | head -1)
if [[ -n $softhsm ]]; then
	export SOFTHSM2_CONF=$WORK/softhsm2.conf
	mkdir tokens
	printf '%s\n' "directories.tokendir = $WORK/tokens" 'log.level = ERROR' \
		>"$SOFTHSM2_CONF"
	softhsm2-util --init-token --free --label Bank --pin 271828 \
		--so-pin 31415926 >/dev/null
	(umask 077; echo 271828 >hsm.pin)
	cp bank/pos.key judges.key
	export POS_KEY=$WORK/judges.key
	expect_exit 78 "not before it is named" "$BIN/ukey-bankd" vault-key --dir bank
	sed -i "s|^{|{\"vaultKey\": \"pkcs11:token=Bank;object=pos?module-path=$softhsm\&pin-source=file:$WORK/hsm.pin\",|" \
		bank/bankd.json
	expect_exit 78 "no server while the file is there" "$BIN/ukey-bankd" \
		pos-unblock --dir bank --in pboc.issue.json
	expect_line 'vaultKey is set and .*pos.key is there' "says why"
	expect_exit 0 "moved" "$BIN/ukey-bankd" vault-key --dir bank
	ok "the file is gone" test ! -e bank/pos.key
	expect_exit 73 "once" "$BIN/ukey-bankd" vault-key --dir bank
	rm bank/pos.key
	ok "and its bytes are nowhere" $PYTHON -c 'import glob, sys
key = open("judges.key", "rb").read()
sys.exit(any(key in open(f, "rb").read() for f in glob.glob("[bt]*/**/*.*", recursive=True)))'
	ok "cards are found by it" "$BIN/ukey-bankd" pos-unblock --dir bank \
		--in pboc.issue.json
	echo 999999 >hsm.pin
	expect_exit 78 "a wrong PIN" "$BIN/ukey-bankd" pos-unblock --dir bank \
		--in pboc.issue.json
	echo 271828 >hsm.pin
fi

proves "kill -9 between authorisation and completion, and nobody comes back"
sed -i 's/"posCompleteSeconds": [0-9]*/"posCompleteSeconds": 30/' bank/bankd.json
bank_clock 0
bank_start
shop card C-9 1000
shop_says 'placed C-9 .*'
before=$(money CARD-1)
expect_equal "authorised" good "$(judge authorise bank \
	"https://localhost:$BANK_PORT" "$(cat "$XDG_RUNTIME_DIR/ukey/pos-session")" \
	"$ISSUER_KEY" $PAN 1234 "$BILL" 2>&1)"
expect_equal "the money is set aside" 1000 "$(held CARD-1)"
expect_equal "and still there" "$before" "$(money CARD-1)"
shop cancel C-9
shop_says 'refused C-9 bill-closed'

bank_stop KILL
bank_clock 60
bank_start
for _ in $(seq 50); do
	[[ $(held CARD-1) == 0 ]] && break
	read -r -t 0.1 _ <>never || true
done
expect_equal "it is free again" 0 "$(held CARD-1)"
expect_equal "and was never gone" "$before" "$(money CARD-1)"
shop_says 'told C-9 rejected'
expect_exit 0 "the books balance" audit
