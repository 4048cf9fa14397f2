"""The last minutes of a run: a student that needs few steps and no second pass, taught by the trained UNet (Luo 2023, latent consistency).

The student begins as the teacher. At a step of the schedule its estimate of the clean latent is to be what it says itself, by its running
average, one long step further down, where the teacher leads with guidance.
"""

import time

import torch

from descent import descend


RATE = 8e-5
GUIDANCE = (3.0, 6.0)
LEAPS = 40  # long steps that the schedule is cut into
MEMORY = 0.98
SIDES = (128, 192)


def clean_and_noise(velocity, latent, kept):
    """The clean latent and the noise that a predicted velocity stands for."""
    return kept.sqrt() * latent - (1 - kept).sqrt() * velocity, kept.sqrt() * velocity + (1 - kept).sqrt() * latent


def told(network, latent, shown, steps, states, mask, sentences, numbers):
    given = torch.cat([latent, shown], dim=1)
    return network(
        given, steps, states, encoder_attention_mask=mask, added_cond_kwargs=dict(text_embeds=sentences, time_ids=numbers),
        return_dict=False)[0].float()


def fit(student, average, teacher, batches, until, report, save, chance):
    """Trains until the clock says `until`; `average` follows the student and is what ships. Returns the steps taken."""
    device = batches.views.device
    parameters, slow = list(student.parameters()), list(average.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.98), weight_decay=0, fused=True)
    empty_states, empty_mask, empty_sentence = batches.captions.states[:1].float(), batches.captions.mask[:1], batches.captions.sentences[:1]
    begin = last = saved = time.monotonic()
    step = 0
    while (now := time.monotonic()) < until:
        progress = (now - begin) / (until - begin)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 50) * max(min(1, (1 - progress) / 0.3), 0.05)
        latent, shown, noise, _, signal, states, mask, sentences, numbers = batches.drawn(chance.choice(SIDES), False)
        count = len(latent)
        place = torch.randint(1, LEAPS + 1, (count,), device=device)
        here, there = place * (1000 // LEAPS) - 1, ((place - 1) * (1000 // LEAPS) - 1).clamp(min=0)
        kept, kept_there = signal[here].view(-1, 1, 1, 1), signal[there].view(-1, 1, 1, 1)
        noisy = kept.sqrt() * latent + (1 - kept).sqrt() * noise
        empty = (empty_states.expand(count, -1, -1), empty_mask.expand(count, -1), empty_sentence.expand(count, -1))
        with torch.autocast(device, torch.bfloat16, enabled=batches.bf16):
            with torch.no_grad():
                scale = GUIDANCE[0] + (GUIDANCE[1] - GUIDANCE[0]) * torch.rand(count, 1, 1, 1, device=device)
                led = told(teacher, noisy, shown, here, states, mask, sentences, numbers)
                free = told(teacher, noisy, shown, here, *empty, numbers)
                clean, left = clean_and_noise(free + scale * (led - free), noisy, kept)
                further = kept_there.sqrt() * clean + (1 - kept_there).sqrt() * left
                wanted, _ = clean_and_noise(told(average, further, shown, there, states, mask, sentences, numbers), further, kept_there)
                # At the schedule's first step nothing is left to say but what the teacher's step arrived at.
                wanted = torch.where((place == 1).view(-1, 1, 1, 1), clean, wanted)
            made, _ = clean_and_noise(told(student, noisy, shown, here, states, mask, sentences, numbers), noisy, kept)
            loss = ((made - wanted).square().mean(dim=(1, 2, 3)) + 1e-6).sqrt().mean()
        step += 1
        descend(loss, optimizer, parameters, slow, MEMORY)
        if now - last > 10:
            report(f"student: step {step}, loss {loss.item():.4f}")
            last = now
        if now - saved > 60:
            save()
            saved = now
    return step
