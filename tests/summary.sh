#!/bin/sh
# Prints the sums over all tests' results, and which ones failed. Arguments: the tests.
passed=0 failed=0 skipped=0
for test in "$@"; do
	results=${test%.py}.trs
	if [ ! -f "$results" ]; then
		echo "no result: $test"
		failed=$((failed + 1))
		continue
	fi
	n() { grep -c "^:test-result: $1" "$results"; }
	passed=$((passed + $(n PASS) + $(n XFAIL)))
	skipped=$((skipped + $(n SKIP)))
	bad=$(($(n FAIL) + $(n ERROR) + $(n XPASS)))
	failed=$((failed + bad))
	[ "$bad" -eq 0 ] || grep -E '^:test-result: (FAIL|ERROR|XPASS)' "$results" |
	    sed "s|^:test-result:|$test:|"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
