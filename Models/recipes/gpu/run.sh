#!/usr/bin/env bash
# A whole training of the default generator on one GPU in MINUTES, from packs to an exported folder in pieces small enough to travel.
#   LENT=folder OUT=folder bash run.sh MINUTES [arguments of run.py …]
# LENT holds packs/pack-*.safetensors, text/text.safetensors and text/vocab.txt; LENT/run keeps everything that was made, so that a second
# call goes on. What comes back lies in OUT: pieces of one tar (`cat piece-* | tar -x`), the figures and a sheet.
# Without a GPU: PLAIN=1 bash run.sh 5 --shape trial --crops 8 --batch 16 --workers 2 tries the whole way on a pack of a hundredth.
set -euo pipefail
minutes=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
export TORCHINDUCTOR_CACHE_DIR="$LENT/inductor" TORCHINDUCTOR_FX_GRAPH_CACHE=1 TORCHINDUCTOR_AUTOGRAD_CACHE=1 PYTHONUNBUFFERED=1
mkdir -p "$LENT/run" "$OUT"
rm -f "$OUT"/piece-*
if [ -z "${PLAIN:-}" ]; then
    # The compiler works beside the autoencoder's training and leaves what it made in its cache.
    [ -e "$LENT/inductor" ] || python3 "$here/run.py" --warm --compile > "$LENT/run/warm.txt" 2>&1 &
    set -- --compile "$@"
fi
python3 "$here/run.py" --packs "$LENT/packs" --text "$LENT/text/text.safetensors" --run "$LENT/run" --minutes "$minutes" "$@" 2>&1 | tee "$LENT/run/log.txt"
bash "$here/pieces.sh" redraw-small
