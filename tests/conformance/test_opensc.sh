# The same rules for OpenSC, as far as they need no token: it does not know our card.
. "$(dirname "$0")/conformance.sh"

module=
for file in /usr/lib/*/opensc-pkcs11.so; do
	[[ ! -r $file ]] || module=$file
done
[[ -n $module ]] || skip "OpenSC is not installed (package opensc)"
known_version opensc "$(opensc-tool --info | head -n 1 | cut -d '[' -f 1 | sed 's/ *$//')"

new_card rsa2048-free card
pcsc_start
card_insert card
conform opensc "$module" --without-token
expect_known opensc
ok "many rules were tried" test "$(passed opensc)" -ge 200
