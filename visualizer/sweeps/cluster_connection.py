"""Finding a Ray cluster, and saying in a sentence why there is none."""

from __future__ import annotations

import importlib
import os
import re
import socket
import subprocess
import sys
from typing import Any

from visualizer.sweeps.errors import SweepError

REACH = 5.0  # seconds for a machine to answer at all
CONNECT = 40.0  # … for Ray to answer there
_ADDRESS = re.compile(r"(?P<host>[\w.-]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")
_TRIAL = """
import sys, ray
try:
    ray.init(address=sys.argv[1], log_to_driver=False, logging_level="CRITICAL")
except BaseException as error:
    print(f"{error}", file=sys.stderr)
    sys.exit(3)
"""


def connect(address: str) -> Any:
    """Ray, connected to a cluster.

    Raises:
        SweepError: with what to do, when Ray is not installed or there is no cluster.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is told to anybody
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    check_address(address)
    try:
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise SweepError(
            "Ray is not installed. Install it with: pip install 'denoising-visualizer[cluster]'"
        ) from error
    try_out(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="CRITICAL")
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise SweepError(_no_cluster(address, str(error))) from error
    return ray


def check_address(address: str) -> None:
    """Refuse what is no address of a cluster, or of a machine that does not answer.

    Raises:
        SweepError: with what to write.
    """
    if address == "auto":
        return
    if address.startswith("ray://"):
        raise SweepError(
            "Addresses that begin with ray:// are not supported. Run this on a machine of the "
            "cluster, with --ray auto or --ray HOST:PORT."
        )
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise SweepError(
            f"'{address}' is no address of a Ray cluster. Write --ray auto, or --ray HOST:PORT as "
            "'ray start --head' names it."
        )
    try:
        place = (found["host"].strip("[]"), int(found["port"]))
        socket.create_connection(place, timeout=REACH).close()
    except (OSError, UnicodeError) as error:
        raise SweepError(
            f"Nothing answers at {address}. Start Ray there, or look at the address that "
            "'ray start --head' names."
        ) from error


def try_out(address: str) -> None:
    """Connect in another process first: Ray waits for minutes and then ends the whole program.

    Raises:
        SweepError: with what Ray had to say.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRIAL, address],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CONNECT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise SweepError(_no_cluster(address, "Ray did not answer in time")) from error
    if done.returncode:
        raise SweepError(_no_cluster(address, done.stderr))


def _no_cluster(address: str, said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if any("mismatch" in line.lower() for line in lines):
        versions = "; ".join(line for line in lines if "Ray:" in line or "Python:" in line)
        return (
            "This machine and the cluster have different versions of Ray or Python. Give all of "
            f"them the same. {versions}".strip()
        )
    where = "on this machine" if address == "auto" else f"at {address}"
    reason = f" ({lines[-1].rstrip('.')[:200]})" if lines else ""
    return (
        f"No Ray cluster can be reached {where}{reason}. Run this on a machine of the cluster, "
        "after 'ray start'."
    )
