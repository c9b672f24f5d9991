# Web eID tokens of a country's cards: the bank and a second implementation of
# the rules, in Python, agree on each; a certificate that is revoked ends sessions.
. "$(dirname "$0")/lib.sh"

new_bank
mkdir cards
cp bank/ca.pem cards/bank-ca.pem
mkfifo orders answers
PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/bank_webeid.py" cards 8443 "$ORIGIN" \
	<orders >answers 2>webeid.err &
judge=$!
children+=("$judge")
exec 5>orders 6<answers
read -r -t 20 line <&6
expect_equal "the cards are made" ready "$line"

sed -i "s|\"host\"|\"loginCAs\": [\"$WORK/cards/country.pem\"], \"crls\": [\"$WORK/cards/country.crl\"], &|" \
	bank/bankd.json
proves "certificates of another CA are registered for a customer"
for card in cards/card-*.pem; do
	"$BIN/ukey-bankd" register --dir bank --customer Alice --purpose login \
		--cert "$card" >>registered || not_met "$card"
done
expect_equal "all of them" "$(ls cards/card-*.pem | wc -l)" "$(wc -l <registered)"
"$BIN/ukey-bankd" certificates --dir bank --customer Alice >list
ok "they are listed" grep -q "$(cut -d' ' -f2 registered | head -1) login" list

bank_start
proves "both judge every token alike"
echo go >&5
while read -r line <&6; do
	case $line in
	"NOT OK"*) not_met "${line#NOT OK - }" ;;
	*) printf '%s\n' "$line" ;;
	esac
done
wait "$judge" || not_met "the judge is content"
cat webeid.err >&2

proves "policies that are not wanted"
bank_stop
sed -i 's|"host"|"disallowedPolicies": ["1.3.6.1.4.1.51361.1.2.1"], &|' bank/bankd.json
bank_start
key() {
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$HERE python3 - "$@" <<PY
import sys
from bank_client import Bank, Key
b = Bank($BANK_PORT, "bank/ca.pem", "$ORIGIN")
print(b.login(Key("soft/alice-auth.key", "soft/alice-auth.pem")).code)
PY
}
expect_equal "a certificate that names none" "403 cert-purpose" "$(key)"

proves "too many failures wait, and only where they come from"
bank_stop
sed -i 's|"loginFailuresPerMinute": 120|"loginFailuresPerMinute": 2|; s|"disallowedPolicies": \[[^]]*\], ||' \
	bank/bankd.json
bank_start
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$HERE python3 - >codes <<PY
from bank_client import Bank, Key
b = Bank($BANK_PORT, "bank/ca.pem", "$ORIGIN")
alice = Key("soft/alice-auth.key", "soft/alice-auth.pem")
bob = Key("soft/expired.key", "soft/expired.pem")
print([b.login(bob).code for _ in range(6)].count("403 cert-expired"))
print(b.login(alice).code)
PY
expect_equal "so many are answered" 6 "$(sed -n 1p codes)"
expect_equal "then none of that address" "429 busy" "$(sed -n 2p codes)"
bank_stop
sed -i 's|"loginFailuresPerMinute": 2|"loginFailuresPerMinute": 120|; s|"loginsPerMinute": 0|"loginsPerMinute": 1|' \
	bank/bankd.json
bank_start
for i in 1 2 3; do expect_equal "login $i" 200 "$(key)"; done
expect_equal "a certificate may log in so often" "429 busy" "$(key)"
