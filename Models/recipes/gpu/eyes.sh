#!/usr/bin/env bash
# The detection branch taught on one GPU in a number of minutes, from a pack to tensors that are ready to ship.
#   LENT=folder OUT=folder bash eyes.sh --minutes 7.5 [arguments of fit_seeing.py …]
# LENT/packs, or the folder PACKS, holds seeing-pack.safetensors and tower.safetensors; LENT/eyes keeps what was made. OUT gets the folded tensors, the network with its
# batch norms, and the figures. Smoke: --minutes 0.9 --finish 8. Without a GPU: --minutes 2 --batch 4 --steps 6 --workers 1.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONUNBUFFERED=1 BEGUN=$(date +%s.%N)
mkdir -p "$LENT/eyes" "$OUT"
# What was saved last comes back even when the rest fails.
status=0
"${PYTHON:-python3}" "$here/fit_seeing.py" --packs "${PACKS:-$LENT/packs}" --run "$LENT/eyes" "$@" 2>&1 | tee "$LENT/eyes/log.txt" || status=$?
for name in eyes.safetensors eyes.pt figures.txt log.txt; do
    [ ! -e "$LENT/eyes/$name" ] || cp "$LENT/eyes/$name" "$OUT/"
done
exit $status
