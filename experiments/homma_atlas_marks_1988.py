"""A neuron whose multiplications became convolutions hears the order of sounds, not only which there were.

Stimuli   30 synthetic bipolar sounds of 10 steps: two formants that move over 16 channels, 15 of them and the
          same 15 backwards. Each sounds at a random time in 40 steps of silence, or of noise.
Model     homma_atlas_marks(): 30 neurons with a weight for each channel and each delay, and one threshold.
          The control: transfer functions without order, their mean over delays.
Learning  Hebb's rule, generalised to delays (matched filters), and where the delta rule ends (the
          pseudo-inverse, of the sounds as they end). The threshold lies half way between the least answer to
          the own sound and the largest to another, in silence.
Measured  which neurons fire as the sound ends: its own only is right, else there are misses and false alarms;
          and which neuron answers most at any moment, when none is pointed out.
Expected  reported of 30 synthetic phonemes: the pseudo-inverse makes no error in silence and one in noise,
          matched filters two in silence (Homma, Atlas & Marks 1988). Our sounds are others.
          Deck 004: with delays order is heard. Without them hardly any sound is told from its reverse; with
          them matched filters tell all, and the pseudo-inverse falls just short of the 29 of 30 asked.
"""

from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure

from neuro.distortions import noisy
from neuro.experiment import Claim, Result, Settings, checksum, main, over_seeds
from neuro.models.convnet import homma_atlas_marks, matched_filters, separating_filters
from neuro.plotting import curves_panel, figure, image_grid
from neuro.recording import record
from neuro.stimuli import Stimuli

CHANNELS, STEPS, SILENCE, SOUNDS = 16, 10, 40, 30
LOUD = 0.4  # a sound is -LOUD or LOUD, so that noise has room on both sides
NOISE = [0.0, 0.25, 0.5, 0.75, 1.0]  # s.d. / LOUD
RULES = {
    "Hebb": matched_filters,
    "delta": separating_filters,
    "delta, no order": lambda sounds: separating_filters(sounds).mean(2, keepdim=True).expand_as(sounds),
}


def formants(generator):
    """15 sounds and the same backwards: two tracks, each from one channel to another. Shapes: (30, F, T)."""
    draw = torch.rand(2, SOUNDS // 2, 2, generator=generator)
    first, last = 6 * draw[0], (6 * draw[0] + 2 + 2 * draw[1]) % 6  # 2 to 4 channels apart, either way
    track = first[:, :, None] + (last - first)[:, :, None] * torch.linspace(0, 1, STEPS)
    track = track + torch.tensor([1.0, 8.5])[:, None]
    near = (torch.arange(CHANNELS)[:, None] - track[:, :, None]).abs().amin(1) < 1.5
    sounds = LOUD * (2.0 * near - 1)
    return torch.cat([sounds, sounds.flip(2)])


def heard(sounds, times, generator):
    """Each sound `times` times, at random moments in silence; condition `end`, its last step."""
    label = torch.arange(SOUNDS).repeat(times)
    onset = torch.randint(SILENCE - STEPS + 1, (len(label), 1, 1), generator=generator)
    waves = torch.zeros(len(label), CHANNELS, SILENCE)
    waves.scatter_(2, (onset + torch.arange(STEPS)).expand(-1, CHANNELS, -1), sounds[label])
    end = onset.flatten().numpy() + STEPS - 1
    return Stimuli((waves[:, None] + 1) / 2, {"label": label.numpy(), "end": end})


def answers(weight, stimuli):
    """Of all neurons: as the sound ends, and the largest at any moment. Shapes: 2 x (B, K)."""
    recording = record(homma_atlas_marks(weight), stimuli)
    ending = recording["neurons"][np.arange(len(stimuli)), :, 0, stimuli.condition("end")]
    return ending, recording["decision"][:, :, 0, 0]


def one_seed(settings, seed):
    """Misses, false alarms (of 30) and % not answered most, by rule and noise; three sounds; a checksum."""
    generator = torch.Generator().manual_seed(seed)
    sounds = formants(generator)
    quiet = heard(sounds, settings.pick(1, 10, 50), generator)
    shown = [noisy(quiet, sd * LOUD / 2, generator) for sd in NOISE]
    own, found = np.eye(SOUNDS, dtype=bool)[quiet.condition("label")], []
    for rule in RULES.values():
        weight = rule(sounds)
        ending, _ = answers(weight, quiet)
        level = (ending[own].min() + ending[~own].max()) / 2
        for ending, loudest in (answers(weight, part) for part in shown):
            wrong = (own & (ending <= level)).sum(), (~own & (ending > level)).sum()
            taken = 100 * (loudest.argmax(1) != quiet.condition("label")).mean()
            found.append((*(SOUNDS * np.array(wrong) / len(quiet)), taken))
    pictures = [part.images[k, 0].numpy() for part in (shown[0], shown[2]) for k in (0, 1, SOUNDS // 2)]
    return np.reshape(found, (len(RULES), len(NOISE), 3)), pictures, checksum(*shown)


def run(settings: Settings) -> Result:
    seeds = settings.seed_list(1, 5, 20)
    found, pictures, data = zip(*over_seeds(partial(one_seed, settings), seeds, settings.jobs), strict=True)
    mean, half = np.mean(found, axis=0), NOISE.index(0.5)  # rule, noise, kind
    wrong = mean[..., :2].sum(-1)
    own = SOUNDS * (1 - mean[:, 0, 2] / 100)

    paper = "Homma, Atlas & Marks 1988 (reported)"
    # fmt: off
    claims = [
        Claim("the pseudo-inverse fires for each of 30 sounds and for no other, in silence: errors", paper,
              "30 of 30 right", 0, 0, "exact", wrong[1, 0], "transfer functions without order", wrong[2, 0]),
        Claim("matched filters in silence: misses and false alarms of 30 sounds", paper, "1 and 1", None,
              None, "other sounds, another threshold", wrong[0, 0]),
        Claim("the pseudo-inverse in noise half as loud: misses and false alarms of 30 sounds", paper,
              "1 false alarm", None, None, "other sounds, other noise", wrong[1, half]),
        Claim("with delays a neuron hears order: of 15 sounds and the same backwards, answered most by their "
              "own", "deck 004: temporal correlation", "yes", 29, None, "set before the sounds", own[1],
              "transfer functions without order", own[2],
              f"taught as sounds end, it may answer another at another moment; matched filters {own[0]:g}"),
    ]
    # fmt: on
    kinds = ("misses of 30", "false alarms of 30", "taken for another, %")
    names = (f"{kind}, {rule}, noise {sd:g}" for rule in RULES for sd in NOISE for kind in kinds)
    series = {"noise": NOISE, "wrong": np.array(found)[..., :2].sum(-1), "taken": np.array(found)[..., 2]}
    series |= {"sounds": pictures[0]}
    return Result(dict(zip(names, mean.ravel(), strict=True)), series, claims, data=" ".join(data))


def draw(result: Result) -> Figure:
    s = result.series
    page = figure(7, 5)
    top, bottom = page.subfigures(2, 1, height_ratios=(1, 1.3))
    titles = ["a sound", "another", "the first, backwards", *3 * ["in noise half as loud"]]
    for axes in image_grid(top, s["sounds"], titles, columns=3, limits=(0, 1)):
        axes.set(xlabel="time (steps)", ylabel="channel")
        axes.label_outer()
    left, right = bottom.subplots(1, 2)
    xlabel = "noise (s.d. / sound)"
    curves_panel(left, s["noise"], dict(zip(RULES, s["wrong"].swapaxes(0, 1), strict=True)), xlabel, "")
    left.set(ylabel="misses and false alarms (of 30)", yscale="symlog", title="who fires as the sound ends")
    most = dict(zip(RULES, s["taken"].swapaxes(0, 1), strict=True))
    curves_panel(right, s["noise"], most, xlabel, "sounds taken for another (%)", legend=False)
    right.set(ylim=(-2, 100), title="who answers most, at any moment")
    return page


if __name__ == "__main__":
    main(run, draw, takes=())
