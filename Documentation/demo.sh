#!/bin/sh
# The whole flow on one photograph: demo.sh REDRAW FOLDER (called by `make demo`).
set -eu
redraw=$1
folder=$2
photo=Documentation/pictures/coffee.jpg
mkdir -p "$folder"
library=$folder/library

step() {
    printf '\n\033[1m%s\033[0m\n' "$1" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi
    shift
    printf '$ redraw'
    for argument in "$@"; do
        case $argument in *' '*) printf " '%s'" "$argument" ;; *) printf ' %s' "$argument" ;; esac
    done
    printf '\n'
    "$redraw" "$@"
}

step 'Look at a photograph: tags, a prompt, a model, a size' \
    analyze "$photo" --library "$library"
step 'Screen what it said: approve what it is sure of, reject what is wrong, add what it missed' \
    tag "$photo" --library "$library" --approve-above 0.5 --reject 'landscape orientation' --add 'cup of coffee' --add 'lighting: warm light'
step 'The prompt from what was approved' \
    prompt "$photo" --library "$library"
step 'Redraw the photograph from it' \
    generate "$photo" --library "$library" --strength 0.4 --seed 7 --overwrite --output "$folder/coffee-redrawn.png"

printf '\nThe redrawn picture: %s\nBefore:              %s\n' "$folder/coffee-redrawn.png" "$photo"
printf 'Everything that was said and decided is in %s (redraw history --library %s).\n' "$library" "$library"
