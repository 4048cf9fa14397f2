"""Teaches the detection branch end to end within a number of minutes, and exports it. Started by eyes.sh.

    python fit_seeing.py --packs FOLDER --run FOLDER --minutes 7.5

FOLDER of packs holds pack_seeing.py's two files. The rate follows the clock, not the steps. Every minute the running average is measured on pictures
that teach nothing and saved in RUN; at the end RUN has eyes.safetensors (folded, as seeing.safetensors has it), eyes.pt and figures.txt. A run that
finds eyes.pt there goes on from it with `--further`.
"""

import argparse
import copy
import math
import os
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import seeing_check
import seeing_losses
from seeing_network import LEVELS, MIXES, OWN, Branch
from seeing_views import Pack, Views

from branch import Branch as Shipped

BEGIN = time.monotonic() - max(0, time.time() - float(os.environ.get("BEGUN", time.time())))
# Seconds at the end for measuring and writing.
FINISH = 14
TOWER_RATE, HEAD_RATE, DECAY = 4e-4, 2e-3, 0.03
WARM, CALM = 0.04, 0.84
# Between these shares of the time cells begin to be chosen by what is said of them.
TRUST = 0.06, 0.3
AVERAGE = 0.998
EVERY = 60


class Fitting:
    def __init__(self, options):
        self.options, self.lines = options, []
        self.device = options.device
        options.run.mkdir(parents=True, exist_ok=True)
        self.until = BEGIN + 60 * options.minutes - options.finish
        torch.manual_seed(1)
        tower = load_file(str(options.packs / "tower.safetensors"))
        part = lambda name: {key[len(name):]: tensor.float() for key, tensor in tower.items() if key.startswith(name)}  # noqa: E731
        self.branch = Branch(part("shipped.")).start(part("published.")).to(self.device)
        if options.further and (options.run / "eyes.pt").exists():
            self.branch.load_state_dict(torch.load(options.run / "eyes.pt", map_location=self.device))
            self.report("goes on from eyes.pt")
        self.average = copy.deepcopy(self.branch).eval().requires_grad_(False)
        self.pack = Pack(options.packs / "seeing-pack.safetensors", self.device, options.workers)
        self.views, self.cells = Views(self.pack), seeing_losses.Cells(self.device)
        self.batch, self.format = options.batch, torch.channels_last
        # Views are drawn beside the teaching of those before.
        self.beside = torch.cuda.Stream() if self.device == "cuda" and not options.one_stream else None
        self.report(f"opened: {self.pack.counts[0]} pictures, {self.pack.counts[1]} kept out, {self.pack.counts[2]} cut out; {torch.cuda.get_device_name() if self.device == 'cuda' else 'no GPU'}")

    def report(self, text):
        line = f"{time.monotonic() - BEGIN:6.1f} s  {text}"
        print(line, flush=True)
        self.lines.append(line)
        (self.options.run / "figures.txt").write_text("\n".join(self.lines) + "\n")

    def answer(self, network, x):
        with torch.autocast(self.device, torch.bfloat16, enabled=self.options.bf16):
            return network(x)

    def drawn(self, calm):
        if not self.beside:
            return self.views.batch(self.batch, calm)
        with torch.cuda.stream(self.beside):
            return self.views.batch(self.batch, calm)

    def awaited(self, drawn):
        if self.beside:
            torch.cuda.current_stream().wait_stream(self.beside)
            for tensor in drawn:
                tensor.record_stream(torch.cuda.current_stream())
        return drawn

    def loss(self, drawn, trust):
        x, boxes, traits = drawn
        parts = seeing_losses.losses(self.cells, self.answer(self.branch, x.contiguous(memory_format=self.format)), boxes, traits, trust)
        return parts[0] + 2 * parts[1] + 0.25 * parts[2], parts

    def arranged(self):
        """The faster of two orders in memory, and a batch that fits."""
        if self.device != "cuda":
            return
        held = copy.deepcopy(self.branch.state_dict())
        orders = dict(channels_last=torch.channels_last, contiguous=torch.contiguous_format)
        while True:
            try:
                seconds = {}
                for order in orders.values() if self.options.order == "measured" else [orders[self.options.order]]:
                    self.format = order
                    self.branch.to(memory_format=order)
                    for number in range(4):
                        if number == 2:
                            torch.cuda.synchronize()
                            begun = time.monotonic()
                        self.loss(self.views.batch(self.batch), 0.5)[0].backward()
                    torch.cuda.synchronize()
                    seconds[order] = (time.monotonic() - begun) / 2
                self.format = min(seconds, key=seconds.get)
                break
            except torch.OutOfMemoryError:
                self.branch.zero_grad(set_to_none=True)
                torch.cuda.empty_cache()
                self.batch = self.batch * 3 // 4
        for network in (self.branch, self.average):
            network.to(memory_format=self.format)
        self.branch.zero_grad(set_to_none=True)
        self.branch.load_state_dict(held)
        self.report(f"{self.batch} views a step; " + ", ".join(f"{order} {value * 1000:.0f} ms" for order, value in seconds.items()))

    def optimiser(self):
        groups = []
        for modules, rate in ((self.branch.blocks, TOWER_RATE), (self.branch.head, HEAD_RATE)):
            parameters = list(modules.parameters())
            groups.append(dict(params=[each for each in parameters if each.ndim > 1], rate=rate, weight_decay=DECAY))
            groups.append(dict(params=[each for each in parameters if each.ndim == 1], rate=rate, weight_decay=0.0))
        return torch.optim.AdamW([group | dict(lr=group["rate"]) for group in groups], betas=(0.9, 0.99), fused=self.device == "cuda")

    @torch.no_grad()
    def averaged(self, step):
        share = 1 - min(AVERAGE, (1 + step) / (10 + step))
        for own, new in ((list(self.average.parameters()), list(self.branch.parameters())), (
                [each for each in self.average.buffers() if each.is_floating_point()], [each for each in self.branch.buffers() if each.is_floating_point()])):
            torch._foreach_lerp_(own, new, share)

    @torch.no_grad()
    def measured(self):
        rows, truths = [], [truth.cpu().numpy() for truth in self.pack.held_boxes]
        for start in range(0, len(self.pack.held), 128):
            x = ((self.pack.held[start:start + 128].float() - 127) / 128).contiguous(memory_format=self.format)
            with torch.backends.cudnn.flags(enabled=True, benchmark=False):
                rows += seeing_check.found(self.cells, [part.float() for part in self.answer(self.average, x)])
        return seeing_check.report(rows, truths)

    def save(self):
        torch.save(self.average.state_dict(), self.options.run / "eyes.new")
        (self.options.run / "eyes.new").replace(self.options.run / "eyes.pt")
        save_file(self.average.folded(), str(self.options.run / "eyes.safetensors.new"))
        (self.options.run / "eyes.safetensors.new").replace(self.options.run / "eyes.safetensors")

    def teach(self):
        optimiser = self.optimiser()
        if self.beside:
            torch.cuda.synchronize()
        begun = time.monotonic()
        step, failed, slowed, last, kept, drawn = 0, 0, 1.0, begun, [], None
        while True:
            now = time.monotonic()
            done = (now - begun) / max(self.until - begun, 1)
            if now >= self.until or self.options.steps and step >= self.options.steps:
                break
            rate = min(1, done / WARM + 0.02) * (0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * max(0, done - WARM) / (1 - WARM)))) * slowed
            for group in optimiser.param_groups:
                group["lr"] = group["rate"] * rate
            trust = min(1, max(0, (done - TRUST[0]) / (TRUST[1] - TRUST[0])))
            try:
                loss, parts = self.loss(self.awaited(drawn or self.drawn(done > CALM)), trust)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                drawn = self.drawn(done > CALM)
            except torch.OutOfMemoryError:
                loss = parts = drawn = None
                optimiser.zero_grad(set_to_none=True)
                torch.cuda.empty_cache()
                self.batch = self.batch * 3 // 4
                self.report(f"out of memory; {self.batch} views a step from here")
                continue
            length = torch.nn.utils.clip_grad_norm_(self.branch.parameters(), 6.0)
            if not math.isfinite(float(length)):
                # A step that is no number is left out, and what it left in the norms; three in a row halve the rate.
                failed += 1
                self.branch.load_state_dict(self.average.state_dict())
                if failed % 3 == 0:
                    slowed *= 0.5
                    optimiser = self.optimiser()
                self.report(f"step {step}: no number; on from the average at {slowed} of the rate")
                continue
            failed = 0
            optimiser.step()
            step += 1
            self.averaged(step)
            kept.append(torch.stack([part.detach() for part in parts]))
            if step in (1, 5, 20) or now - last >= EVERY:
                said = torch.stack(kept).mean(0).tolist()
                kept = []
                self.report(f"step {step}: things {said[0]:.3f} sides {said[1]:.3f} traits {said[2]:.3f}, {step / (time.monotonic() - begun):.2f} steps a second, rate {rate:.2f}")
                if now - last >= EVERY:
                    last = now
                    self.guarded(lambda: self.report(self.measured()), "measuring")
                    self.guarded(self.save, "saving")
        self.report(f"{step} steps of {self.batch} views")

    def guarded(self, work, name):
        """What is done beside teaching may fail without ending it."""
        try:
            work()
        except Exception as failure:  # noqa: BLE001
            self.report(f"{name} failed: {failure!r}")

    @torch.no_grad()
    def compared(self):
        """How far the folded tensors in half precision are from the network that was taught."""
        plain = copy.deepcopy(self.average).float().cpu().to(memory_format=torch.contiguous_format)
        tensors = {name: tensor.float() for name, tensor in load_file(str(self.options.run / "eyes.safetensors")).items()}
        folded = Shipped(
            tensors, {name: getattr(plain, name.replace(".", "_")) for name in plain.shared}, {"ownBlocks": OWN, "levels": list(LEVELS), "mixes": MIXES})
        x = (self.pack.held[:4].float().cpu() - 127) / 128
        return "exported and taught differ by at most " + ", ".join(
            f"{abs(torch.from_numpy(one) - other).max():.4f}" for one, other in zip(folded.levels(x), plain(x)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=7.5, help="from the start of this script to its end")
    parser.add_argument("--finish", type=float, default=FINISH, help="seconds of it for measuring and writing at the end")
    parser.add_argument("--batch", type=int, default=192, help="views a step")
    parser.add_argument("--order", choices=("measured", "channels_last", "contiguous"), default="measured", help="of what is in memory")
    parser.add_argument("--steps", type=int, help="at most so many steps, for a trial")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--one-stream", action="store_true", help="draw no views beside the teaching")
    parser.add_argument("--further", action="store_true")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    options.bf16 = options.device == "cuda"
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")
    fitting = Fitting(options)
    fitting.guarded(fitting.arranged, "arranging")
    # Whatever ends the teaching, the average so far is worth having.
    fitting.guarded(fitting.teach, "teaching")
    fitting.save()
    fitting.guarded(lambda: fitting.report(fitting.measured()), "measuring")
    fitting.guarded(lambda: fitting.report(fitting.compared()), "comparing")


if __name__ == "__main__":
    main()
