#!/bin/sh
# figures.sh REDRAW: makes the pictures of redrawing in the README and in these pages again, as the program makes them now (called by `make figures`). The
# pictures of the page are screenshots; those beside a model's card are made by the recipes.
set -eu
redraw=$1
here=$(cd "$(dirname "$0")" && pwd)
library=$(mktemp -d)
trap 'rm -rf "$library"' EXIT

sheet() {
    "$redraw" sheet "$here/pictures/coffee.jpg" --library "$library" --prompt 'a photo of a cup of coffee' --seed 7 --yes --overwrite "$@"
}

# Strength 0 is the photograph itself, at the size that the model works at.
sheet --x strength=0,0.4 --output "$here/pictures/before-after.jpg"
sheet --x strength=0,0.2,0.4,0.6,0.8 --output "$here/pictures/strengths.jpg"
