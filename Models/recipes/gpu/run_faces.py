"""Tunes the default generator on people within a number of minutes: its decoder, then its UNet. Started by faces.sh.

    python run_faces.py --pack PACK --model FOLDER --run RUN --out OUT --minutes 7.5 [--trial]

PACK is what pack_people.py wrote, FOLDER the generator to begin with. Once a minute and at the end two folders are exported under RUN/result and put into
OUT in pieces of one packed tar: `tuned`, and `without-patches`, both networks as they were before the discriminator had a say.
"""

import argparse
import copy
import io
import json
import sys
import tarfile
import time
import traceback
from pathlib import Path

import numpy
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
import fit_people  # noqa: E402
from export import export  # noqa: E402
from people_views import opened  # noqa: E402
from whole_files import write_whole  # noqa: E402

BEGIN = time.monotonic()
DECODER_SHARE = 0.29  # of the time once the pictures are opened
FINISH = 20  # seconds for a last look and exporting
WARM_STEPS = 20
FALL = 0.5  # of a part's time, at the end, in which its rate falls
# Of a part's time: from here on a discriminator learns, from there on it is listened to.
PATCHES_LEARN, PATCHES_COUNT = {"decoder": 0.5, "unet": 0.45}, {"decoder": 0.6, "unet": 0.5}
LONGEST_MEMORY = {"decoder": 0.998, "unet": 0.993}  # of the running average, a step
LARGEST_GRADIENT = 1.0
PIECE_BYTES = 15 << 20  # of what comes back
LOOKED = 48  # held-back pieces that are looked at


class Run:
    def __init__(self, options):
        self.options, self.lines = options, []
        options.run.mkdir(parents=True, exist_ok=True)
        self.until = BEGIN + 60 * options.minutes - min(FINISH, 10 * options.minutes)
        torch.manual_seed(18)
        rows, people, self.held, others, told = opened(options.pack / "people.safetensors", options.device, options.workers, options.pictures)
        self.report(f"{rows.people} pictures of people and {len(rows.pictures) - rows.people} others opened")
        self.vae = self.network(AutoencoderKL, "vae").requires_grad_(False)
        unet, before = self.network(UNet2DConditionModel, "unet"), self.network(UNet2DConditionModel, "unet")
        before.requires_grad_(False)
        seen = fit_people.Seen(options.pack / "lite0.safetensors", options.device)
        self.fitting = fit_people.Fitting(
            self.vae, unet, before, seen, people, others, told, rows.other_mediums, options.device, options.device == "cuda", options.size)
        self.rounded = fit_people.Rounded(unet)
        self.decoder = [*self.vae.decoder.parameters(), *self.vae.post_quant_conv.parameters()]
        self.slow_decoder = [parameter.detach().clone() for parameter in self.decoder]
        self.without = {"decoder": None, "unet": None}
        self.saved, self.skipped, self.columns = time.monotonic(), 0, []
        pieces = self.look_pieces()
        with torch.no_grad():
            seen(pieces)  # settles the maps' sizes
        self.look("as it was")

    def network(self, kind, name):
        network = kind.from_pretrained(self.options.model / name, torch_dtype=torch.float32, low_cpu_mem_usage=False)
        return network.to(self.options.device, memory_format=torch.channels_last)

    def report(self, text):
        line = f"{time.monotonic() - BEGIN:6.1f} s  {text}"
        print(line, flush=True)
        self.lines.append(line)
        write_whole(self.options.run / "figures.txt", ("\n".join(self.lines) + "\n").encode())

    def look_pieces(self):
        """Held-back pieces, the same at each look."""
        state = torch.random.get_rng_state(), torch.cuda.get_rng_state() if self.options.device == "cuda" else None
        torch.manual_seed(7)
        count = self.fitting.count(LOOKED)
        steps = torch.arange(count, device=self.options.device) * 7
        drawn = self.held.drawn(count, fit_people.PIECE, within=steps)
        self.looked = (*drawn, torch.randn(count, 6, fit_people.PIECE // 4, fit_people.PIECE // 4, device=self.options.device))
        torch.random.set_rng_state(state[0])
        if state[1] is not None:
            torch.cuda.set_rng_state(state[1])
        return drawn[0]

    @torch.no_grad()
    def look(self, words):
        """Figures of held-back pieces, decoded alone and redrawn at 0.4 with the averages and always the same noise."""
        pictures, faces, _, places, noise = self.looked
        fitting, general = self.fitting, self.held.asked[:1].expand(len(pictures))
        with self.averages():
            clean = fitting.encoded(pictures)
            torch.manual_seed(8)
            asked, empty = fitting.told(general, places), fitting.told(torch.zeros_like(general), places)
            made, _ = fitting.chain.paint(clean.shape, asked, empty, 5.0, clean=clean, strength=0.4, until=3)
            coarse = torch.nn.functional.avg_pool2d(faces, fit_people.PIXELS)
            told = [f"latent in the face {((coarse * (made - clean).square()).sum() / coarse.sum() / clean.shape[1]).item():.4f}"]
            columns = [pictures]
            for name, given in (("decoded", clean), ("redrawn at 0.4", made)):
                picture = fitting.vae.decode(given).sample.clamp(-1, 1)
                columns.append(picture)
                error = ((picture - pictures) / 2).square()
                decibels = -10 * error.flatten(1).mean(1).log10().mean()
                face = -10 * ((faces * error).sum() / faces.sum() / 3).log10()
                look = fitting.seen.distance(picture, pictures, faces + 1e-4)
                sharp = self.sharpness(picture, pictures, faces)
                told.append(f"{name} {decibels.item():.2f} dB, face {face.item():.2f} dB, look {look.item():.4f}, sharpness {sharp:.3f}")
        self.columns += columns[1:] if self.columns else columns
        torch.manual_seed(int(time.monotonic() * 1000) % 2**31)
        self.report(f"{words}: " + "; ".join(told))

    @staticmethod
    def sharpness(made, wanted, faces):
        """How large differences of neighbours are in the face, of the photograph's."""
        size = lambda pictures: (faces[..., 1:] * (pictures[..., 1:] - pictures[..., :-1]).mean(1, keepdim=True).abs()).sum()  # noqa: E731
        return (size(made) / size(wanted)).item()

    def averages(self):
        """Networks that show the running averages within a `with`."""
        run = self

        class Shown:
            def __enter__(self):
                self.quick = [parameter.detach().clone() for parameter in run.decoder]
                run.set_decoder(run.slow_decoder)
                run.rounded.show(run.rounded.average)

            def __exit__(self, *_):
                run.set_decoder(self.quick)
                run.rounded.show(run.rounded.behind)

        return Shown()

    @torch.no_grad()
    def set_decoder(self, values):
        for parameter, value in zip(self.decoder, values):
            parameter.copy_(value)

    def snapshot(self, part):
        values = self.slow_decoder if part == "decoder" else self.rounded.average
        self.without[part] = [value.clone() for value in values]
        self.look(f"{part} before the discriminator counts")

    def export(self):
        """Writes both folders and their pieces."""
        begin = time.monotonic()
        decoder, unet = self.slow_decoder, self.rounded.average
        # Where the discriminator has not come yet, both are the same.
        kinds = {"tuned": (decoder, unet), "without-patches": (self.without["decoder"] or decoder, self.without["unet"] or unet)}
        for name, (some, others) in kinds.items():
            vae, network = copy.deepcopy(self.vae).cpu(), copy.deepcopy(self.fitting.unet).cpu()
            with torch.no_grad():
                for parameter, value in zip([*vae.decoder.parameters(), *vae.post_quant_conv.parameters()], some):
                    parameter.copy_(value)
                for parameter, value in zip(network.parameters(), others):
                    parameter.copy_(value)
            parts = [part.to(memory_format=torch.contiguous_format) for part in (vae, network)]
            export(*parts, self.options.run / "result" / name)
        self.sheet().save(self.options.run / "result" / "sheet.jpg", quality=88)
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w:gz", compresslevel=4) as tar:
            tar.add(self.options.run / "result", "result")
            tar.add(self.options.run / "figures.txt", "result/figures.txt")
        data = data.getvalue()
        for number, start in enumerate(range(0, len(data), PIECE_BYTES)):
            write_whole(self.options.out / f"faces-{number}", data[start : start + PIECE_BYTES])
        self.saved = time.monotonic()
        print(f"exported in {self.saved - begin:.1f} s", flush=True)

    def sheet(self):
        """Held-back pieces in rows; columns: the photograph, then decoded and redrawn at each look."""
        rows = torch.cat([column[:14] for column in self.columns], dim=3)
        values = ((rows + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        return Image.fromarray(numpy.concatenate(list(values)))

    def part(self, name, until, step_of, optimizer, parameters, moved):
        """Takes steps until the clock says `until`; `moved` is called behind each."""
        rate, begin, told, step, running = optimizer.param_groups[0]["lr"], time.monotonic(), time.monotonic(), 0, {}
        while (now := time.monotonic()) < until:
            progress = (now - begin) / (until - begin)
            patches = -1.0
            if progress >= PATCHES_LEARN[name]:
                patches = min(1.0, max(0.0, (progress - PATCHES_COUNT[name]) / 0.1))
            if patches > 0 and self.without[name] is None:
                self.snapshot(name)
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1, (step + 1) / WARM_STEPS) * max(0.03, min(1, (1 - progress) / FALL))
            try:
                for parameter in parameters:
                    parameter.grad = None
                losses = step_of(patches)
                length = torch.nn.utils.clip_grad_norm_(parameters, LARGEST_GRADIENT)
                if torch.isfinite(length):
                    moved(optimizer, step)
                else:
                    self.skipped += 1
            except torch.OutOfMemoryError:
                torch.cuda.empty_cache()
                self.fitting.size *= 0.8
                self.report(f"{name}: out of memory, batches of {self.fitting.size:.2f} from here on")
                continue
            step += 1
            for key, loss in losses.items():
                if torch.isfinite(loss):
                    running[key] = torch.lerp(running.get(key, loss), loss, 0.05)
            if now - told > 15:
                told = now
                self.report(f"{name}: step {step}, skipped {self.skipped}, " + ", ".join(f"{key} {value.item():.4f}" for key, value in running.items()))
            if now - self.saved > 60:
                self.export()
        held = f", at most {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB" if self.options.device == "cuda" else ""
        self.look(f"{name} after {step} steps, {self.skipped} skipped{held}")

    def move_decoder(self, optimizer, step):
        optimizer.step()
        keep = min(LONGEST_MEMORY["decoder"], (1 + step) / (10 + step))
        torch._foreach_lerp_(self.slow_decoder, [parameter.detach() for parameter in self.decoder], 1 - keep)

    def move_unet(self, optimizer, step):
        self.rounded.take_gradients()
        optimizer.step()
        self.rounded.follow(step, LONGEST_MEMORY["unet"])
        self.rounded.show(self.rounded.behind)

    def all(self):
        left = self.until - time.monotonic()
        for parameter in self.decoder:
            parameter.requires_grad_(True)
        optimizer = torch.optim.AdamW(self.decoder, lr=fit_people.DECODER_RATE, betas=(0.9, 0.99), weight_decay=0)
        self.part("decoder", time.monotonic() + DECODER_SHARE * left, self.fitting.decoder_step, optimizer, self.decoder, self.move_decoder)
        self.set_decoder(self.slow_decoder)
        for parameter in self.decoder:
            parameter.requires_grad_(False)
        optimizer = torch.optim.AdamW(self.rounded.behind, lr=fit_people.UNET_RATE, betas=(0.9, 0.98), weight_decay=0)
        self.part("unet", self.until, self.fitting.unet_step, optimizer, self.rounded.shown, self.move_unet)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=7.5, help="from the start of this script to its end")
    parser.add_argument("--size", type=float, default=1.0, help="share of the batches that an H100 takes")
    parser.add_argument("--memory", type=float, default=0.45, help="share of the GPU's memory that may be taken, another training beside")
    parser.add_argument("--workers", type=int, default=12)
    parser.add_argument("--pictures", type=int, help="of people and as many others at most: a minute's smoke test with the real batches")
    parser.add_argument("--trial", action="store_true", help="batches of a few, two processes: to try the whole way without a GPU")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    if options.trial:
        options.size, options.workers = 0.04, 2
    # Some thirty shapes of batches occur; trying algorithms on each would cost the UNet two minutes.
    torch.backends.cudnn.benchmark = False
    torch.set_float32_matmul_precision("high")
    if options.device == "cuda":
        torch.cuda.set_per_process_memory_fraction(options.memory)
    options.out.mkdir(parents=True, exist_ok=True)
    run = Run(options)
    try:
        run.all()
    except Exception:  # what was learnt until then comes back all the same
        run.report(traceback.format_exc())
    run.export()
    run.report("exported")
    print(json.dumps({file.name: file.stat().st_size for file in sorted(options.out.glob("faces-*"))}))


if __name__ == "__main__":
    main()
