#!/bin/sh
# completions.sh PROGRAM [SECONDS]: types at bash, zsh and fish, each in a terminal of its own, and looks at what their completions make of it. A shell that is
# not here is passed over. SECONDS is how long a shell is given to start and to read the completions (5).
set -eu
program=$(realpath "$1")
patience=${2:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/zsh" "$work/home"
for shell in bash zsh fish; do "$program" --generate-completion-script "$shell" >"$work/$shell.txt"; done
cp "$work/zsh.txt" "$work/zsh/_redraw"
wanted='said:generate --resize crop --sampler unipc'
failed=0

# In the program's place stands a function that says what it was given: the line as the shell completed it.
for shell in bash zsh fish; do
    command -v "$shell" >/dev/null || { echo "$shell is not here"; continue; }
    case $shell in
    bash) start='bash --norc --noprofile -i' read=". $work/bash.txt; redraw() { echo \"said:\$*\"; }" ;;
    zsh) start='zsh -f -i' read="fpath=($work/zsh \$fpath); autoload -Uz compinit; compinit -u -D; redraw() { echo \"said:\$*\"; }" ;;
    fish) start='fish --no-config -i' read="source $work/fish.txt; function redraw; echo \"said:\$argv\"; end" ;;
    esac
    {
        sleep "$patience"
        printf '%s\n' "$read"
        sleep "$patience"
        for keys in 'redraw gen' ' --resi' ' cr' ' --samp' ' uni'; do
            # A shell puts a blank behind what it completed; a second one does no harm.
            printf '%s\t' "$keys"
            sleep 1
        done
        printf '\n'
        sleep 1
        printf 'exit\n'
        sleep 1
    } | HOME=$work/home TERM=xterm PATH="$(dirname "$program"):$PATH" script -qec "$start" /dev/null >"$work/screen" 2>&1 || true
    if sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g' "$work/screen" | tr -s ' ' | grep -qF "$wanted"; then
        echo "$shell completes"
    else
        echo "$shell does not; on its screen stood:" >&2
        sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g' "$work/screen" | tail -5 >&2
        failed=1
    fi
done
exit $failed
