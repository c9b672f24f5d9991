# The private card reader service itself: every other test stands on it.
. "$(dirname "$0")/lib.sh"

# Plan A wants namespaces, which not every container gives.
plans=B
[[ $PCSC_PLAN != A ]] || plans="A B"

with_card() {
	UKEY_INSIDE= UKEY_ALONE= "$TOP/scripts/with-card" --build "$UKEY_BUILD" "$@"
}

# A copy that other users may reach, wherever the tree lies.
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

proves "the virtual readers are listed when the command starts"
for plan in $plans; do
	expect_exit 0 "plan $plan" with_card --plan $plan -- opensc-tool -l
	expect_line 'No +Virtual PCD 00 00' "slot 0"
	expect_line 'No +Virtual PCD 00 01' "slot 1"
done
expect_exit 0 "two readers" with_card --readers 2 -- opensc-tool -l
expect_line 'Virtual PCD 2 00 01' "the second reader's second slot"
expect_exit 0 "no readers" with_card --readers 0 -- opensc-tool -l
expect_line 'No smart card readers' "none listed"

proves "exit codes come through, and wrong use is refused"
expect_exit 42 "the command's own" with_card -- bash -c 'exit 42'
expect_exit 2 "no command" with_card
expect_exit 2 "an unknown option" with_card --what -- true
expect_exit 99 "no build" with_card --build /nowhere -- true

proves "no process is left behind, whatever the command does"
count_pcscd() {
	pgrep -c -x pcscd
}
before=$(count_pcscd) # the machine's own
for plan in $plans; do
	expect_exit 0 "plan $plan" with_card --plan $plan -- true
	expect_equal "pcscd is gone" "$before" "$(count_pcscd)"
done
[[ $plans == A* ]] || exit 0
with_card --plan A -- bash -c 'sleep 1000 & disown' &&
	expect_equal "a stray of plan A ends with it" 0 "$(pgrep -c -x sleep)"
with_card --plan A -- sleep 1000 &
pid=$!
until_true 5 pgrep -x sleep >/dev/null
kill -KILL $pid
wait $pid 2>/dev/null
until_true 20 not pgrep -x sleep >/dev/null
until_true 20 not pgrep -x pcscd >/dev/null
expect_equal "not even when it is killed: the command" 0 "$(pgrep -c -x sleep)"
expect_equal "not even when it is killed: pcscd" 0 "$(count_pcscd)"

proves "root is not needed"
if [[ $(id -u) == 0 ]] && as_nobody test -r "$TOP/scripts/with-card" &&
	as_nobody unshare --user true; then
	expect_exit 0 "plan A as nobody" \
		as_nobody env UKEY_INSIDE= "$TOP/scripts/with-card" \
		--build "$UKEY_BUILD" --plan A -- opensc-tool -l
	expect_line 'Virtual PCD 00 00' "the reader is there"
fi
