"""The experiments, one short script per paper or question, in the order in which the story tells them."""

STORY = (
    "hubel_wiesel_1959",
    "hubel_wiesel_1962",
    "receptive_field_maps",
    "wiring_a_simple_cell",
    "three_complex_cells",
    "fuzziness_and_noise",
    "hypercomplex_1965",
    "direction_selectivity",
    "contrast_and_normalisation",
    "simple_or_complex",
    "macaque_population",
    "fukushima_1980",
    "supervising_the_neocognitron",
    "lecun_1998",
    "compare_learning_rules",
    "tsne_of_features",
    "why_not_an_mlp",
    "nets_under_the_electrode",
    "one_bench",
)
