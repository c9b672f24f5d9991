# The main job through real parts: login, transfer, records, receipt; with a P-256
# and with an RSA card, and what the books and other programs say about it.
. "$(dirname "$0")/lib.sh"

new_bank
pcsc_start
card_insert alice
bank_start

proves "nothing is broken"
expect_exit 0 "ukey doctor" ukey doctor

proves "login"
expect_exit 0 "ukey login" ukey login
expect_line "$ALICE +1000.00 CNY" "shows the account"

proves "transfer"
expect_exit 0 "ukey transfer" pay 12.34 --memo "Miete April"
expect_line 'Amount: 12.34 CNY' "the amount was shown"
expect_line 'Memo: Miete April' "and the memo"
expect_line 'Result: posted' "the bank's receipt says posted"
expect_line '^Display: none' "nobody was asked, because of --yes"
expect_equal "the books say so" 98766 "$(balance)"
expect_equal "on both sides" 1734 "$(balance "$BOB")"
expect_exit 0 "ukey records" ukey records
expect_line "-12.34 CNY .*987.66 CNY .*$BOB" "shows the payment"
expect_exit 0 "ukey-bankd audit" audit
expect_line 'the books balance' "says so"

proves "the receipt proves the payment, also without the bank"
bank_stop
receipt=$(echo "$HOME"/.local/share/ukey/receipts/*.json)
expect_exit 0 "ukey verify-receipt" ukey verify-receipt "$receipt"
sed 's/12\.34/12.35/' "$receipt" >altered.json
python3 - "$receipt" altered.json <<'PY'
import base64, json, sys
kept = json.load(open(sys.argv[1]))
text = base64.b64decode(kept["receipt"])
kept["receipt"] = base64.b64encode(text.replace(b"12.34", b"12.35")).decode()
json.dump(kept, open(sys.argv[2], "w"))
PY
expect_exit 96 "an altered one does not" ukey verify-receipt altered.json
expect_equal "the receipt is private to its owner" 600 "$(stat -c %a "$receipt")"

proves "the same with an RSA card"
bank_start
card_remove
card_insert carol
rm -rf "$HOME/.local"
expect_exit 0 "ukey login" ukey login
expect_line "$CAROL +77.00 CNY" "shows the account"
expect_exit 0 "ukey transfer" pay 7.00 --json
expect_line '"display": *"none"' "the level is told"
expect_equal "paid" 7000 "$(balance "$CAROL")"
expect_exit 0 "the books balance" audit

proves "the bank starts anew while the PIN is entered: its challenge is void, and another is asked for"
challenges() {
	grep -c 'route=/v1/login/challenge' bank.log
}
one_more() {
	[[ $(challenges) -gt $1 ]]
}
before=$(challenges)
mkfifo pin
"$BIN/ukey" login --pin-fd 8 8<pin >late.out 2>&1 &
late=$!
exec 7>pin
until_true 10 one_more "$before"
bank_stop
bank_start
printf '%s\n' "$CARD_PIN" >&7
exec 7>&-
ok "logged in" wait "$late"
ok "with a second challenge" [ "$(challenges)" == $((before + 2)) ]
ok "and said so once" [ "$(grep -c '^Logged in' late.out)" == 1 ]
