"""A real Ray cluster of two machines on this one; the second dies in the middle of a sweep.

Run by a test in a process of its own, so that whatever Ray does ends with it:

    python -m tests.sweeps.two_nodes PROMPTS FOLDER
"""

from __future__ import annotations

import os
import sys
from typing import Any


def main(prompts: str, folder: str) -> int:
    """Bring up two nodes of one CPU, sweep, and take one away after the first pictures."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster as Nodes

    from visualizer import cli
    from visualizer.sweeps.cluster import Cluster
    from visualizer.sweeps.progress import SweepProgress

    small = {"num_cpus": 1, "object_store_memory": 80_000_000}
    nodes = Nodes(initialize_head=True, head_node_args={**small, "include_dashboard": False})
    second = nodes.add_node(**small)
    clusters: list[Cluster] = []
    entered, finished = Cluster.__enter__, SweepProgress.finished
    removed = False

    def enter(cluster: Cluster) -> Cluster:
        clusters.append(cluster)
        return entered(cluster)

    def finish(progress: SweepProgress) -> None:
        nonlocal removed
        finished(progress)
        # both are at work then, as there is more to do than two batches
        if not removed and clusters[0].workers == 2:
            removed = True
            print(f"removing a node after {progress.done}", file=sys.stderr, flush=True)
            nodes.remove_node(second, allow_graceful=False)

    patched: Any = Cluster
    patched.__enter__ = enter
    patched = SweepProgress
    patched.finished = finish
    try:
        what = ["--prompts", prompts, "--seeds", "0-5", "--steps", "3", "--batch", "2"]
        where = ["--out", folder, "--pictures", "final", "--ray", nodes.address]
        return cli.main(["sweep", *what, *where])
    finally:
        nodes.shutdown()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
