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
    make, call, finished = Cluster.make, Cluster._call, SweepProgress.finished
    done, removed = 0, False

    def make_with_both(cluster: Cluster, *given: Any, **named: Any) -> None:
        """Not before both workers have their model: on a busy machine the second comes late."""
        while cluster._starting:
            for ref in cluster._ready(cluster._starting):
                cluster._admit(ref)
        make(cluster, *given, **named)

    def finish(progress: SweepProgress) -> None:
        nonlocal done
        finished(progress)
        done = progress.done

    def call_and_remove(cluster: Cluster, worker: Any, method: str, *given: Any) -> Any:
        """Takes the second node away while both have a batch."""
        nonlocal removed
        ref = call(cluster, worker, method, *given)
        if method == "make" and done >= 2 and cluster._flights and not removed:
            removed = True
            print(f"removing a node after {done}", file=sys.stderr, flush=True)
            nodes.remove_node(second, allow_graceful=False)
        return ref

    patched: Any = Cluster
    patched.make, patched._call = make_with_both, call_and_remove
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
