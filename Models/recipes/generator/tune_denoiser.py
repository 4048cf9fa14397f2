"""Tunes the trained UNet on what its pictures look like.

What is painted, refined, redrawn or laid into a hole is followed along the very chain that the program runs, with the guidance that it uses, up
to a random step; there the latent that the UNet predicts is decoded and looked at by a critic (critics.py), and the error goes back through
decoder and UNet of that one step. So one learns from one's own mistakes, at a small part of the cost of following a whole chain back.
(Rewards: Clark 2023, DRaFT; Xu 2023, ImageReward. The discriminator: Sauer 2023, Adversarial Diffusion Distillation.)

Part of each second batch is the plain loss of train_denoiser.py, which keeps the UNet a denoiser. The judge of evaluate.py takes no part in this.
"""

import argparse
import collections
import random
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel

from asking import Prompts
from critics import Critic
from painting import STEPS, Drafts, Glimpse, Painter
from together import Team
from train_denoiser import PIXELS, STEPS_ALONE, Views, denoising_loss, follow, noise_levels
from whole_files import save_whole

GUIDANCE = (3.0, 7.0)
REFINE = 0.5
# How often each kind of work has its turn, its latent's side, and how many pictures it makes for 16 of `--batch`.
WORK = {
    "paint": (0.24, 8, 16),
    "refine": (0.20, 16, 8),
    "refine more": (0.05, 32, 4),
    "redraw": (0.20, 16, 8),
    "redraw more": (0.26, 32, 4),
    "fill": (0.05, 12, 8),
}
VIEWS_AT = {8: "quarters", 12: "halves", 16: "halves", 32: "wholes"}
# Sides, in pixels, that pictures of a latent's side are looked at with.
LOOKED_AT = {8: (96, 112), 12: (96, 112), 16: (112, 128, 144), 32: (128, 144, 160)}
# How much of the plain denoising loss goes along, and of how many latents.
KEEP, KEPT = 20.0, {8: 16, 12: 6, 16: 6, 32: 2}
WEIGHTS = {"subject": 0.6, "class": 0.3, "medium": 0.5, "real": 2.0, "like": 6.0}
# What redrawing is for: to stay like the source (of the largest, this part are details of scenes), to change the medium; or else the subject.
DETAILS, LIKE, RESTYLED = 0.25, 0.45, 0.42


@dataclass(frozen=True)
class Batch:
    """Pictures on their way: what was asked, and the latents predicted at a random step."""

    prompts: torch.Tensor
    predicted: torch.Tensor
    finished: bool
    source: torch.Tensor | None = None  # latents to stay like
    subject_weight: float = 1.0
    medium_weight: float = 1.0


class Tuning:
    def __init__(self, options, team):
        self.options, self.device = options, options.device
        self.views = Views(options.latents, self.device)
        taught = torch.load(options.critics)
        self.prompts = Prompts(self.views, taught["names"], options.tables, options.text)
        self.critics = [Critic(number, heads, self.device) for number, heads in enumerate(taught["heads"])]
        self.vae = AutoencoderKL.from_pretrained(options.autoencoder, torch_dtype=torch.float32).to(self.device).requires_grad_(False)
        self.unet, self.average = (
            UNet2DConditionModel.from_pretrained(options.unet, torch_dtype=torch.float32).to(self.device, memory_format=torch.channels_last) for _ in range(2))
        self.average.requires_grad_(False)
        self.painter = Painter(self.unet, self.device)
        self.signal = noise_levels().to(self.device)
        self.judging = [parameter for critic in self.critics for parameter in critic.discriminator()]
        self.optimizer = torch.optim.AdamW(self.unet.parameters(), lr=options.rate, betas=(0.9, 0.98), weight_decay=0, fused=True)
        self.judging_optimizer = torch.optim.AdamW(self.judging, lr=5e-4, betas=(0.0, 0.98), weight_decay=1e-3, fused=True)
        self.small, self.middling = Drafts(64), Drafts(24)
        self.dice, self.chance = random.Random(1055 + team.rank), torch.Generator().manual_seed(1099 + team.rank)
        views = self.views.draw(48, 16, torch.Generator().manual_seed(3))[0]
        for critic in self.critics:
            critic.measure(Glimpse(48, 64, 128, random.Random(1)).of(self.pictures(views)))

    def pictures(self, latents):
        return self.vae.decode(latents).sample.clamp(-1, 1)

    @torch.no_grad()
    def encoded(self, pictures):
        return self.vae.encode(pictures).latent_dist.mean

    def some_views(self, count, side):
        """Latents of real pictures and their captions' rows."""
        name = VIEWS_AT[side]
        chosen = torch.randint(len(self.views.latents[name]), (count,), generator=self.chance)
        latents = self.views.latents[name][chosen.to(self.device)].float()
        if latents.shape[-1] > side:
            top, left = (self.dice.randint(0, latents.shape[-1] - side) for _ in range(2))
            latents = latents[:, :, top : top + side, left : left + side]
        return latents, self.views.captions["wholes"][chosen]

    def some_details(self, count):
        """Latents of details of scenes, their captions' rows and their places."""
        chosen = torch.randint(len(self.views.latents["details"]), (count,), generator=self.chance)
        return self.views.latents["details"][chosen.to(self.device)].float(), self.views.captions["details"][chosen], self.views.places["details"][chosen]

    def painted(self, prompts, side, until, places=None, **more):
        if places is None:
            places = torch.tensor([[side * PIXELS, side * PIXELS, 0, 0]]).expand(len(prompts), -1)
        asked = self.prompts.told(prompts, places, self.device)
        empty = self.prompts.told(torch.full_like(prompts, self.prompts.empty), places, self.device)
        shape = (len(prompts), self.views.channels, side, side)
        return self.painter.paint(shape, asked, empty, self.dice.uniform(*GUIDANCE), until=until, **more)

    @torch.no_grad()
    def more_drafts(self):
        prompts = self.prompts.drawn(24, self.dice)
        self.small.add(prompts, self.pictures(self.painted(prompts, 8, None)), 3)

    def work(self, kind, count, side):
        """Does one batch up to a random step."""
        if kind == "paint":
            prompts = self.prompts.drawn(count, self.dice)
            return Batch(prompts, *self.painted(prompts, side, self.dice.randrange(STEPS)))
        if kind.startswith("refine"):
            prompts, pictures = (self.small if kind == "refine" else self.middling).take(count, self.dice)
            return Batch(prompts, *self.painted(prompts, side, self.late_step(REFINE), clean=self.encoded(pictures), strength=REFINE))
        if kind == "fill":
            clean, _ = self.some_views(count, side)
            hole = torch.zeros(1, 1, side, side, device=self.device)
            hole[:, :, 1:-1, 1:-1] = 1
            prompts = self.prompts.drawn(count, self.dice)
            return Batch(prompts, *self.painted(prompts, side, self.dice.randrange(STEPS), clean=clean, hole=hole))
        return self.redrawn(count, side)

    def late_step(self, strength):
        """A step of a chain that begins at `strength`; the last, whose latent is the picture, twice as often as another."""
        steps = int(STEPS * strength)
        return self.dice.choice((*range(steps), steps - 1))

    def redrawn(self, count, side):
        draw = self.dice.random()
        if draw < LIKE:
            strength = self.dice.choice((0.3, 0.4, 0.4, 0.5))
            if side == 32 and draw < DETAILS:
                clean, captions, places = self.some_details(count)
            else:
                (clean, captions), places = self.some_views(count, side), None
            made = self.painted(captions, side, self.late_step(strength), places, clean=clean, strength=strength)
            # The source says itself what it shows; a detail need not show the subject.
            return Batch(captions, *made, source=clean, subject_weight=0.3 if places is None else 0.0)
        clean, captions = self.some_views(count, side)
        if draw < LIKE + RESTYLED:
            strength, prompts = 0.6, self.prompts.restyled(captions, self.dice)
        else:
            strength, prompts = 0.8, self.prompts.drawn(count, self.dice)
        return Batch(prompts, *self.painted(prompts, side, self.late_step(strength), clean=clean, strength=strength), medium_weight=3.0)

    def rewards(self, critic, glimpse, looks, batch):
        """What the critic thinks of a batch, each a loss already weighed."""
        maps, class_logits, subject_logits, medium_logits = looks
        prompts = batch.prompts
        losses = {"medium": batch.medium_weight * F.cross_entropy(medium_logits, self.prompts.medium[prompts].to(self.device))}
        for name, logits, wanted, weight in (
            ("subject", subject_logits, self.prompts.subject[prompts], batch.subject_weight),
            ("class", class_logits, self.prompts.imagenet[prompts], 1),
        ):
            told = wanted >= 0
            if told.any():
                losses[name] = weight * F.cross_entropy(logits[told.to(self.device)], wanted[told].to(self.device), reduction="sum") / len(prompts)
        scores = critic.scores(maps, self.prompts.sentences[prompts].to(self.device))
        losses["real"] = -sum(score.mean() for score in scores) / len(scores)
        if batch.source is not None:
            with torch.no_grad():
                wanted_maps = critic.look(glimpse.of(self.pictures(batch.source)))[0]
            losses["like"] = sum((made - wanted).square().mean() for made, wanted in zip(maps, wanted_maps)) / len(maps)
        return {name: WEIGHTS[name] * loss for name, loss in losses.items()}

    def teach(self, critic, maps, prompts, side, look_side):
        """One step of the discriminator: real pictures with their captions against made ones, and against others' captions."""
        with torch.no_grad():
            real, captions = self.some_views(len(prompts), side)
            glimpse = Glimpse(len(real), side * PIXELS, look_side, self.dice)
            real_maps = critic.look(glimpse.of(self.pictures(real)))[0]
        sentences = self.prompts.sentences[captions].to(self.device)
        of_real = critic.scores(real_maps, sentences)
        of_made = critic.scores([seen.detach() for seen in maps], self.prompts.sentences[prompts].to(self.device))
        of_mixed = critic.scores(real_maps, sentences.roll(1, 0))
        loss = sum(F.relu(1 - score).mean() for score in of_real) + 0.5 * sum(F.relu(1 + score).mean() for score in (*of_made, *of_mixed))
        self.judging_optimizer.zero_grad(set_to_none=True)
        (loss / len(of_real)).backward()
        self.judging_optimizer.step()

    def step(self, number, kind):
        """One turn; returns what to tell of it."""
        _, side, count = WORK[kind]
        count = max(1, count * self.options.batch // 16)
        if kind == "refine":
            while len(self.small.kept) < count:
                self.more_drafts()
        batch = self.work(kind, count, side)
        prompts = batch.prompts
        critic, look_side = self.dice.choice(self.critics), self.dice.choice(LOOKED_AT[side])
        glimpse = Glimpse(len(prompts), side * PIXELS, look_side, self.dice)
        pictures = self.pictures(batch.predicted)
        looks = critic.look(glimpse.of(pictures))
        losses = self.rewards(critic, glimpse, looks, batch)
        loss = sum(losses.values())
        if number % 2 == 0:
            trained_side = 16 if side == 12 else side
            drawn = self.views.draw(max(1, KEPT[side] * self.options.batch // 16), trained_side, self.chance)
            losses["denoising"] = KEEP * denoising_loss(self.unet, drawn, self.signal, self.chance, self.device)
            loss = loss + losses["denoising"]
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.unet.parameters(), 1.0)
        self.optimizer.step()
        self.teach(critic, looks[0], prompts, side, look_side)
        if kind == "refine" and batch.finished:
            self.middling.add(prompts, pictures.detach(), 1)
        told = {f"{kind} {name}": loss.item() for name, loss in losses.items()}
        named = (self.prompts.subject[prompts] >= 0).to(self.device)
        if named.any():
            five = looks[2][named].topk(5, dim=1).indices
            told[f"{kind} found"] = (five == self.prompts.subject[prompts].to(self.device)[named, None]).any(dim=1).float().mean().item()
        return told, len(prompts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latents", type=Path, nargs="+", required=True, help="files of encode_latents.py")
    parser.add_argument("--unet", type=Path, required=True, help="the trained UNet's folder")
    parser.add_argument("--autoencoder", type=Path, required=True)
    parser.add_argument("--critics", type=Path, required=True, help="file of fit_critics.py")
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--text", type=Path, help="folder of all-MiniLM-L6-v2; default: the installed package")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=100)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--fall", type=float, default=0.3, help="share of the time, at the end, in which the rate falls")
    parser.add_argument("--batch", type=int, default=16, help="pictures painted at a time; fewer of the larger ones")
    parser.add_argument("--average", type=float, default=0.98, help="how much of the running average an update keeps")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    team = Team()
    torch.manual_seed(1)
    tuning = Tuning(options, team)
    torch.manual_seed(1077 + team.rank)
    kinds, shares = list(WORK), [share for share, _, _ in WORK.values()]
    step, made, spent, agreed, saved = 0, collections.Counter(), 0.0, 0.0, 0.0
    last, running = time.monotonic(), {}
    budget = options.minutes * 60
    checkpoint_file = options.output / "tuned.pt"
    options.output.mkdir(parents=True, exist_ok=True)
    if checkpoint_file.exists():
        checkpoint = torch.load(checkpoint_file, map_location=options.device)
        for name, part in (("unet", tuning.unet), ("average", tuning.average), ("optimizer", tuning.optimizer), ("judging", tuning.judging_optimizer)):
            part.load_state_dict(checkpoint[name])
        for critic, state in zip(tuning.critics, checkpoint["critics"]):
            critic.load_state_dict(state)
        step, spent = checkpoint["step"], checkpoint["spent"]
        agreed = saved = spent
    while agreed < budget:
        for group in tuning.optimizer.param_groups:
            group["lr"] = options.rate * min(1, (step + 1) / 30) * max(0.03, min(1, (1 - agreed / budget) / options.fall))
        # The same kind in all processes, for they wait for one another.
        kind = random.Random(step * 7 + 100003).choices(kinds, shares)[0]
        if kind == "refine more" and len(tuning.middling.kept) < WORK[kind][2]:
            kind = "refine"
        told, count = tuning.step(step, kind)
        step += 1
        made[kind] += count * team.size
        for name, value in told.items():
            running[name] = value if name not in running else 0.95 * running[name] + 0.05 * value
        now = time.monotonic()
        spent, last = spent + now - last, now
        if step % STEPS_ALONE == 0:
            agreed = team.average(list(tuning.unet.parameters()) + tuning.judging, spent)
            follow(tuning.average, tuning.unet, step // STEPS_ALONE, options.average)
        if team.leads and step % 50 == 0:
            losses = ", ".join(f"{name} {value:.3f}" for name, value in sorted(running.items()))
            print(f"step {step}, {dict(made)} pictures, after {spent:.0f} s: {losses}", flush=True)
        if team.leads and step % STEPS_ALONE == 0 and (agreed - saved > 240 or agreed >= budget):
            saved = agreed
            tuning.average.save_pretrained(options.output / "unet")
            state = dict(unet=tuning.unet.state_dict(), average=tuning.average.state_dict(), optimizer=tuning.optimizer.state_dict(),
                         judging=tuning.judging_optimizer.state_dict(), critics=[critic.state_dict() for critic in tuning.critics], step=step, spent=spent)
            save_whole(state, checkpoint_file)


if __name__ == "__main__":
    main()
