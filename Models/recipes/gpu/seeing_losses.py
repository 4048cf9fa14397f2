"""What the detection branch is held to: which cells answer for a box, how sure they should be, and where its sides are."""

import torch
import torch.nn.functional as F

from seeing_network import SIDE, THINGS, grid

PERSON, FACE = 0, 80
# A box above SURE is taught; between UNSURE and SURE it is neither taught nor denied.
SURE, UNSURE = 0.42, 0.12
# Shares of the side (root of the area) of the things that a level answers for, fine first; where two reach, both may.
RANGES = ((0.0, 0.17), (0.11, 0.36), (0.25, 9.0))
REACH = 2.0  # cells from the middle of a box
MOST = 9  # cells of a box


class Cells:
    """The grid on a device, and the level of every cell."""

    def __init__(self, device):
        self.places = grid().to(device)
        counts = [(SIDE // stride) ** 2 for stride in (8, 16, 32)]
        level = torch.repeat_interleave(torch.arange(3), torch.tensor(counts)).to(device)
        self.least, self.most = torch.tensor(RANGES, device=device)[level].unbind(1)

    def boxes(self, sides):
        """Sides [n, cells, 4] as boxes."""
        far = torch.exp(sides.clamp(-6, 6)) * self.places[:, 2:]
        return torch.cat([self.places[:, :2] - far[..., :2], self.places[:, :2] + far[..., 2:]], -1)


def areas(boxes):
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0).prod(-1)


def overlap(one, other, general=False):
    """IoU, or the generalised one, of boxes that broadcast."""
    inner = (torch.minimum(one[..., 2:], other[..., 2:]) - torch.maximum(one[..., :2], other[..., :2])).clamp(min=0).prod(-1)
    union = areas(one) + areas(other) - inner
    shared = inner / union.clamp(min=1e-9)
    if not general:
        return shared
    outer = (torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])).clamp(min=0).prod(-1)
    return shared - (outer - union) / outer.clamp(min=1e-9)


@torch.no_grad()
def assigned(cells, boxes, scores, said, taught, trust):
    """Which box each cell answers for [n, cells] (-1: none) and how sure it should be of it.

    `boxes` [n, m, 6]; `scores` [n, cells, things] as probabilities; `said` [n, cells, 4] boxes that are said now; `taught` [n, m] which boxes count.
    Cells near a box's middle, of a level for its size, are ranked by how near they are, and with `trust` (0 to 1) by what they say themselves.
    """
    place, box = cells.places, boxes[..., None, :4]
    size = (boxes[..., 2:4] - boxes[..., :2]).clamp(min=1e-4)
    middle = (boxes[..., :2] + boxes[..., 2:4]) / 2
    away = (place[None, None, :, :2] - middle[:, :, None]).abs()
    share = size.prod(-1).sqrt()[..., None]
    of_level = (share >= cells.least) & (share < cells.most)
    within = (away < size[:, :, None] / 2).all(-1) & (away.amax(-1) < REACH * place[:, 2])
    nearest = (away / place[:, 2:]).pow(2).sum(-1).masked_fill(~of_level, 1e9).argmin(-1)  # what is smaller than a cell keeps one
    candidate = (within & of_level).scatter(2, nearest[..., None], True) & taught[..., None]
    shared = overlap(said[:, None], box)
    score = scores.gather(2, boxes[..., 4].long()[:, None].expand(-1, scores.shape[1], -1)).transpose(1, 2)
    near = torch.exp(-(away / (size[:, :, None] / 2).clamp(min=1e-4)).pow(2).sum(-1) - 0.3 * (away.amax(-1) / place[:, 2] - 0.5).clamp(min=0))
    align = (near.clamp(min=1e-4) ** (1 - trust) * (score.clamp(min=1e-4).sqrt() * shared.clamp(min=1e-3).pow(3)) ** trust) * candidate
    kept, index = align.topk(MOST, dim=2)
    # As many cells as the boxes that are said now deserve.
    wanted = shared.gather(2, index).sum(-1).clamp(1, MOST).round() * trust + 5 * (1 - trust)
    chosen = (torch.arange(MOST, device=boxes.device) < wanted[..., None]) & (kept > 0)
    align = torch.zeros_like(align).scatter(2, index, torch.where(chosen, kept, torch.zeros_like(kept)))
    rank, owner = (align * (shared + 0.05)).max(1)
    owner = torch.where(rank > 0, owner, -1)
    # The best cell of a box should be as sure as its own sides are right, the others less.
    best = align.amax(2, keepdim=True).clamp(min=1e-9)
    most = (shared * (align > 0)).amax(2, keepdim=True)
    quality = (align / best).sqrt() * most * trust + (1 - trust) * (0.35 + 0.65 * near)
    of_owner = quality.gather(1, owner.clamp(min=0)[:, None])[:, 0]
    return owner, torch.where(owner >= 0, of_owner.clamp(0, 1), torch.zeros_like(of_owner))


def losses(cells, answer, boxes, traits, trust):
    """Three losses: things, sides, traits."""
    things, sides, held = answer
    count = len(things)
    kind = boxes[..., 4].long()
    sure = boxes[..., 5]
    probability = torch.sigmoid(things.detach())
    wanted = torch.zeros_like(things)
    loss_sides, weight_sides = 0.0, things.new_zeros(())
    loss_traits = things.new_zeros(())
    for own in (0, 1):
        taught = (sure > SURE) & ((kind == FACE) == bool(own))
        said = cells.boxes(sides[..., 4 * own:4 * own + 4])
        owner, quality = assigned(cells, boxes, probability, said.detach(), taught, trust)
        view, cell = (owner >= 0).nonzero(as_tuple=True)
        box = owner[view, cell]
        certainty = sure[view, box].clamp(max=0.95)
        target = quality[view, cell] * certainty
        wanted[view, cell, kind[view, box]] = target
        found = overlap(said[view, cell], boxes[view, box, :4], general=True)
        weight = 0.2 * certainty + target
        loss_sides = loss_sides + ((1 - found) * weight).sum()
        weight_sides = weight_sides + weight.sum()
        if own == 0:
            told = traits[view, box]
            counts = ~told.isnan() & (kind[view, box] == PERSON)[:, None]
            each = F.binary_cross_entropy_with_logits(held[view, cell], torch.nan_to_num(told), reduction="none")
            loss_traits = (each * counts).sum() / counts.sum().clamp(min=1)
    # Of what is unsure nothing is denied where it may be.
    weight = torch.ones_like(things)
    view, row = ((sure > UNSURE) & (sure <= SURE)).nonzero(as_tuple=True)
    if len(view):
        box = boxes[view, row, :4]
        rim = 0.1 * (box[:, 2:] - box[:, :2])
        inside = ((cells.places[None, :, :2] > (box[:, :2] - rim)[:, None]) & (cells.places[None, :, :2] < (box[:, 2:] + rim)[:, None])).all(-1)
        hidden = torch.zeros(count, THINGS, len(cells.places), device=things.device)
        hidden.index_put_((view, kind[view, row]), inside.float(), accumulate=True)
        weight = ((hidden.transpose(1, 2) == 0) | (wanted > 0)).float()
    focus = (wanted - probability).abs().pow(2) * weight
    loss_things = (focus * F.binary_cross_entropy_with_logits(things, wanted, reduction="none")).sum() / wanted.sum().clamp(min=1)
    return loss_things, loss_sides / weight_sides.clamp(min=1), loss_traits
