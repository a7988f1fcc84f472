import numpy as np
import pytest
from matplotlib import pyplot as plt

from lctem_core import figures


@pytest.mark.parametrize("seed", range(3))
def test_labels_cover_neither_each_other_nor_points(seed):
    rng = np.random.default_rng(seed)
    figure, (axes,) = figures.columns_of(1)
    x, y = rng.uniform(0.3, 0.7, (2, 12))
    axes.scatter(x, y)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    names = [f"network-{i}" for i in range(12)]
    figures.label_points(axes, names, x, y)
    figure.canvas.draw()
    assert sorted(one.get_text() for one in axes.texts) == sorted(names)
    boxes = [one.get_window_extent() for one in axes.texts]
    for i, box in enumerate(boxes):
        assert not box.count_overlaps(boxes[:i])
        assert not any(box.contains(*at) for at in axes.transData.transform(np.stack([x, y], 1)))
    plt.close(figure)


def test_numbers_in_words():
    assert figures.percent(0.456) == "46 %"
    assert figures.percent(0.0456, 1) == "4.6 %"
    assert figures.scientific(4.47e8) == "4.5 × 10⁸"
    assert figures.scientific(1e-7) == "10⁻⁷"


def test_a_circle_around_each_region_and_none_elsewhere():
    regions = np.zeros((64, 64), int)
    regions[10:14, 20:26] = 1
    regions[40:50, 5:9] = 2
    figure, (axes,) = figures.columns_of(1)
    figures.circled(axes, regions.astype(float), regions, figures.BLUE)
    assert [one.center for one in axes.patches] == [(22.5, 11.5), (6.5, 44.5)]
    for label, circle in enumerate(axes.patches, 1):
        inside = np.hypot(*(np.argwhere(regions == label) - circle.center[::-1]).T)
        assert (inside < circle.radius).all()
    plt.close(figure)
