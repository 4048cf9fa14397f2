#!/usr/bin/env bash
# The whole training of the default generator: pictures to an evaluated diffusers folder.
#   DATA=… TABLES=… [CLIPART=…] [PHOTOGRAPHS=…] [TEXT=…] [BEGIN_WITH=…] RUN=… bash train.sh [cpu|gpu]
# gpu: one process in bf16, about 25 minutes on one large card (not yet run on one); cpu: two processes, as long as MINUTES says (default 120).
# Started again with the same RUN it goes on where it stopped; an autoencoder that is already at RUN/vae-standard is taken as it is.
# VIEWS="wholes details" encodes other numbers of pictures, PARTS=a,b measures only these parts, PARTS=none nothing: MINUTES=2 VIEWS="160 64" PARTS=autoencoder tries the whole way in a few minutes.
set -euo pipefail
kind=${1:-cpu}
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
sets=(--data "$DATA" --tables "$TABLES")
[ -z "${CLIPART:-}" ] || sets+=(--clipart "$CLIPART")
begin=()
[ -z "${BEGIN_WITH:-}" ] || begin=(--begin-with "$BEGIN_WITH")
if [ "$kind" = gpu ]; then
    team=(python)
    parts=(0)
    minutes=${MINUTES:-25}
    crops=(--workers "$(nproc)" --bf16 --batch 64 --side 128)
    views=(--wholes 60000 --details 30000 --workers "$(nproc)" --batch 64)
    denoiser=(--bf16 --batch 128 --average 0.998 --rate 1e-3)
    tuning=(--batch 128)
else
    export OMP_NUM_THREADS=1
    team=(python -m torch.distributed.run --nproc-per-node 2)
    parts=(0 1)
    minutes=${MINUTES:-120}
    crops=(--batch 8 --side 80)
    views=(--wholes 24000 --details 6000)
    denoiser=(--batch 2)
    tuning=()
fi
[ -z "${TEXT:-}" ] || { views+=(--text "$TEXT"); tuning+=(--text "$TEXT"); }
if [ -n "${VIEWS:-}" ]; then
    read -r wholes details <<<"$VIEWS"
    views+=(--wholes "$wholes" --details "$details")
fi
share() { python -c "print($minutes * $1)"; }
mkdir -p "$RUN"
if [ ! -d "$RUN/vae-standard" ]; then
    "${team[@]}" train_autoencoder.py "${sets[@]}" "${begin[@]}" --output "$RUN/autoencoder" --minutes "$(share 0.15)" "${crops[@]}"
    python standardise_latent.py "${sets[@]}" --autoencoder "$RUN/autoencoder/vae" --output "$RUN/vae-standard"
fi
[ -e "$RUN/latents-0.pt" ] || "${team[@]}" encode_latents.py "${sets[@]}" --autoencoder "$RUN/vae-standard" --output "$RUN/latents.pt" "${views[@]}"
latents=()
for part in "${parts[@]}"; do latents+=("$RUN/latents-$part.pt"); done
"${team[@]}" train_denoiser.py --latents "${latents[@]}" --output "$RUN" --minutes "$(share 0.45)" "${denoiser[@]}"
"${team[@]}" train_autoencoder.py "${sets[@]}" --decoder-of "$RUN/vae-standard" --output "$RUN/decoder" --minutes "$(share 0.1)" --rate 1e-3 "${crops[@]}"
[ -e "$RUN/critics.pt" ] || python fit_critics.py --latents "${latents[@]}" --autoencoder "$RUN/decoder/vae" --tables "$TABLES" --output "$RUN/critics.pt"
"${team[@]}" tune_denoiser.py --latents "${latents[@]}" --autoencoder "$RUN/decoder/vae" --unet "$RUN/unet" --critics "$RUN/critics.pt" --tables "$TABLES" --output "$RUN/tuned" --minutes "$(share 0.3)" "${tuning[@]}"
python export.py --autoencoder "$RUN/decoder/vae" --unet "$RUN/tuned/unet" --output "$RUN/redraw-small"
[ "${PARTS:-}" != none ] || exit 0
evaluation=(--model "$RUN/redraw-small" "${sets[@]}" --output "$RUN/sheets")
[ -z "${PARTS:-}" ] || evaluation+=(--parts "$PARTS")
[ -z "${PHOTOGRAPHS:-}" ] || evaluation+=(--photographs "$PHOTOGRAPHS")
python evaluate.py "${evaluation[@]}" | tee "$RUN/figures.txt"
