"""How much light there is in an image, and where."""

import torch

from neuro.geometry import pixel_grid

SIZE, SCALE = 33, 2.0  # 33 pixels of half a degree: eight degrees either side of the centre
SCREEN = {"size": SIZE, "pixels_per_degree": SCALE}
ON_BLACK = {"background": 0.0, **SCREEN}


def light_and_centroid(stimuli):
    """Light in square degrees, and its centroid in degrees, of shapes drawn white on black."""
    x, y = pixel_grid(stimuli.images.shape[-1], stimuli.pixels_per_degree)
    images = stimuli.images[:, 0].double()
    light = images.sum((1, 2))
    centroid = torch.stack([(images * x).sum((1, 2)), (images * y).sum((1, 2))], 1) / light[:, None]
    return (light / stimuli.pixels_per_degree**2).numpy(), centroid.numpy()


def turned(images, quarters=1):
    """The picture turned counter-clockwise by quarters of a turn."""
    return torch.rot90(images, quarters, (-2, -1))
