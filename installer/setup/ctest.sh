# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Runs ctest under Xvfb and tells what ran: ctest's list, the output of what failed, what was skipped and why.

# LibTorch's own allocations and the drivers' caches live until the process ends; our leaks are still found.
sanitizerSettings() {
    export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:detect_stack_use_after_return=0:alloc_dealloc_mismatch=0}
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
    export LSAN_OPTIONS=${LSAN_OPTIONS:-suppressions=$ochre_root/tests/support/lsan.supp:print_suppressions=0}
}

# tellTests LOG: the cases inside the test programs, from what ctest kept.
tellTests() {
    local log=$1 cases
    [ -f "$log" ] || return 0
    cases=$(sed -n 's/^\[==========\] \([0-9]*\) tests\{0,1\} from .* ran\..*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
    printf '\n%s test cases ran in the GoogleTest programs.\n' "$cases"
    awk '/: Skipped$/ { getline reason; r[++n] = reason }
         /^\[  SKIPPED \] [^ ]+ \([0-9]+ ms\)$/ { print "  skipped: " $4 (n ? " (" r[n] ")" : "") }' "$log" | sort -u
}

# runTests PRESET [CTEST ARGS…]
runTests() {
    local preset=$1 folder=$ochre_build/$1 status=0
    shift
    local -a display=()
    if [ "$preset" != headless ]; then
        display=(xvfb-run -a -s "-screen 0 1920x1200x24")
    fi
    sanitizerSettings
    mkdir -p "$folder/screenshots"
    export OCHRE_SCREENSHOTS=$folder/screenshots
    unset WAYLAND_DISPLAY
    "${display[@]}" ctest --test-dir "$folder" --output-on-failure --no-tests=error -j "$(testJobs)" "$@" || status=$?
    tellTests "$folder/Testing/Temporary/LastTest.log"
    if [ -n "$(ls "$folder/screenshots" 2>/dev/null)" ]; then printf 'Screenshots: %s\n' "$folder/screenshots"; fi
    return "$status"
}

# Tests use threads of their own: two at a time keep a small machine busy without making time limits a matter of luck.
testJobs() { if [ "$(nproc)" -ge 4 ]; then echo $(($(nproc) / 2)); else echo 1; fi; }
