"""What is asked of the generator while it is tuned."""

import torch
import torch.nn.functional as F

from pictures import MEDIUM_PHRASES, rows, with_article
from subjects import MEDIUMS, Subjects
from text_states import padded, sentence, text_tower, token_states

BANK_PROMPTS, SUBJECT_PROMPTS = 0.25, 0.71  # the rest asks for ImageNet's classes
MEDIUM_SHARES = (0.72, 0.08, 0.12, 0.08)
RESTYLED_SHARES = (0.1, 0.2, 0.45, 0.25)


class Prompts:
    """Captions of the training views, and after them every subject in every medium and ImageNet's classes, as what the UNet reads."""

    def __init__(self, views, names, tables, text):
        subjects = Subjects(names)
        by_wnid = {row["wnid"]: row["class"].lower() for row in rows(tables, "imagenet-one-per-class")}
        classes = [by_wnid[wnid] for wnid in sorted(by_wnid)]
        asked = [(MEDIUM_PHRASES[medium].format(with_article(name)), row, -1, number) for number, medium in enumerate(MEDIUMS) for row, name in enumerate(names)]
        asked += [(MEDIUM_PHRASES["photo"].format(with_article(name)), -1, row, 0) for row, name in enumerate(classes)]
        states = token_states([text for text, _, _, _ in asked], text_tower(text))
        longest = max(views.states.shape[1], max(len(state) for state in states))
        made, mask = padded(states)
        self.states = torch.cat([F.pad(part, (0, 0, 0, longest - part.shape[1])) for part in (views.states.cpu(), made.half())])
        self.mask = torch.cat([F.pad(part, (0, longest - part.shape[1])) for part in (views.mask.cpu(), mask)])
        self.sentences = torch.cat([views.sentences.cpu(), torch.stack([sentence(state) for state in states])])
        self.subject = torch.tensor([subjects.subject(caption) for caption in views.texts] + [row for _, row, _, _ in asked])
        self.imagenet = torch.tensor([-1] * len(views.texts) + [row for _, _, row, _ in asked])
        self.medium = torch.tensor([subjects.medium(caption) for caption in views.texts] + [number for _, _, _, number in asked])
        self.empty, self.bank, self.names, self.classes = views.empty, len(views.texts), len(names), len(classes)

    def of_subject(self, subject, medium):
        return self.bank + medium * self.names + subject

    def drawn(self, count, dice):
        """What a person might ask for."""
        chosen = []
        for _ in range(count):
            draw = dice.random()
            if draw < BANK_PROMPTS:
                chosen.append(dice.randrange(self.bank))
            elif draw < BANK_PROMPTS + SUBJECT_PROMPTS:
                medium = dice.choices(range(len(MEDIUMS)), MEDIUM_SHARES)[0]
                chosen.append(self.of_subject(dice.randrange(self.names), medium))
            else:
                chosen.append(self.bank + len(MEDIUMS) * self.names + dice.randrange(self.classes))
        return torch.tensor(chosen)

    def restyled(self, captions, dice):
        """The same subjects in other mediums; captions without one subject stay as they are."""
        chosen = []
        for caption, subject in zip(captions.tolist(), self.subject[captions].tolist()):
            medium = dice.choices(range(len(MEDIUMS)), RESTYLED_SHARES)[0]
            chosen.append(self.of_subject(subject, medium) if subject >= 0 else caption)
        return torch.tensor(chosen)

    def told(self, chosen, places, device):
        """What the UNet is told of prompts for views at `places`: height and width of the scene, top and left of the view."""
        longest = int(self.mask[chosen].sum(dim=1).max())
        numbers = torch.cat([places, places[:, :2]], dim=1).float()
        added = dict(text_embeds=self.sentences[chosen].to(device), time_ids=numbers.to(device))
        context, mask = self.states[chosen, :longest].float().to(device), self.mask[chosen, :longest].to(device)
        return dict(encoder_hidden_states=context, encoder_attention_mask=mask, added_cond_kwargs=added)
