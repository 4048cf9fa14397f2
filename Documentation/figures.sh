#!/bin/sh
# figures.sh REDRAW: makes the pictures of redrawing in the README and in these pages again, and what the README shows of the program's words, as the
# program makes them now (called by `make figures`, which has the pictures of the page made besides; those beside a model's card are made by the recipes).
set -eu
redraw=$1
here=$(cd "$(dirname "$0")" && pwd)
library=$(mktemp -d)
trap 'rm -rf "$library"' EXIT
# Nothing that a person installed or set is in the figures.
export XDG_DATA_HOME="$library/data" XDG_CONFIG_HOME="$library/config"

sheet() {
    "$redraw" sheet "$here/pictures/coffee.jpg" --library "$library" --prompt 'a photo of a cup of coffee' --seed 7 --yes --overwrite "$@"
}

# Strength 0 is the photograph itself, at the size that the model works at.
sheet --x strength=0,0.4 --output "$here/pictures/before-after.jpg"
sheet --x strength=0,0.2,0.4,0.6,0.8 --output "$here/pictures/strengths.jpg"

# Between the command and the end of its block stands what the program prints.
cd "$here/.."
printed="redraw analyze Documentation/pictures/coffee.jpg"
# As a terminal of a hundred columns shows it; a file would get it unfolded.
REDRAW_PRINTS="exec '$redraw' analyze Documentation/pictures/coffee.jpg 2>/dev/null" NO_COLOR=1 \
    script -qec 'stty rows 40 cols 100; eval "$REDRAW_PRINTS"' /dev/null </dev/null | tr -d '\r' >"$library/printed"
[ -s "$library/printed" ]
awk -v command="\$ $printed" -v printed="$library/printed" '
    skips && /^```/ { skips = 0 }
    !skips { print }
    $0 == command { while ((getline line < printed) > 0) print line; skips = 1 }' README.md >"$library/README.md"
cat "$library/README.md" >README.md
