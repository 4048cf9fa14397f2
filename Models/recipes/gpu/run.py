"""A whole training within a number of minutes: views, autoencoder, UNet, student, sheets, an exported folder. Started by run.sh.

The time that is left once the pictures are opened is shared out among the parts; a step of each size is measured before the UNet begins. Everything
is saved once a minute under RUN, and a run that finds a finished part there (`vae.pt`, `unet.pt`) goes on behind it.
"""

import argparse
import copy
import random
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generator"))
import fit_autoencoder  # noqa: E402
import fit_denoiser  # noqa: E402
import fit_student  # noqa: E402
from export import export  # noqa: E402
from networks import fresh_autoencoder, fresh_unet  # noqa: E402
from lent_views import Captions, Views  # noqa: E402
from whole_files import save_whole, write_whole  # noqa: E402

BEGIN = time.monotonic()
# Of the time that is left once the pictures are opened.
AUTOENCODER_SHARE, DECODER_SHARE, STUDENT_SHARE = 0.25, 0.12, 0.10
# Seconds for sheets, exporting and packing.
FINISH = 40
USUAL_SIDE = 48  # of a latent, 384 pixels


class Run:
    def __init__(self, options):
        self.options = options
        options.run.mkdir(parents=True, exist_ok=True)
        self.lines = []
        self.until = BEGIN + 60 * options.minutes - options.finish
        self.chance = random.Random(1)
        torch.manual_seed(1)
        # Processes are started before the device is touched.
        self.views = Views(sorted(options.packs.glob("pack-*.safetensors")), options.device, options.workers)
        self.captions = Captions(self.views.packs, options.text, options.device)
        self.report(f"{len(self.views.packs.pictures)} pictures, {len(self.views.packs.records)} records, {len(self.captions.mask)} captions")
        self.views.ready()
        self.report("photographs and drawings opened")

    def report(self, text):
        line = f"{time.monotonic() - BEGIN:6.1f} s  {text}"
        print(line, flush=True)
        self.lines.append(line)
        write_whole(self.options.run / "figures.txt", ("\n".join(self.lines) + "\n").encode())

    def network(self, name, make, begun=None):
        """A network in its shape, the running average of it, and whether it is finished: from what an earlier call left, as `begun`, or fresh."""
        network = make(self.options.shape).to(self.options.device, memory_format=torch.channels_last)
        if begun:
            network.load_state_dict(begun.state_dict())
        average = copy.deepcopy(network).requires_grad_(False)
        file, finished = self.options.run / f"{name}.pt", False
        exported = self.options.begin_with and self.options.begin_with / name
        if exported and exported.exists() and not file.exists():
            # What came back of an earlier run: its autoencoder is kept, for the UNet knows that latent, and its UNet goes on.
            kept = type(network).from_pretrained(exported, torch_dtype=torch.float32).state_dict()
            network.load_state_dict(kept)
            average.load_state_dict(kept)
            finished = name == "vae"
            self.report(f"{name}: begins with {exported}")
        if file.exists():
            kept = torch.load(file, map_location=self.options.device)
            network.load_state_dict(kept["model"])
            average.load_state_dict(kept["average"])
            finished = kept["finished"]
            self.report(f"{name}: goes on from what was saved{', finished' if finished else ''}")
        return network, average, finished

    def save(self, name, network, average, finished=False):
        save_whole(dict(model=network.state_dict(), average=average.state_dict(), finished=finished), self.options.run / f"{name}.pt")

    def autoencoder(self):
        network, average, finished = self.network("vae", fresh_autoencoder)
        if not finished:
            until = time.monotonic() + AUTOENCODER_SHARE * (self.until - time.monotonic())
            fit_autoencoder.fit(
                network, average, self.views, until, self.options.crops, self.options.bf16, self.report, lambda: self.save("vae", network, average))
            fit_autoencoder.standardised(average, self.views)
            self.save("vae", network, average, finished=True)
        self.report_autoencoder(average)
        return average

    def report_autoencoder(self, autoencoder):
        for side in (128, 192, 256):
            self.report(f"autoencoder: {fit_autoencoder.psnr(autoencoder, self.views, side):.2f} dB at {side}, on training pictures")

    def decoder(self, autoencoder, until):
        """The decoder trained further while the latent stays what the UNet knows."""
        network, average, finished = self.network("decoder", fresh_autoencoder, autoencoder)
        if not finished:
            fit_autoencoder.fit(
                network, average, self.views, until, self.options.crops, self.options.bf16, self.report, lambda: self.save("decoder", network, average),
                decoder_only=True)
            self.save("decoder", network, average, finished=True)
        self.report_autoencoder(average)
        return average

    def denoiser(self, batches):
        network, average, finished = self.network("unet", fresh_unet)
        if not finished:
            left = self.until - time.monotonic()
            until = time.monotonic() + left * (1 - DECODER_SHARE - (STUDENT_SHARE if self.options.student else 0))
            steps, seen = fit_denoiser.fit(
                network, average, batches, until, self.options.compiled, self.report, lambda: self.save("unet", network, average), self.chance)
            self.report(f"unet: {steps} steps, {seen} views in all")
            self.save("unet", network, average, finished=True)
        return average

    def student(self, teacher, batches):
        network, average, _ = self.network("student", fresh_unet, teacher)
        fit_student.fit(
            network, average, teacher, batches, self.until, self.report, lambda: self.save("student", network, average), self.chance)
        self.save("student", network, average, finished=True)
        return average

    def exported(self, autoencoder, unet, name):
        folder = self.options.run / name
        parts = [copy.deepcopy(part).cpu().to(memory_format=torch.contiguous_format) for part in (autoencoder, unet)]
        export(*parts, folder, USUAL_SIDE)
        return folder

    def sheets(self, folder, name):
        """Pictures from words, painted at 128 pixels and grown to 256."""
        from evaluate import Generator, contact_sheet, images_of, in_rows
        from prompts import text_prompts

        prompts = list(text_prompts())[:: 1 if self.options.shape == "shipped" else 10][:40]
        generator = Generator(folder, self.options.text.parent, self.options.device)
        pictures = []
        for part in in_rows(prompts, 20):
            pictures += images_of(generator.from_small(part, 5.0, 10, (128, 256), 0.5))
        contact_sheet(in_rows(pictures, 8), in_rows(prompts, 8)).resize((1040, -(-len(pictures) // 8) * 140)).convert("RGB").save(
            self.options.run / f"{name}.jpg", quality=85)

    def all(self):
        autoencoder = self.autoencoder()
        self.views.ready(made_over=True)
        self.report("pictures made over into other looks opened")
        batches = fit_denoiser.Batches(
            self.views, self.captions, fit_denoiser.Encoder(copy.deepcopy(autoencoder)), self.options.batch, self.options.bf16)
        unet = self.denoiser(batches)
        left = self.until - time.monotonic()
        share = DECODER_SHARE / (DECODER_SHARE + STUDENT_SHARE) if self.options.student else 1
        autoencoder = self.decoder(autoencoder, time.monotonic() + left * share)
        folder = self.exported(autoencoder, unet, "redraw-small")
        if self.options.student:
            student = self.student(unet, batches)
            self.exported(autoencoder, student, "redraw-small-student")
        self.sheets(folder, "sheet")
        self.report("exported")


def warm(options):
    """The compiler keeps on disk what it made: another process does this while the pictures travel or the autoencoder is trained."""
    unet = fresh_unet(options.shape).to(options.device, memory_format=torch.channels_last)
    fit_denoiser.warmed(unet, options.compiled, options.batch, options.device, options.bf16, lambda text: print(text, flush=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packs", type=Path, help="folder with pack-*.safetensors")
    parser.add_argument("--text", type=Path, help="text.safetensors of the default encoder, its vocab.txt beside it")
    parser.add_argument("--run", type=Path, help="folder for everything that is made")
    parser.add_argument("--minutes", type=float, default=9, help="from the start of this script to its end")
    parser.add_argument("--finish", type=float, default=FINISH, help="seconds of it for sheets and exporting")
    parser.add_argument("--shape", choices=("shipped", "trial"), default="shipped")
    parser.add_argument("--crops", type=int, default=192, help="crops a step of the autoencoder")
    parser.add_argument("--batch", type=int, default=512, help="views of 128 pixels a step of the UNet; fewer of larger ones")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--begin-with", type=Path, help="exported folder of an earlier run to go on from")
    parser.add_argument("--student", action="store_true")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--compile", action="store_true", help="compile the UNet's step")
    parser.add_argument("--warm", action="store_true", help="only compile and measure the UNet's step, to fill the compiler's cache")
    options = parser.parse_args()
    options.bf16, options.compiled = options.device == "cuda", options.compile
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    if options.warm:
        warm(options)
    else:
        Run(options).all()


if __name__ == "__main__":
    main()
