#!/bin/sh
# Runs all tests; exits with 1 when one fails.

cd "$(dirname "$0")/.." || exit 1
passed=0
failed=0

# gives EXPECTED ARGUMENT...: what the program prints.
gives() {
    expected=$1
    shift
    actual=$(sh bin/duration "$@" 2>&1)
    if [ "$actual" = "$expected" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not ok: duration $*"
        echo "  expected: $expected"
        echo "  actual:   $actual"
    fi
}

# refuses ARGUMENT...: it says why and exits with 1.
refuses() {
    words=$(sh bin/duration "$@" 2>&1)
    code=$?
    if [ "$code" -eq 1 ] && [ -n "$words" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not ok: duration $* should be refused (exit code $code)"
    fi
}

for tests in tests/*_test.sh; do
    . "./$tests"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
