import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from neuro import plotting

LEARNERS = ["pixels", "untrained", "imprinted", "winner-take-all", "backpropagation"]
CELLS = ["lgn", "simple", "complex"]
MODELS = ["mlp", "convnet", "cortex", "neocognitron"]


@pytest.fixture(autouse=True)
def own_style():
    with matplotlib.rc_context():
        yield


@pytest.fixture
def axes():
    return plotting.figure().subplots()


def texts(axes):
    return [text.get_text() for text in axes.texts]


@pytest.mark.parametrize("names", [LEARNERS, CELLS, MODELS])
def test_names_compared_in_one_panel_have_colours_of_their_own(names):
    assert len({plotting.COLOURS[name] for name in names}) == len(names)


@pytest.mark.parametrize("colours", [plotting.OKABE_ITO, plotting.CLASS_COLOURS])
def test_no_two_colours_of_a_palette_are_the_same_shade_to_a_deuteranope(colours):
    # How linear RGB looks without M cones (Vienot, Brettel & Mollon 1999). In this distance matplotlib's
    # ten default colours come as near as 0.075, its red and its green.
    deuteranope = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    seen = np.array([to_rgb(colour) for colour in colours]) ** 2.2 @ deuteranope.T
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1) + np.eye(len(seen))
    assert distances.min() > 0.1


def test_an_unknown_name_takes_the_colour_of_its_position():
    assert plotting.colour("simple", 5) == plotting.COLOURS["simple"]
    assert plotting.colour("US1", 1) == plotting.OKABE_ITO[1]
    assert plotting.colour("US9", len(plotting.OKABE_ITO)) == plotting.OKABE_ITO[0]


def test_a_figure_has_its_size_and_letters_of_eight_points_or_more():
    figure = plotting.figure(7, 2)
    axes = figure.subplots()
    axes.plot([0, 1])
    figure.draw_without_rendering()
    assert figure.get_size_inches().tolist() == [7, 2]
    ticks = axes.get_xticklabels() + axes.get_yticklabels()
    assert min(text.get_fontsize() for text in [*ticks, axes.title, axes.xaxis.label]) >= 8
    assert not axes.spines["top"].get_visible()
    assert not axes.spines["right"].get_visible()


def test_each_run_is_a_thin_line_and_their_mean_a_thick_one(axes):
    runs = np.array([[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]])
    plotting.curves_panel(
        axes, [0, 1, 2], {"mlp": runs, "convnet": runs[0]}, "shift (pixels)", "accuracy (%)"
    )
    thin_1, thin_2, mean, single = axes.lines
    assert [line.get_ydata().tolist() for line in (thin_1, thin_2)] == runs.tolist()
    assert mean.get_ydata().tolist() == [2, 3, 4]
    assert single.get_ydata().tolist() == [1, 2, 3]
    assert thin_1.get_linewidth() < mean.get_linewidth()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("shift (pixels)", "accuracy (%)")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["mlp", "convnet"]


def test_a_legend_can_be_left_out(axes):
    plotting.curves_panel(axes, [0, 1], {"mlp": [1, 2]}, "x", "y", legend=False)
    assert axes.get_legend() is None


def test_a_tuning_curve_stands_on_zero_over_degrees(axes):
    plotting.tuning_panel(axes, [0, 45, 90, 135], {"simple": [1, 2, 5, 2]})
    assert axes.get_ylim()[0] == 0
    assert axes.get_xlabel() == "orientation (degrees)"
    assert axes.lines[0].get_color() == plotting.COLOURS["simple"]


def test_learning_curves_of_unequal_length_begin_at_epoch_one(axes):
    plotting.learning_curve_panel(axes, {"long": [4, 3, 2, 1], "short": [[4, 2], [6, 4]]}, "loss (nats)")
    mean = axes.lines[-1]
    assert mean.get_xdata().tolist() == [1, 2, 3, 4]
    assert mean.get_ydata().tolist() == pytest.approx([5, 3, np.nan, np.nan], nan_ok=True)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "loss (nats)")


def test_runs_are_dots_with_a_bar_at_their_mean_joined_by_seed(axes):
    plotting.dots_panel(axes, {"untrained": [80, 82], "backpropagation": [90, 96]}, "accuracy (%)")
    dots, bars = axes.collections[::2], axes.collections[1::2]
    assert [each.get_offsets().tolist() for each in dots] == [[[0, 80], [0, 82]], [[1, 90], [1, 96]]]
    assert [each.get_segments()[0][0, 1] for each in bars] == [81, 93]
    assert [line.get_ydata().tolist() for line in axes.lines] == [[80, 90], [82, 96]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["untrained", "backpropagation"]
    assert axes.get_ylabel() == "accuracy (%)"


def test_groups_of_unequal_number_are_not_joined(axes):
    plotting.dots_panel(axes, {"untrained": [80, 82], "backpropagation": [90]}, "accuracy (%)")
    assert len(axes.lines) == 0


def test_a_raster_has_a_tick_for_each_bin_with_a_spike_in_the_middle_of_the_bin(axes):
    plotting.raster_panel(axes, [[0, 1, 0, 2], [0, 0, 0, 0], [1, 0, 0, 0]], dt=5.0)
    ticks = [sorted(segment[0, 0] for segment in trial.get_segments()) for trial in axes.collections]
    assert ticks == [[7.5, 17.5], [], [2.5]]
    assert axes.get_xlim() == (0, 20)
    assert axes.get_ylim() == (3.5, 0.5)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time (ms)", "trial")


def test_a_raster_shades_the_time_the_stimulus_was_shown(axes):
    plotting.raster_panel(axes, np.zeros((2, 20)), dt=1.0, shown=(5, 10))
    assert axes.patches[0].get_window_extent().x0 == pytest.approx(axes.transData.transform((5, 0))[0])


def test_each_raster_of_a_column_stands_beside_its_stimulus_and_has_its_rate():
    page = plotting.figure()
    spikes = np.zeros((5, 3, 40), dtype=int)
    spikes[:, 2, 10] = 1
    plotting.raster_column(page, np.ones((3, 4, 4)), spikes, dt=2.0, shown=(20, 60), rates=[0.2, 5, 12])
    images, rasters = page.axes[::2], page.axes[1::2]
    assert [texts(raster) for raster in rasters] == [["0/s"], ["5/s"], ["12/s"]]
    assert [len(image.images) for image in images] == [1, 1, 1]
    assert [raster.get_xlabel() for raster in rasters] == ["", "", "time (ms)"]
    assert [list(line.get_positions()) for line in rasters[2].collections] == [[21.0]] * 5
    assert not any(len(line.get_positions()) for line in rasters[0].collections)


def test_an_image_of_known_scale_has_axes_in_degrees(axes):
    plotting.image_panel(axes, np.zeros((4, 8)), "a slit", pixels_per_degree=2)
    assert axes.get_xlim() == (-2, 2)
    assert axes.get_ylim() == (-1, 1)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (degrees)", "y (degrees)")
    assert axes.get_title() == "a slit"


def test_an_image_of_unknown_scale_has_no_ticks_and_keeps_its_limits(axes):
    drawn = plotting.image_panel(axes, [[-1, 1]], limits=(-2, 2), colourmap="RdBu_r")
    assert drawn.get_clim() == (-2, 2)
    assert len(axes.get_xticks()) == len(axes.get_yticks()) == 0


def test_a_grid_has_an_axes_for_each_image_and_none_left_over():
    figure = plotting.figure()
    made = plotting.image_grid(figure, np.zeros((5, 3, 3)), list("abcde"), columns=3)
    assert [axes.get_title() for axes in made] == list("abcde")
    assert figure.axes == made
    assert made[3].get_subplotspec().rowspan.start == 1


def test_a_grid_fits_into_a_part_of_a_figure():
    left, right = plotting.figure().subfigures(1, 2)
    assert plotting.image_grid(right, np.ones((2, 3, 3))) == right.axes
    assert left.axes == []


def test_a_table_of_images_prints_each_number_beneath_its_image(axes):
    images = np.arange(4.0).reshape(1, 2, 2, 1) / 3
    plotting.image_table(axes, images, [[70.2, 99.9]], ["4"], ["a", "b"])
    assert axes.images[0].get_array().filled(-1).tolist() == [
        [0, -1, pytest.approx(2 / 3), -1],
        [pytest.approx(1 / 3), -1, 1, -1],
        [-1, -1, -1, -1],
    ]
    assert texts(axes) == ["70", "100"]
    assert [text.get_position() for text in axes.texts] == [(0, 2), (2, 2)]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["4"]


def test_planes_lie_side_by_side_with_gaps_between_them_on_one_scale(axes):
    plotting.response_strip(axes, [[[1.0, 2.0]], [[3.0, 4.0]]], "US1")
    image = axes.images[0]
    assert image.get_array().filled(-1).tolist() == [[1, 2, -1, 3, 4]]
    assert image.get_clim() == (0, 4)
    assert axes.get_title() == "US1"
    assert texts(axes) == []


def test_the_window_in_each_image_of_a_strip_is_cut_off_at_the_rim(axes):
    # Images of 4 by 4 with a gap of 1; a pixel reaches half a pixel to each side of its number.
    plotting.window_strip(axes, np.ones((2, 4, 4)), top=[1, -2], left=[0, 2], height=3, width=3)
    outlines = [(*patch.get_xy(), patch.get_width(), patch.get_height()) for patch in axes.patches]
    assert outlines == [(-0.5, 0.5, 3, 3), (6.5, -0.5, 2, 1)]


def test_a_silent_layer_says_so(axes):
    plotting.response_strip(axes, np.zeros((3, 4, 4)))
    assert texts(axes) == ["silent"]


def test_fields_lie_in_rows_by_name_each_at_its_own_scale(axes):
    fields = np.array([[[1.0, -2.0]], [[0.0, 0.1]]])
    plotting.field_strips(axes, {"rule": fields, "none": np.empty((0, 1, 2))})
    drawn = axes.images[0].get_array().filled(np.nan)
    np.testing.assert_array_equal(drawn[0], [0.5, -1, np.nan, 0, 1, np.nan])
    assert np.isnan(drawn[1:]).all()
    assert axes.images[0].get_clim() == (-1, 1)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["rule", "none"]


def test_a_confusion_matrix_prints_its_counts_and_shades_the_part_of_each_row(axes):
    plotting.confusion_panel(axes, [[9, 1], [0, 0]], ["cat", "dog"])
    assert texts(axes) == ["9", "1"]
    assert axes.images[0].get_array().tolist() == [[0.9, 0.1], [0, 0]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("class read out", "class shown")


def test_each_class_of_a_map_is_named_at_its_median(axes):
    xy = np.array([[0, 0], [2, 2], [1, 7], [10, 10], [12, 12], [11, 11]])
    plotting.embedding_panel(axes, xy, [3, 3, 3, 8, 8, 8], name="PCA")
    assert texts(axes) == ["3", "8"]
    assert [text.get_position() for text in axes.texts] == [(1, 2), (11, 11)]
    assert [len(points.get_offsets()) for points in axes.collections] == [3, 3]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("PCA 1", "PCA 2")


def test_an_embedding_can_have_its_numbers_beneath(axes):
    scores = {"features": {"purity": 0.9, "ARI": np.nan}, "picture": {"purity": 1.0}}
    plotting.embedding_panel(axes, np.zeros((2, 2)), [0, 1], beneath=scores)
    assert axes.get_xlabel() == "features: purity 0.90, ARI -\npicture: purity 1.00"
    assert axes.get_ylabel() == ""


def test_differences_show_each_pair_and_the_interval_of_their_mean(axes):
    intervals = {"a - b": [2, 1, 3], "one pair": [5, np.nan, np.nan]}
    plotting.differences_panel(axes, {"a - b": [1.5, 2.5], "one pair": [5]}, intervals, "points")
    assert axes.collections[0].get_offsets()[:, 0].tolist() == [1.5, 2.5]
    zero, bar, mean, *_ = axes.lines
    assert (zero.get_xdata()[0], list(bar.get_xdata()), list(mean.get_xdata())) == (0, [1, 3], [2])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a - b", "one pair"]
    assert axes.get_ylim() == (1.5, -0.5)
    assert axes.get_xlabel() == "points"


def test_a_row_a_layer_has_its_counts_as_bars_and_says_what_its_cells_see(axes):
    columns = ("layer", "planes", "height", "width", "field_height", "jump_y", "parameters", "links", "macs")
    rows = [("conv1", 6, 28, 28, 5, 1, 156, 122304, 117600), ("full1", 120, 1, 1, 32, 0, 48120, 48120, 48000)]
    plotting.layers_panel(axes, dict(zip(columns, zip(*rows, strict=True), strict=True)))
    told = [label.get_text() for label in axes.get_yticklabels()]
    assert told == ["conv1 6@28x28, sees 5 every 1", "full1 120@1x1, sees 32"]
    widths = [[bar.get_width() for bar in bars] for bars in axes.containers]
    assert widths == [[156, 48120], [122304, 48120], [117600, 48000]]


def test_a_scatter_panel_has_a_dot_for_each_value(axes):
    plotting.scatter_panel(axes, [1, 2, 3], {"a": [4, 5, 6], "b": [7, 8, 9]}, "x (s)", "y (m)")
    assert [dots.get_offsets().tolist() for dots in axes.collections] == [
        [[1, 4], [2, 5], [3, 6]],
        [[1, 7], [2, 8], [3, 9]],
    ]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x (s)", "y (m)")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]


def test_response_strips_are_one_a_layer_with_its_name():
    page = plotting.figure()
    plotting.response_strips(page, {"US1": np.ones((3, 4, 4)), "UC1": np.ones((3, 2, 2))})
    assert [axes.get_ylabel() for axes in page.axes] == ["US1", "UC1"]
    assert [len(axes.images) for axes in page.axes] == [1, 1]
