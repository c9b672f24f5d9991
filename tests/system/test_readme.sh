# README's "Two minutes inside": what it says is typed, and works.
. "$(dirname "$0")/lib.sh"

# The lines of its shell blocks, but for the first, which opens this very shell.
typed=$(awk '/^## /{inside = /Two minutes/}
	/^```/{block = !block; next}
	inside && block && !/scripts\/with-card/' "$TOP/README.md")
# A person sees when a program is ready; a script asks.
card_ready="'$UKEY_BUILD/tests/scwait' card '$PCSC_NAME 00 00'"
bank_ready="until_true 30 bash -c ': </dev/tcp/localhost/8443' 2>/dev/null"
typed=${typed/run my.card &/&$'\n'$card_ready}
typed=${typed/2>bank.log &/&$'\n'$bank_ready}
pcsc_start
{
	echo "set -eu; . '$TOP/scripts/lib/pcsc.sh'; UKEY_BUILD=$UKEY_BUILD"
	echo "PATH=$BIN:\$PATH; export TMPDIR='$WORK'"
	printf '%s\n' "$typed" 'kill $(jobs -p); wait'
} >typed
python3 "$HERE/ptyrun.py" screen keys bash typed </dev/null &
until_true 10 test -p keys
printf '<always> %s\n' '123456 PIN[^\n]*: $' '12345678 PUK[^\n]*: $' \
	'y \[y/N\] $' >keys
expect_exit 0 "every line of it works" wait $!
OUT=$(cat screen)
expect_line 'bank +ok' "doctor finds nothing broken"
expect_line 'Logged in at https://localhost:8443 as Alice' "logged in"
expect_line 'Paid. The bank.s receipt' "paid"
expect_line '-12.34 CNY .* balance +87.66 CNY .* B-1 Bob' "and in the records"
expect_no_line '123456|12345678' "no PIN was to be seen"
finish
