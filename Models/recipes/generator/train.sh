#!/usr/bin/env bash
# The whole training of the default generator: pictures to an evaluated diffusers folder.
#   DATA=… TABLES=… [CLIPART=…] [PHOTOGRAPHS=…] RUN=… bash train.sh [cpu|gpu]
# gpu: one process in bf16, about 20 minutes on one large card (not yet run on one); cpu: two processes, as long as MINUTES says (default 120).
# Started again with the same RUN it goes on where it stopped.
set -euo pipefail
kind=${1:-cpu}
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"
sets=(--data "$DATA" --tables "$TABLES")
[ -z "${CLIPART:-}" ] || sets+=(--clipart "$CLIPART")
if [ "$kind" = gpu ]; then
    team=(python)
    parts=(0)
    minutes=${MINUTES:-20}
    pictures=(--workers "$(nproc)" --bf16 --batch 64 --side 128)
    views=(40000 40000)
    denoiser=(--bf16 --small-batch 512 --large-batch 256 --average 0.9995 --rate 6e-4)
else
    export OMP_NUM_THREADS=1
    team=(python -m torch.distributed.run --nproc-per-node 2)
    parts=(0 1)
    minutes=${MINUTES:-120}
    pictures=(--batch 4 --side 96)
    views=(8000 4000)
    denoiser=(--small-batch 32 --large-batch 12)
fi
share() { python -c "print($minutes * $1)"; }
mkdir -p "$RUN"
"${team[@]}" train_autoencoder.py "${sets[@]}" --eighth --output "$RUN" --minutes "$(share 0.35)" "${pictures[@]}"
[ -d "$RUN/vae-standard" ] || python standardise_latent.py "${sets[@]}" --autoencoder "$RUN/vae" --output "$RUN/vae-standard" --side 128
[ -e "$RUN/small-0.pt" ] || "${team[@]}" encode_latents.py "${sets[@]}" --autoencoder "$RUN/vae-standard" --output "$RUN/small.pt" --side 128 --views "${views[0]}"
[ -e "$RUN/large-0.pt" ] || "${team[@]}" encode_latents.py "${sets[@]}" --autoencoder "$RUN/vae-standard" --output "$RUN/large.pt" --side 256 --views "${views[1]}"
small=() large=()
for part in "${parts[@]}"; do
    small+=("$RUN/small-$part.pt")
    large+=("$RUN/large-$part.pt")
done
"${team[@]}" train_denoiser.py --small "${small[@]}" --large "${large[@]}" --output "$RUN" --minutes "$(share 0.5)" --small-share 0.7 "${denoiser[@]}"
"${team[@]}" train_autoencoder.py "${sets[@]}" --decoder-of "$RUN/vae-standard" --output "$RUN/decoder" --minutes "$(share 0.1)" --rate 1e-3 --latent-noise 0.1 "${pictures[@]}"
python export.py --autoencoder "$RUN/decoder/vae" --unet "$RUN/unet" --output "$RUN/redraw-small"
evaluation=(--model "$RUN/redraw-small" --data "$DATA" --tables "$TABLES" --output "$RUN/sheets" --guidance 2)
[ -z "${PHOTOGRAPHS:-}" ] || evaluation+=(--photographs "$PHOTOGRAPHS")
python evaluate.py "${evaluation[@]}" | tee "$RUN/figures.txt"
