# Numbers bound to the card: kept on it, sealed by a key of its own; what a copy of
# the object is worth, pkcs11-tool and openssl say.
. "$(dirname "$0")/lib.sh"

tool() {
	foreign timeout 60 pkcs11-tool --module "$MODULE" "$@"
}
user() {
	tool --login --pin "$CARD_PIN" "$@"
}
object() {
	rm -f "$1"
	user --read-object --type data --label "bound numbers" -o "$1" >/dev/null 2>&1
}

pcsc_start
FIRST=6222020200112233445 SECOND=DE-1001
for type in p256-free rsa2048-free; do
	export HOME=$WORK/home.$type
	mkdir -p "$HOME/.config/ukey"
	echo "module = $MODULE" >"$HOME/.config/ukey/config"
	new_card "$type" "$type"
	card_insert "$type"

	proves "$type: bound, shown masked, taken off"
	expect_exit 0 "none" ukey bound
	expect_line "Nothing is bound" "and it is said"
	expect_exit 0 "one" ukey bind "$FIRST"
	expect_line '^ *(out: )?622202\*\*\*\*3445$' "is shown masked"
	expect_no_line "$FIRST" "and no other way"
	expect_exit 0 "two" eval 'echo "$SECOND" | "$BIN/ukey" --pin-fd 8 bind - 8< <(echo "$CARD_PIN")'
	expect_exit 0 "both" ukey bound --json
	expect_line '622202\*\*\*\*3445' "the first"
	expect_line 'DE\*\*\*\*01' "and the second"
	expect_no_line "$SECOND" "in no other way"
	run ukey bind "$FIRST"
	expect_equal "not twice" 1 $((RC != 0))
	run ukey bind 'a b c d'
	expect_equal "nor what is no number" 2 "$RC"

	proves "$type: what a copy of the object is worth"
	expect_exit 0 "nobody sees it without the PIN" tool --list-objects --type data
	expect_no_line "bound numbers" "not even that it is there"
	object one || not_met "pkcs11-tool reads it"
	ok "it is there once" test "$(user --list-objects --type data 2>/dev/null |
		grep -c "bound numbers")" = 1
	for plain in "$FIRST" "$SECOND" 622202 1001; do
		ok "no $plain in it" not grep -aqF "$plain" one
	done
	expect_equal "it is sealed for a point of P-256" 0104 "$(head -c 2 one | to_hex)"
	expect_exit 0 "the key's public half" foreign timeout 60 p11tool --provider "$MODULE" \
		--export 'pkcs11:object=bound%20numbers;type=public' --outfile bound.pub
	ok "which is of P-256" grep -q prime256v1 <(openssl pkey -pubin -in bound.pub -text -noout)
	run user --list-objects --type privkey
	expect_line "bound numbers" "its private half stays on the card"
	FOREIGN_PRELOAD=$sanitizer_runtime python3 "$HERE/bound_open.py" one "$MODULE" >opened 2>opened.log
	expect_equal "python opens it with what the card derives" "$FIRST $SECOND" \
		"$(tr '\n' ' ' <opened | sed 's/ $//')"
	python3 "$HERE/bound_open.py" one >opened 2>&1
	expect_equal "and not with another key" "InvalidTag" "$(tail -n 1 opened | cut -d: -f1 | sed 's/.*\.//')"

	proves "$type: altered on the card, and taken off"
	spoil one 90
	user --delete-object --type data --label "bound numbers" >/dev/null 2>&1
	expect_exit 0 "another one in its place" user --write-object one --type data \
		--label "bound numbers" --application-label ukey --private
	run ukey bound
	expect_equal "is not believed" 1 $((RC != 0))
	user --delete-object --type data --label "bound numbers" >/dev/null 2>&1
	expect_exit 0 "again" ukey bind "$SECOND"
	expect_exit 0 "unbind" ukey unbind "$SECOND"
	expect_line "Nothing is bound" "nothing is left"
	run user --list-objects --type data
	expect_no_line "bound numbers" "also no object"
	run ukey unbind "$SECOND"
	expect_equal "what is not there" 1 $((RC != 0))
	card_remove
done
