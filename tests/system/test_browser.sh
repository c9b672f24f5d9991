# Chromium logs in with the card through our module and shows the bank's pages. Only
# where there is one (scripts/deps browser): it is large.
. "$(dirname "$0")/lib.sh"

for tool in chromium Xvfb xdotool modutil certutil pk12util; do
	command -v $tool >/dev/null || skip "there is no $tool here (scripts/deps browser)"
done
[[ -z ${UKEY_SANITIZE:-} ]] || skip "Chromium does not run with the sanitizers in its process"

# Its settings have one place only: here it is ours, in this namespace.
mount -t tmpfs none /etc/chromium 2>/dev/null ||
	skip "/etc/chromium cannot be replaced here"
mkdir -p /etc/chromium/policies/managed
cat >/etc/chromium/policies/managed/ukey.json <<'END'
{ "AutoSelectCertificateForUrls": ["{\"pattern\":\"https://localhost:9444\",\"filter\":{}}"] }
END

new_bank
new_shop
(cd soft && enrolled_key shop-auth "Shop Ltd" login) >shop-auth.log 2>&1
sed -i 's/"cardPort": -1/"cardPort": 9444/' bank/bankd.json
pcsc_start
card_insert alice
bank_start
expect_exit 0 "ukey login" ukey login

# nss HOME: a new database that trusts the bank's CA.
nss() {
	mkdir -p "$1/.pki/nssdb"
	certutil -N -d "sql:$1/.pki/nssdb" --empty-password &&
		certutil -A -d "sql:$1/.pki/nssdb" -n bank -t "C,," -i bank/ca.pem
}
nss "$WORK/home"
ok "modutil takes the module in" modutil -dbdir "sql:$WORK/home/.pki/nssdb" \
	-add ukey -libfile "$MODULE" -force
nss "$WORK/shop-home"
openssl pkcs12 -export -in soft/shop-auth.pem -inkey soft/shop-auth.key \
	-passout pass: -out shop.p12
ok "pk12util takes a certificate in" pk12util -i shop.p12 -W "" \
	-d "sql:$WORK/shop-home/.pki/nssdb"

mkfifo display
exec {display}<>display
background Xvfb -displayfd "$display" -screen 0 1000x900x24 -nolisten tcp \
	>xvfb.log 2>&1
read -r -t 20 -u "$display" number || not_met "there is a screen"
export DISPLAY=:$number

PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/browser.py" https://localhost:9444 \
	"$BANK_PORT" "$SHOP_PORT" "$BIN/ukey" 8 "$ALICE" \
	8< <(printf '%s\n' "$CARD_PIN") || not_met "the pages work in a browser"
expect_exit 0 "the books balance" audit
