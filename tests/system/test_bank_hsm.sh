# The bank's signing key in a security module: SoftHSM stands in for it, directly
# and as a machine of its own that goes away and comes back (p11-kit server).
. "$(dirname "$0")/lib.sh"

module=
for file in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so; do
	[[ ! -r $file ]] || module=$file
done
[[ -n $module ]] || skip "SoftHSM is not installed (package softhsm2)"
client=$(echo /usr/lib/*/pkcs11/p11-kit-client.so)
[[ -r $client ]] || skip "p11-kit-client.so is not installed (package p11-kit-modules)"

new_bank
export SOFTHSM2_CONF=$WORK/softhsm2.conf
mkdir tokens
printf '%s\n' "directories.tokendir = $WORK/tokens" 'log.level = ERROR' \
	>"$SOFTHSM2_CONF"
quiet() { "$@" >>hsm.log 2>&1; }
ok "a token" quiet softhsm2-util --init-token --free --label Bank --pin 271828 \
	--so-pin 31415926
ok "the bank's key goes into it" quiet softhsm2-util --import bank/sign.key \
	--token Bank --label sign --id 01 --pin 271828
mv bank/sign.key away.key
(umask 077; echo 271828 >hsm.pin)

# key_is MODULE [object]
key_is() {
	python3 - "$@" <<PY
import json, sys
with open("bank/bankd.json") as f:
    c = json.load(f)
c["operator"] = "$WORK/door"
c["signingKey"] = ("pkcs11:token=Bank;object=%s?module-path=%s"
                   "&pin-source=file:$WORK/hsm.pin"
                   % (sys.argv[2] if len(sys.argv) > 2 else "sign", sys.argv[1]))
with open("bank/bankd.json", "w") as f:
    json.dump(c, f)
PY
}
code() {
	curl -s --unix-socket door -o /dev/null -w '%{http_code}' "http://bank$1"
}
challenge() {
	curl -sS --cacert bank/ca.pem -o answer -w '%{http_code}' "$ORIGIN/v1/login/challenge" \
		-d '{"clientNonce":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}'
}
refused() { # WHY
	expect_exit 78 "$1" "$BIN/ukey-bankd" serve --dir bank --port 0
}
tries_left() {
	pkcs11-tool --module "$module" -L | grep -c 'user PIN count low' || :
}

proves "the whole protocol with the key in the module"
key_is "$module"
bank_start
PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/bank_refusals.py" \
	soft "$BANK_PORT" "$ORIGIN" "$ALICE" "$BOB" ||
	not_met "challenges, proofs and receipts verify by the same certificate"
expect_equal "ready" 200 "$(code /readyz)"
bank_stop
ok "the PIN is in no log" not grep -q 271828 bank.log

proves "what is wrong is said before anybody is served"
key_is "$module" other
refused "no such key"
key_is /nothing.so
refused "no such module"
expect_line 'module-path.*nothing.so' "names it"
key_is "$module"
chmod 644 hsm.pin
refused "a PIN file that others can read"
chmod 600 hsm.pin
echo 999999 >hsm.pin
refused "the wrong PIN"
expect_equal "was tried once" 1 "$(tries_left)"
echo 271828 >hsm.pin
quiet softhsm2-util --init-token --free --label Elsewhere --pin 271828 --so-pin 31415926
quiet pkcs11-tool --module "$module" --token-label Elsewhere --login --pin 271828 \
	--keypairgen --key-type EC:prime256v1 --label sign --id 01
sed -i 's/token=Bank/token=Elsewhere/' bank/bankd.json
refused "a key that is not that of the certificate"
expect_line 'not that of sign.pem' "says so"

proves "the module's machine goes away and comes back"
hsm_start() {
	foreign_start p11-kit server --foreground --provider "$module" \
		--name "$WORK/hsm.socket" "pkcs11:token=Bank" >>hsm.log 2>&1
	hsm=$LAST_PID
	until_true 10 test -S hsm.socket || not_met "the machine starts"
}
hsm_stop() { # and the process that serves the bank
	local each
	for each in $(pgrep -P "$hsm") $hsm; do
		kill "$each"
	done
	wait "$hsm" 2>/dev/null || :
	rm -f hsm.socket
}
export P11_KIT_SERVER_ADDRESS=unix:path=$WORK/hsm.socket
key_is "$client"
hsm_start
bank_start
expect_equal "a challenge is signed" 200 "$(challenge)"
hsm_stop
expect_equal "without it, none is" 500 "$(challenge)"
expect_equal "the server lives" 200 "$(code /healthz)"
expect_equal "but is not ready" 503 "$(code /readyz)"
hsm_start
signed() { [[ $(challenge) == 200 ]]; }
ok "once it is back, they are signed again" until_true 10 signed
expect_equal "and the server is ready" 200 "$(code /readyz)"
