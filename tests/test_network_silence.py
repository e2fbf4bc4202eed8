"""The program never tries the network, unless a download was asked for.

An audit hook counts every connection, look-up and message in processes of their own, in which
nothing says that the libraries should stay offline but the program itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.diffusion.single_files import save_checkpoint
from tests.diffusion.tiny_pipelines import tiny_flow_pipeline, tiny_pipeline

COUNTING = """
import json, os, sys, warnings
warnings.simplefilter("ignore")
WATCHED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto",
           "socket.sendmsg", "urllib.Request", "http.client.connect")
attempts, stages = [], {}
def hook(event, arguments):
    if event in WATCHED:
        attempts.append(f"{event} {arguments}")
        raise OSError("the network is blocked")
sys.addaudithook(hook)
def stage(name):
    stages[name] = attempts[:]
    attempts.clear()
"""
REPORT = """
print(json.dumps(stages))
"""
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
LIBRARY = """
from pathlib import Path
home = Path(sys.argv[1])
import visualizer.diffusion
from visualizer.diffusion.found_models import find_models
stage("import")
assert len(list(find_models([home / "models"]))) == 5
stage("search")
from visualizer.diffusion import Model, ModelError, SamplingRequest, sample
request = SamplingRequest("a red car", steps=2)
model = Model.builtin(device="cpu")
stage("open the built-in model")
sample(model, request)
stage("sample")
for name in ("sd", "sd3"):
    model = Model.open(home / "models" / name, device="cpu")
    model.facts
    stage(f"open the folder {name}")
    sample(model, request)
    stage(f"sample with {name}")
sample(Model.open(home / "models" / "tiny.safetensors", device="cpu"), request)
stage("open a checkpoint")
from huggingface_hub import constants
constants.HF_HUB_CACHE = str(home / "nowhere")
try:
    Model.open(home / "models" / "tiny.safetensors", device="cpu")
except ModelError as error:
    assert "unusual size" in str(error), error
else:
    raise AssertionError
stage("open a checkpoint without configs")
"""
"""diffusers would fetch the configs in the last one even when it is told not to go online."""
WINDOW = """
import visualizer.app, visualizer.ui.window
import visualizer.session.downloads, visualizer.session.model_finder
stage("import the window")
from visualizer import cli
assert cli.main(["models"]) == 0
stage("list the models")
"""
STAGES = (
    *("import", "search", "open the built-in model", "sample"),
    *("open the folder sd", "sample with sd", "open the folder sd3", "sample with sd3"),
    *("open a checkpoint", "open a checkpoint without configs"),
)


def attempts(work: str, home: Path) -> dict[str, list[str]]:
    """What tried the network in each stage of some work."""
    kept = {name: v for name, v in os.environ.items() if name not in (*OFFLINE, "HF_HUB_CACHE")}
    done = subprocess.run(
        [sys.executable, "-c", COUNTING + work + REPORT, str(home)],
        capture_output=True,
        text=True,
        env={**kept, "HF_HOME": str(home), "OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    stages: dict[str, list[str]] = json.loads(done.stdout.strip().splitlines()[-1])
    return stages


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Everything that the library does with models, in one process."""
    home = tmp_path_factory.mktemp("silence")
    tiny_pipeline().save_pretrained(home / "hub" / "models--tiny--sd" / "snapshots" / "abc")
    tiny_pipeline().save_pretrained(home / "models" / "sd")
    tiny_flow_pipeline().save_pretrained(home / "models" / "sd3")
    save_checkpoint(tiny_pipeline(), home / "models" / "tiny.safetensors")
    return attempts(LIBRARY, home)


@pytest.mark.parametrize("stage", STAGES)
def test_the_library_never_tries(library: dict[str, list[str]], stage: str) -> None:
    assert library[stage] == []


def test_no_stage_is_forgotten(library: dict[str, list[str]]) -> None:
    assert tuple(library) == STAGES


def test_neither_the_window_nor_the_command_line_tries(tmp_path: Path) -> None:
    stages = attempts(WINDOW, tmp_path)
    assert stages == {"import the window": [], "list the models": []}


def test_the_count_counts(tmp_path: Path) -> None:
    """Else the tests above would prove nothing."""
    work = """
import socket
try:
    socket.create_connection(("127.0.0.1", 9))
except OSError:
    pass
stage("connect")
import huggingface_hub
try:
    huggingface_hub.HfApi().model_info("somebody/model")
except Exception:
    pass
stage("ask the hub")
"""
    stages = attempts(work, tmp_path)
    assert len(stages["connect"]) == 1
    assert any("huggingface.co" in attempt for attempt in stages["ask the hub"])
