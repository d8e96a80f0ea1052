"""Draw the plot: ``plot.py FILE ROWS``, with matplotlib; the tools do not have it."""

import json
import statistics
import sys

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "bench"  # the same ids each time

from matplotlib import pyplot  # noqa: E402


def main(file, rows):
    """Draw one bar with its spread for each ``(label, ratios)``."""
    rows = sorted(rows, key=lambda row: statistics.median(row[1]))
    labels = [label for label, _ratios in rows]
    middles = [statistics.median(ratios) for _label, ratios in rows]
    spreads = [
        [middle - min(r) for middle, (_l, r) in zip(middles, rows, strict=True)],
        [max(r) - middle for middle, (_l, r) in zip(middles, rows, strict=True)],
    ]
    colours = ["#714b67" if "token" in label else "#8f8f8f" for label in labels]
    figure, axes = pyplot.subplots(figsize=(9, 4.2), layout="constrained")
    bars = axes.barh(labels, middles, xerr=spreads, color=colours, capsize=3)
    axes.bar_label(bars, [f"{middle:.2f}" for middle in middles], padding=14)
    axes.axvline(1, color="#444", linewidth=0.8, linestyle=":")
    axes.set_xlabel(
        'answers per second, as a multiple of auth="public" (median, range)'
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlim(0, max(middles) * 1.2)
    figure.savefig(file, metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
