#!/bin/sh
# Runs fuzzers' corpora and some mutations of them under valgrind, which knows
# what the sanitizers do not: whether a byte was ever written.
#
#   valgrind.sh build SOURCE FOLDER COMPILER FUZZER...
#   valgrind.sh run SOURCE FOLDER MUTATIONS FUZZER...
#
# build makes the programs in FOLDER, without any flag that writes to memory for
# us. In run, a program that looks at memory it has not written, reads or writes
# where it must not, or loses memory fails the test.
set -eu

command -v valgrind >/dev/null || {
	echo "valgrind is not installed; scripts/deps test installs it."
	exit 77
}
what=$1 source=$2 folder=$3 fourth=$4
shift 4

if [ "$what" = build ]; then
	cmake -S "$source" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Debug \
		-DCMAKE_C_FLAGS_DEBUG="-O1 -g" -DCMAKE_C_COMPILER="$fourth" \
		-DUKEY_BARE_STACK=ON \
		>/dev/null
	exec ninja -C "$folder" "$@"
fi

export UKEY_FUZZ_RUNS="$fourth"
failed=0
for name in "$@"; do
	if valgrind -q --error-exitcode=99 --leak-check=full \
		--errors-for-leak-kinds=definite "$folder/fuzz/$name" \
		"$source/tests/fuzz/corpus/$name"
	then
		echo "$name: valgrind found nothing."
	else
		echo "$name: exit code $?, see above."
		failed=1
	fi
done
exit $failed
