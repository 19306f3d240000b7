"""The experiments, one short script per paper or question, in the order in which the story tells them."""

STORY = (
    "hubel_wiesel_1959",
    "hubel_wiesel_1962",
    "fukushima_1980",
    "supervising_the_neocognitron",
    "lecun_1998",
    "compare_learning_rules",
    "tsne_of_features",
    "why_not_an_mlp",
    "one_bench",
)
