"""Protocols: stimuli shown to a model, its answers recorded, and handed to the analysis."""

from neuro.physiology.answers import (
    accuracy,
    centre_cell,
    decisions,
    readout_accuracy,
    recognition,
    shown_to,
    silent_planes,
)
from neuro.physiology.bars import (
    Slits,
    best_slit,
    diffuse_light,
    position_tolerance_of_slits,
    slit_answers,
    spots_in_a_row,
    two_bar_test,
)
from neuro.physiology.comparison import PopulationDistance, population_distance
from neuro.physiology.contrast import (
    contrast_answers,
    contrast_response,
    cross_orientation,
    width_over_contrast,
)
from neuro.physiology.costs import distance_from_start, learning_macs, plastic_weights
from neuro.physiology.electrode import Electrode, insert, remembered
from neuro.physiology.examination import PROTOCOLS, examine
from neuro.physiology.gratings import (
    Gratings,
    best_grating,
    counterphase,
    cycles,
    grating_answers,
    orientation_tuning,
    phase_modulation,
    spatial_frequency_tuning,
)
from neuro.physiology.learned import (
    SeedCells,
    duplicates,
    learned_features,
    response_weighted_average,
    retinal_features,
    seed_cells,
    weight_changes,
)
from neuro.physiology.localisation import FieldMap, field_map, places, receptive_field
from neuro.physiology.movement import bar_direction, direction_tuning
from neuro.physiology.noise import (
    average_fields,
    noise_answers,
    on_and_off,
    reverse_correlation,
    spot_maps,
)
from neuro.physiology.robustness import clutter_tolerance, scale_tolerance
from neuro.physiology.scan import Scan, scanned
from neuro.physiology.slits import CRITERION, SlitExamination, examine_with_slits
from neuro.physiology.spiking import spike_statistics
from neuro.physiology.summation import length_answers, length_tuning, size_answers, size_tuning
from neuro.physiology.table import Findings, Table, findings

__all__ = [
    "CRITERION",
    "Electrode",
    "FieldMap",
    "Findings",
    "Gratings",
    "PROTOCOLS",
    "PopulationDistance",
    "Scan",
    "SeedCells",
    "SlitExamination",
    "Slits",
    "Table",
    "accuracy",
    "average_fields",
    "bar_direction",
    "best_grating",
    "best_slit",
    "centre_cell",
    "clutter_tolerance",
    "contrast_answers",
    "contrast_response",
    "counterphase",
    "cross_orientation",
    "cycles",
    "decisions",
    "diffuse_light",
    "direction_tuning",
    "distance_from_start",
    "duplicates",
    "examine",
    "examine_with_slits",
    "field_map",
    "findings",
    "grating_answers",
    "insert",
    "learned_features",
    "learning_macs",
    "length_answers",
    "length_tuning",
    "noise_answers",
    "on_and_off",
    "orientation_tuning",
    "phase_modulation",
    "places",
    "plastic_weights",
    "population_distance",
    "position_tolerance_of_slits",
    "readout_accuracy",
    "receptive_field",
    "recognition",
    "remembered",
    "response_weighted_average",
    "retinal_features",
    "reverse_correlation",
    "scale_tolerance",
    "scanned",
    "seed_cells",
    "shown_to",
    "silent_planes",
    "size_answers",
    "size_tuning",
    "slit_answers",
    "spatial_frequency_tuning",
    "spike_statistics",
    "spot_maps",
    "spots_in_a_row",
    "two_bar_test",
    "weight_changes",
    "width_over_contrast",
]
