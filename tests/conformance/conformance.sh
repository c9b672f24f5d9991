# What the conformance tests share: p11conform's run, and the comparison with the
# committed list of rules that a module breaks.
#
# tests/conformance/differs/NAME.txt has one line per rule that the module NAME
# breaks: its name, a tab, and what was said. docs/conformance.md explains them.
# A name that begins with ~ is broken now and then.
# A rule that appears or disappears is a finding; when it is understood,
#
#     CONFORMANCE_UPDATE=1 tests/conformance/test_NAME.sh
#     tests/conformance/make-table
#
# write the list and the table anew.
#
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

DIFFERS=$TOP/tests/conformance/differs
CONFORM=$UKEY_BUILD/tests/p11conform
ulimit -c 0 # modules that crash are told of, and not kept

# card_program NAME: ./card-program takes the card NAME.card out and puts it back.
card_program() {
	cat >card-program <<-END
		#!/bin/sh
		"$BIN/ukey-vcard" control --control "$WORK/$1.ctl" "\$1" &&
		case \$1 in
		remove) exec "$UKEY_BUILD/tests/scwait" empty "$PCSC_NAME 00 00" ;;
		insert) exec "$UKEY_BUILD/tests/scwait" card "$PCSC_NAME 00 00" ;;
		esac
	END
	chmod 700 card-program
}

officer=(--so-pin-fd 9) # emptied by those whose token has none

# conform NAME MODULE [options of p11conform]: leaves NAME.txt.
conform() {
	local name=$1 module=$2
	shift 2
	with_secrets "$CONFORM" --module "$module" --pin-fd 8 \
		"${officer[@]}" "$@" >"$name.txt" 2>"$name.err"
	RC=$?
	ok "$name: the run is complete" test "$RC" -le 1
	tail -n 1 "$name.txt"
}

# broken NAME: the rules that the last run of NAME found broken, and what was said.
broken() {
	sed -nE 's/^(FAIL|CRASH|HANG) +([^ ]+) +[^ ]+ *(.*)$/\2\t\3/p' "$1.txt" |
		LC_ALL=C sort
}

# passed NAME: how many rules passed.
passed() {
	grep -c '^pass ' "$1.txt"
}

# without_sometimes LIST: standard input without what LIST marks with ~.
without_sometimes() {
	awk -F '\t' -v list="$1" '
		BEGIN { while ((getline line < list) > 0)
			if (line ~ /^~/) { split(line, f, "\t")
				sometimes[substr(f[1], 2)] = 1 } }
		!($1 in sometimes)'
}

# expect_known NAME [LIST]: the broken rules are those of the list.
expect_known() {
	local name=$1 list=$DIFFERS/${2:-$1}.txt
	broken "$name" >"$name.broken"
	if [[ -n ${CONFORMANCE_UPDATE:-} ]]; then
		{
			grep '^[#~]' "$list"
			without_sometimes "$list" <"$name.broken"
		} >"$name.new"
		cp "$name.new" "$list"
	fi
	ok "$name breaks the rules that are known, and no others" \
		diff <(grep -v '^[#~]' "$list" | cut -f 1) \
		<(without_sometimes "$list" <"$name.broken" | cut -f 1)
}

# known_version NAME VERSION: other people's modules are judged in
# the version whose list is committed, and without sanitizers, which are for ours.
known_version() {
	local list=$DIFFERS/$1.txt version=$2
	[[ -z ${UKEY_SANITIZE:-} ]] || skip "the sanitizers are for our module"
	grep -qxF "# $version" <(head -n 1 "$list") ||
		skip "this is $version; the list is of $(head -n 1 "$list")"
}
