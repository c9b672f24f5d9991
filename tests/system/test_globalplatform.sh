# The issuer security domain, judged from outside: gp.py is the host's side in
# Python, OpenSC sees what comes and goes.
. "$(dirname "$0")/lib.sh"

gp() {
	/usr/bin/python3 "$HERE/gp.py" "$UKEY_BUILD/tests/scapdu" \
		"$PCSC_NAME 00 00" "$1"
}
# The bytes of EF.DIR.
directory() {
	card_open
	apdu 00A4000C
	apdu 00B09E0000
	card_close
	echo "$DATA"
}
# ok_match TEXT PATTERN VALUE
ok_match() {
	ok "$1" grep -Eq "$2" <<<"$3"
}
piv_seen() {
	foreign opensc-tool --name >name 2>&1
	grep '^PIV-II$\|^Personal Identity' name
}
not_seen() { ! piv_seen; }
token() {
	foreign pkcs11-tool --module "$MODULE" -L >slots 2>&1
	grep 'token label' slots
}
no_token() { ! token && grep 'Slot 0' slots; }

new_card p256-free gp
pcsc_start
card_insert gp 0 --redact

proves "channels at every level, with the keys of test cards"
ok "SCP03, levels 00 01 03 11 13 33" gp levels

proves "keys are replaced, with check values, and the old ones are dead"
ok "AES-256, SCP02 beside it, AES-192 and back" gp keys
ok "the card still has its channel" gp levels

proves "an application comes and goes"
ok "no PIV application is there" not_seen
ok "a load file of 40 KB is loaded, PIV installed" gp install_piv
ok_match "EF.DIR" 'A000000308000010000100' "$(directory)"
ok "OpenSC finds a PIV card" piv_seen
card_kill
card_insert gp 0 --redact
ok "also after the power was cut" piv_seen
ok "application and load file are deleted" gp delete_piv
ok "OpenSC finds none" not_seen
ok_match "EF.DIR" '^61..4F08F0756B65792E303150' "$(directory)"

proves "the U-key application can be locked"
ok "locked" gp lock_ukey
expect_equal "EF.DIR" "" "$(directory)"
ok "no token for the module" no_token
ok "unlocked" gp unlock_ukey
ok "the token is back" token

proves "a redacted transcript shows no key, not even enciphered"
ok "PUT KEY is in it" grep -qi '^> 84d8' gp.apdus
ok "without data" bash -c '! grep -i "^> 84d8" gp.apdus | grep -v "not shown"'
finish
