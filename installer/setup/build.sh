# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Configures and builds a preset into build/PRESET. CMake runs only when its answers would change; ninja always looks,
# so an edited source is built, and a tree that is up to date costs a few hundredths of a second and no word.

# buildJobs: as many as the cores, and about 1.5 GB of memory for each (LibTorch's headers are heavy).
buildJobs() {
    local cores memory jobs limit
    cores=$(nproc)
    memory=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
    if [ -r /sys/fs/cgroup/memory.max ]; then
        limit=$(</sys/fs/cgroup/memory.max)
        if [ "$limit" != max ] && [ $((limit / 1048576)) -lt "$memory" ]; then memory=$((limit / 1048576)); fi
    fi
    jobs=$((memory / 1500))
    [ "$jobs" -le "$cores" ] || jobs=$cores
    [ "$jobs" -ge 1 ] || jobs=1
    printf '%s\n' "$jobs"
}

cacheValue() { sed -n "s/^$2:[A-Z]*=//p" "$1/CMakeCache.txt" 2>/dev/null; }

# configure PRESET TESTS(ON|OFF): a folder that builds the tests goes on doing so.
configure() {
    local preset=$1 tests=$2 folder=$ochre_build/$1 key log=$ochre_build/configure-$1.log
    if [ -f "$folder/CMakeCache.txt" ]; then
        # A tree that was moved or copied must be configured afresh.
        if [ "$(cacheValue "$folder" CMAKE_HOME_DIRECTORY)" != "$ochre_root" ]; then
            rm -rf "$folder/CMakeCache.txt" "$folder/CMakeFiles"
        elif [ "$(cacheValue "$folder" OCHRE_TESTS)" = ON ] && stampIs "tests.$preset" ON; then
            tests=ON
        fi
    fi
    key=$(keyOf "$preset" "$tests" "$libtorch_root" "$ochre_models" "$(sha256sum <"$ochre_root/CMakePresets.json")")
    if stampIs "configure.$preset" "$key" && [ -f "$folder/build.ninja" ]; then return 0; fi
    say "configuring $preset"
    (cd "$ochre_root" && logged "$log" cmake --preset "$preset" -U 'LIBTORCH_*' -U 'OCHRE_TEST_MODELS' \
        -DOCHRE_TESTS="$tests" -DLIBTORCH_ROOT="$libtorch_root" -DOCHRE_TEST_MODELS="$ochre_models") ||
        fail "CMake could not configure the build (log: $log)" \
            "The lines above name what is missing. To start afresh: rm -r $folder"
    stampSet "tests.$preset" "$tests"
    stampSet "configure.$preset" "$key"
}

# showBuild LOG: ninja's output into LOG, and of it one line of progress: rewritten on a terminal, else every tenth part.
showBuild() {
    local log=$1 line done_ total shown=-1 tenth
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
        done_=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
        if [ -t 2 ]; then
            printf '\rochre: building %s of %s (log: %s)' "$done_" "$total" "$log" >&2
            shown=0
        else
            tenth=$((done_ * 10 / total))
            if [ "$tenth" -gt "$shown" ]; then
                shown=$tenth
                say "building $done_ of $total (log: $log)"
            fi
        fi
    done
    if [ -t 2 ] && [ "$shown" = 0 ]; then printf '\n' >&2; fi
}

# build PRESET [TARGET…]
build() {
    local preset=$1 folder=$ochre_build/$1 log=$ochre_build/build-$1.log
    shift
    : >"$log"
    # ninja's pipe ends when all of its children have; the lock must not live on in them.
    if ! NINJA_STATUS='[%f/%t] ' ninja -C "$folder" -j "$(buildJobs)" "$@" 2>&1 9>&- | showBuild "$log"; then
        grep -n -m1 'FAILED:' "$log" >/dev/null && sed -n '/FAILED:/,$p' "$log" | head -n 40 >&2 || tail -n 25 "$log" >&2
        fail "the build failed (whole log: $log)" "Killed compilers mean too little memory: close programs and start again."
    fi
}
