"""Checks for the exercises, called on the last line of the reader's own cell.

A check tests what an answer does, not how it is written, so several right answers pass; what is wrong is said in one
sentence that names the fault and the section of the notebook that explains it.
"""

from animegan_workshop.checks.core import CheckFailed, NotDoneYet, carry_on, prediction, reveal
from animegan_workshop.checks.data_01 import effective_number, normalise, to_levels
from animegan_workshop.checks.discriminator_04 import (
    discriminator,
    discriminator_block,
    discriminator_loss,
    generator_loss,
    receptive_field,
)
from animegan_workshop.checks.game_02 import best_discriminator, modes_and_quality
from animegan_workshop.checks.generator_03 import (
    generator,
    generator_block,
    size_formula,
    transposed_convolution,
)
from animegan_workshop.checks.latent_06 import named_direction, slerp
from animegan_workshop.checks.modes_07 import density_and_coverage, kl, modes_covered
from animegan_workshop.checks.step_05 import d_step, detach_question, g_step
from animegan_workshop.checks.verdict_08 import runs_apart

__all__ = [
    "CheckFailed",
    "NotDoneYet",
    "best_discriminator",
    "carry_on",
    "d_step",
    "density_and_coverage",
    "detach_question",
    "discriminator",
    "discriminator_block",
    "discriminator_loss",
    "effective_number",
    "g_step",
    "generator",
    "generator_block",
    "generator_loss",
    "kl",
    "modes_and_quality",
    "modes_covered",
    "named_direction",
    "normalise",
    "prediction",
    "receptive_field",
    "reveal",
    "runs_apart",
    "size_formula",
    "slerp",
    "to_levels",
    "transposed_convolution",
]
