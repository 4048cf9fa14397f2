#!/usr/bin/env bash
# Tunes the default generator on people on one GPU, from a pack to pieces of one tar in OUT (`cat faces-* | tar -xz`).
#   LENT=folder OUT=folder [PACK=folder] [MODEL=folder] bash faces.sh --minutes 7.5 [arguments of run_faces.py …]
# PACK is what pack_people.py wrote, by default LENT/people; MODEL the generator to begin with, by default the checkout's.
# Without a GPU, `--trial --minutes 3` tries the whole way on a pack of `--part 0.03`.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
mkdir -p "$LENT/faces" "$OUT"
rm -f "$OUT"/faces-*
"${PYTHON:-python3}" "$here/run_faces.py" --pack "${PACK:-$LENT/people}" --model "${MODEL:-$here/../../redraw-small}" --run "$LENT/faces" --out "$OUT" "$@"
