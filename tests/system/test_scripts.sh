# scripts/test itself: it never says that tests passed which did not run.
. "$(dirname "$0")/lib.sh"

# A tree with nothing but the script, and a ctest that does as it is told.
mkdir -p tree/scripts tools
cp "$TOP/scripts/test" tree/scripts/
printf '#!/bin/sh\n' >tree/scripts/deps
printf '#!/bin/sh\nmkdir -p build build/asan build/tsan\necho build "$@"\n' >tree/scripts/build
cat >tools/ctest <<'SH'
#!/bin/sh
case " $* " in
*" -N "*)
	[ -z "$LISTED" ] || echo "Total Tests: $LISTED"
	exit 0
	;;
esac
echo "ctest $*"
[ -z "$SKIPPED" ] || echo " 3/10 Test  #3: some_test ....***Skipped   0.01 sec"
[ -z "$SUMMARY" ] || echo "90% tests passed, $SUMMARY tests failed out of ${RAN:-$LISTED}"
exit "$CODE"
SH
chmod +x tools/ctest tree/scripts/*

script() {
	env PATH="$WORK/tools:$PATH" "$@" tree/scripts/test --preset dev
}

proves "the last line and the exit code are what ctest counted"
expect_exit 0 "all passed" script LISTED=10 SUMMARY=0 CODE=0
expect_equal "says so" \
	"100% tests passed, 0 tests failed out of 10 (builds: dev)" "$(tail -n 1 <<<"$OUT")"
expect_exit 1 "two failed" script LISTED=10 SUMMARY=2 CODE=8
expect_equal "says so" \
	"80% tests passed, 2 tests failed out of 10 (builds: dev)" "$(tail -n 1 <<<"$OUT")"
expect_exit 0 "one was skipped" script LISTED=10 SUMMARY=0 CODE=0 SKIPPED=1
expect_line '^1 of them were skipped' "says so"
all() {
	env PATH="$WORK/tools:$PATH" LISTED=10 SUMMARY=0 CODE=0 tree/scripts/test "$@"
}
expect_exit 0 "all builds" all
expect_line '0 tests failed out of 30 \(builds: dev asan tsan\)' "are added up"
expect_line '^build tsan threads$' "of the third only what threads need"
expect_line '^ctest .*build/tsan .*-L \^threads\$' "is built and run"
expect_no_line '^ctest .*build/asan .*-L' "and all of the others"
expect_exit 0 "one kind" all unit
expect_line '0 tests failed out of 20 \(builds: dev asan\)' "in two builds"
expect_exit 0 "the third build, asked for" all --preset tsan
expect_line '^build tsan$' "is built"
expect_no_line '^ctest .*-L' "and run as a whole"

proves "what ctest did not do has not passed"
expect_exit 2 "ctest was killed" script LISTED=10 CODE=139
expect_line 'without a summary' "says so"
expect_no_line 'tests passed' "and nothing else"
expect_exit 2 "no summary, but exit code 0" script LISTED=10 CODE=0
expect_exit 2 "some tests were not run" script LISTED=10 RAN=9 SUMMARY=0 CODE=0
expect_exit 2 "the summary is good, the exit code is not" \
	script LISTED=10 SUMMARY=0 CODE=1
expect_exit 2 "the summary is bad, the exit code is not" \
	script LISTED=10 SUMMARY=3 CODE=0
expect_exit 2 "ctest cannot list its tests" script LISTED= CODE=0
expect_exit 1 "there are no tests" script LISTED=0 CODE=0

proves "scripts/deps reads its own list"
mkdir bare
for tool in bash cat dirname env sed; do
	ln -s "$(command -v $tool)" bare/
done
printf '#!/bin/sh\n' >bare/dpkg-query # nothing is installed
printf '#!/bin/sh\necho 1000\n' >bare/id
chmod +x bare/dpkg-query bare/id
expect_exit 1 "without packages and without root" \
	env PATH="$WORK/bare" "$TOP/scripts/deps" build run test fuzz
expect_line '^  gcc: the C compiler \(build\)$' "the first is named"
expect_line '^  libclang-rt-14-dev: .* \(fuzz\)$' "the last, too"
expect_line 'apt-get install --no-install-recommends gcc ' "says what to do"
expect_equal "no package twice" "" \
	"$(sed -n 's/^  \([^ ]*\): .*/\1/p' <<<"$OUT" | sort | uniq -d)"
ok "every package is a word" not grep -q '^  [^ :]* ' <<<"$OUT"
for script in "$TOP"/scripts/* "$TOP"/.ci/run; do
	[[ -d $script ]] || head -n 1 "$script" | grep -q python ||
		ok "${script##*/} is a script" bash -n "$script"
done
