#!/usr/bin/env bash
# Puts an exported folder of LENT/run into OUT, in pieces of at most 15 MiB, with what was written and drawn on the way.
#   LENT=folder OUT=folder bash pieces.sh redraw-small|redraw-small-student
set -euo pipefail
tar -C "$LENT/run" -cf - "$1" | split -b 15728640 -d - "$OUT/piece-"
cp "$LENT"/run/figures.txt "$OUT/"
[ ! -e "$LENT/run/sheet.jpg" ] || cp "$LENT/run/sheet.jpg" "$OUT/"
