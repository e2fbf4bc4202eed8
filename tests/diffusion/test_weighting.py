"""Weights in prompts: how they are read, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.families import FAMILIES
from visualizer.diffusion import (
    Model,
    RequestError,
    SamplingRequest,
    sample_many,
    weighting,
)
from visualizer.diffusion.request import FrozenMapping
from visualizer.diffusion.weight_syntax import read

PROMPT = "a red cat on the blue sea"
WEIGHTED = [
    "StableDiffusionPipeline",
    "StableDiffusionXLPipeline",
    "StableDiffusion3Pipeline",
    "FluxPipeline",
]
LONG = WEIGHTED[:2]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "family" in metafunc.fixturenames:
        everything = metafunc.config.getoption("--all-families")
        names = list(weighting._FAMILIES) if everything else WEIGHTED
        metafunc.parametrize("family", names)


# the syntax


@pytest.mark.parametrize(
    ("prompt", "parts"),
    [
        ("a (red)1.3 cat", [("a ", 1), ("red", 1.3), (" cat", 1)]),
        ("a (red:1.3) cat", [("a ", 1), ("red", 1.3), (" cat", 1)]),
        ("(red, blue).5", [("red, blue", 0.5)]),
        ("red++, cat--", [("red", 1.1**2), (", ", 1), ("cat", 0.9**2)]),
        ("(red cat)+ (sea)-", [("red cat", 1.1), (" ", 1), ("sea", 0.9)]),
        ("well-known++", [("well-known", 1.1**2)]),
        ("(a (red:1.2) cat)1.5", [("a ", 1.5), ("red", 1.8), (" cat", 1.5)]),
        ("(red)1.2.", [("red", 1.2), (".", 1)]),
        (r"(a \(small\) cat)1.2", [("a (small) cat", 1.2)]),
        (r"C\+\+ (code)1.1", [("C++ ", 1), ("code", 1.1)]),
    ],
)
def test_weights_are_read(prompt: str, parts: list[tuple[str, float]]) -> None:
    reading = read(prompt)
    assert [words for words, _ in reading.texts[0]] == [words for words, _ in parts]
    assert [w for _, w in reading.texts[0]] == pytest.approx([w for _, w in parts])
    assert not reading.plain


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "a red cat",
        "a cat (small) on the sea",
        "((cat))",
        "long- and short-haired cats",
        "a smile :) and (another",
        'the word "sea" - blue',
        "1990-2000 (a decade) - 5",
        "a cat, 4k, f/1.8",
    ],
)
def test_ordinary_prompts_stay_what_they_are(prompt: str) -> None:
    assert read(prompt).plain
    assert read(prompt).text == prompt.strip()


def test_whole_prompts_are_mixed() -> None:
    blend = read('("a red cat", "a (blue)1.2 dog").blend(0.7, 0.3)')
    assert (blend.kind, blend.weights) == ("blend", (0.7, 0.3))
    assert blend.texts[1] == (("a ", 1.0), ("blue", 1.2), (" dog", 1.0))
    assert blend.text == "a red cat, a blue dog"
    both = read('("a cat", "a dog, \\"Rex\\"").and()')
    assert (both.kind, both.weights) == ("and", (1.0, 1.0))
    assert both.text == 'a cat, a dog, "Rex"'


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("(red)50", "The weight 50 must lie between 0 and 10"),
        ("(red)1" + "0" * 400, "must lie between 0 and 10"),
        ("red" + "+" * 90, "must lie between"),
        ("((red)9 cat)9", "of 'red' must lie between"),
        ('("a", "b").blend(1)', "one number for each of its 2 prompts, not '1'"),
        ('("a", "b").blend(1, much)', "one number for each"),
        ('("a", "b").blend(0, 0)', "must not all be 0"),
        ("(a, b).blend(1, 1)", "stands in quotes"),
        ('a ("b", "c").and()', "nothing before or after"),
        ("a cat.swap(dog)", "cannot be used here"),
    ],
)
def test_what_is_wrong_is_said(prompt: str, sentence: str) -> None:
    with pytest.raises(RequestError, match=sentence):
        read(prompt)


@settings(deadline=None)
@given(st.text(alphabet='ab ()+-.:,"\\19', max_size=60) | st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_sentence(prompt: str) -> None:
    try:
        reading = read(prompt)
    except RequestError:
        return
    if reading.plain:
        assert reading.kind == "text"
        assert reading.text == prompt.strip()
    assert all(0 <= w <= 10 for parts in reading.texts for _, w in parts)


@pytest.mark.parametrize(
    "prompt",
    ["a (red cat)0.5 on (sea)1.2", "red++ cat", "(a (red)1.2 cat)1.5 on (sea)+", "a b, (sea)--"],
)
def test_compel_reads_the_same_weights(prompt: str) -> None:
    from compel import Compel

    theirs = Compel.parse_prompt_string(prompt).prompts[0].children
    ours = [(words.strip(), weight) for words, weight in read(prompt).texts[0]]
    assert ours == [(fragment.text, fragment.weight) for fragment in theirs]


def test_nested_parentheses_take_no_time_to_speak_of() -> None:
    deep = 20_000
    assert read("(" * deep + "red" + ")" * deep).plain
    with pytest.raises(RequestError):
        read("(" * deep + "red" + ")1.1" * deep)


# what becomes of them


def _run(pipeline: Any, family: str, arguments: dict[str, Any]) -> Any:
    torch.manual_seed(0)  # some pipelines encode their control image with the global generator
    output = pipeline(
        **FAMILIES[family].arguments(),
        **arguments,
        num_inference_steps=2,
        generator=torch.Generator("cpu").manual_seed(0),
        output_type="np",
    )
    return np.asarray(output.images)


@pytest.fixture
def untouched() -> Iterator[None]:
    """The global generator is left where it stood."""
    before = torch.get_rng_state()
    yield
    assert torch.equal(torch.get_rng_state(), before)


def _arguments(family: str, prompt: Any, avoided: Any = None) -> dict[str, Any]:
    extra = {k: v for k, v in FAMILIES[family].arguments().items() if k == "max_sequence_length"}
    found = {"prompt": prompt, "negative_prompt": avoided, weighting.KEY: True, **extra}
    return {name: value for name, value in found.items() if value is not None}


def test_prompts_without_syntax_go_through_as_they_are(family: str) -> None:
    pipeline = FAMILIES[family].build(torch.float32)
    assert weighting.supports(pipeline)
    for asked in (True, False):
        arguments = {"prompt": PROMPT, "negative_prompt": "blurry (night)", weighting.KEY: asked}
        rest = {"prompt": PROMPT, "negative_prompt": "blurry (night)"}
        assert weighting.weighted(pipeline, arguments) == rest
    assert weighting.weighted(pipeline, {"prompt": "red++"}) == {"prompt": "red++"}


@pytest.mark.usefixtures("untouched")
def test_weights_of_one_change_nothing_and_others_do(family: str) -> None:
    pipeline = FAMILIES[family].build(torch.float32)
    extra = _arguments(family, PROMPT)
    del extra[weighting.KEY], extra["prompt"]
    weights = _weights(pipeline)
    with torch.no_grad():
        plain = _encoded(pipeline, PROMPT, extra)
        same, more, less = (
            weighting.weighted(pipeline, _arguments(family, prompt))
            for prompt in ("(a red cat on the blue sea)1", "a red++ cat on the blue sea",
                           "a (red)0.3 cat on the blue sea")
        )  # fmt: skip
    assert torch.equal(same["prompt_embeds"], plain)
    for found in (more, less):
        assert found["prompt_embeds"].shape == plain.shape
        assert found["prompt_embeds"].dtype == plain.dtype
        assert not torch.equal(found["prompt_embeds"], plain)
        assert "prompt" not in found
        assert weighting.KEY not in found
    assert _weights(pipeline) == weights


def _weights(pipeline: Any) -> dict[str, float]:
    parts = {n: p for n, p in pipeline.components.items() if isinstance(p, torch.nn.Module)}
    return {
        f"{name}.{key}": value.double().sum().item()
        for name, part in parts.items()
        for key, value in part.state_dict().items()
    }


def _encoded(pipeline: Any, prompt: str, extra: dict[str, Any]) -> torch.Tensor:
    seen: list[torch.Tensor] = []
    encode = pipeline.encode_prompt

    class Encoded(Exception):
        pass

    def look(*args: Any, **kwargs: Any) -> Any:
        seen.append(encode(*args, **kwargs)[0])
        raise Encoded

    pipeline.encode_prompt = look
    arguments = FAMILIES[type(pipeline).__name__].arguments() | extra
    with pytest.raises(Encoded):
        pipeline(prompt=prompt, **arguments)
    del pipeline.encode_prompt
    return seen[0]


def test_a_weighted_picture_is_another_and_the_pipeline_stays_the_same(family: str) -> None:
    pipeline = FAMILIES[family].build(torch.float32)
    before = _run(pipeline, family, {"prompt": PROMPT})
    arguments = weighting.weighted(
        pipeline, _arguments(family, "a (red)1.8 cat on the blue-- (sea:0.2)", "(blurry)1.4")
    )
    given = {k: v for k, v in arguments.items() if k != "max_sequence_length"}
    weighted = _run(pipeline, family, given)
    assert np.isfinite(weighted).all()
    assert not np.array_equal(weighted, before)
    assert np.array_equal(_run(pipeline, family, given), weighted)
    assert np.array_equal(_run(pipeline, family, {"prompt": PROMPT}), before)


@pytest.mark.parametrize("name", LONG)
def test_long_prompts_are_read_piece_by_piece(name: str) -> None:
    pipeline = FAMILIES[name].build(torch.float32)
    assert weighting.reads_long_prompts(pipeline)
    long = "a red cat on the blue sea, " * 20
    found = weighting.weighted(pipeline, {"prompt": long, weighting.KEY: True})
    other = weighting.weighted(pipeline, {"prompt": long + "a dog", weighting.KEY: True})
    tokens = pipeline.tokenizer.model_max_length
    assert found["prompt_embeds"].shape[1] % tokens == 0
    assert found["prompt_embeds"].shape[1] > tokens
    assert not torch.equal(found["prompt_embeds"], other["prompt_embeds"])
    picture = _run(pipeline, name, found)
    assert np.isfinite(picture).all()
    assert not np.array_equal(picture, _run(pipeline, name, {"prompt": long}))


@pytest.mark.parametrize("name", LONG)
def test_without_an_avoid_text_the_pipeline_does_what_it_always_does(name: str) -> None:
    """A weight that changes nothing gives the very picture of the plain prompt."""
    pipeline = FAMILIES[name].build(torch.float32)
    found = weighting.weighted(pipeline, _arguments(name, f"({PROMPT})1"))
    assert np.array_equal(_run(pipeline, name, found), _run(pipeline, name, {"prompt": PROMPT}))
    found = weighting.weighted(pipeline, _arguments(name, f"({PROMPT})1", "(blurry)1"))
    plain = _run(pipeline, name, {"prompt": PROMPT, "negative_prompt": "blurry"})
    assert np.array_equal(_run(pipeline, name, found), plain)


def test_prompts_of_a_batch_become_embeddings_of_one_length(family: str) -> None:
    pipeline = FAMILIES[family].build(torch.float32)
    prompts = ["a red++ cat", "a blue dog, " * 40, '("a cat", "a dog").blend(1, 2)']
    found = weighting.weighted(pipeline, _arguments(family, prompts, ["", "night", "blurry+"]))
    for name, values in found.items():
        if name.endswith("embeds"):
            assert len(values) == 3
            assert torch.isfinite(values).all()
    alone = weighting.weighted(pipeline, _arguments(family, prompts[0], ""))
    if not weighting.reads_long_prompts(pipeline):
        assert torch.allclose(alone["prompt_embeds"], found["prompt_embeds"][:1], atol=1e-5)


def test_prompts_side_by_side_are_longer() -> None:
    pipeline = FAMILIES["StableDiffusionPipeline"].build(torch.float32)
    found = weighting.weighted(
        pipeline, {"prompt": '("a cat", "a dog").and(1, 0.5)', weighting.KEY: True}
    )
    assert found["prompt_embeds"].shape[1] == 2 * pipeline.tokenizer.model_max_length
    assert found["negative_prompt_embeds"].shape == found["prompt_embeds"].shape


def test_parts_that_wait_in_main_memory_are_weighted_the_same() -> None:
    name = "StableDiffusionXLPipeline"
    pipeline = FAMILIES[name].build(torch.float32)
    arguments = _arguments(name, "a red++ cat", "night--")
    before = weighting.weighted(pipeline, arguments)
    pipeline.enable_model_cpu_offload(device="cpu")
    after = weighting.weighted(pipeline, arguments)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_half_precision_stays_half() -> None:
    pipeline = FAMILIES["StableDiffusionPipeline"].build(torch.bfloat16)
    found = weighting.weighted(pipeline, {"prompt": "a red++ cat", weighting.KEY: True})
    assert found["prompt_embeds"].dtype == torch.bfloat16


def test_models_that_read_no_weights_say_so() -> None:
    pipeline = FAMILIES["PixArtSigmaPipeline"].build(torch.float32)
    assert not weighting.supports(pipeline)
    assert not weighting.reads_long_prompts(pipeline)
    with pytest.raises(RequestError, match="reads no weights"):
        weighting.weighted(pipeline, {"prompt": "red++", weighting.KEY: True})


def test_other_prompts_beside_are_refused() -> None:
    pipeline = FAMILIES["StableDiffusionXLPipeline"].build(torch.float32)
    with pytest.raises(RequestError, match="read the same prompt"):
        weighting.weighted(
            pipeline, {"prompt": "red++", "prompt_2": "a painting", weighting.KEY: True}
        )


def test_the_builtin_model_reads_weights(builtin: Model) -> None:
    pipeline = builtin.pipeline
    assert weighting.supports(pipeline)
    plain = {"prompt": "a red car", "negative_prompt": "night"}
    assert weighting.weighted(pipeline, plain | {weighting.KEY: True}) == plain
    found = weighting.weighted(
        pipeline, {"prompt": "a (red)1.5 car at night--", weighting.KEY: True}
    )

    def picture(**arguments: Any) -> Any:
        generator = torch.Generator("cpu").manual_seed(3)
        return pipeline(
            **arguments, num_inference_steps=3, generator=generator, output_type="np"
        ).images

    weighted = picture(**found)
    assert np.isfinite(weighted).all()
    assert not np.array_equal(weighted, picture(prompt="a red car at night"))


@pytest.mark.parametrize("prompts", [["a (red)1.5 car"], ["a red++ car", "a blue car, " * 20]])
def test_an_observed_run_equals_the_bare_pipeline_with_the_same_embeddings(
    builtin: Model, prompts: list[str]
) -> None:
    if not builtin.facts.weighting:
        pytest.skip("sampling does not weigh yet")
    extra = FrozenMapping({weighting.KEY: True})
    requests = [
        SamplingRequest(p, "night", seed=i, steps=3, guidance_scale=3.0, extra=extra)
        for i, p in enumerate(prompts)
    ]
    runs = sample_many(builtin, requests)
    arguments = weighting.weighted(
        builtin.pipeline,
        {"prompt": prompts, "negative_prompt": ["night"] * len(prompts), **extra},
    )
    generators = [torch.Generator("cpu").manual_seed(i) for i in range(len(prompts))]
    bare = builtin.pipeline(
        **arguments, num_inference_steps=3, guidance_scale=3.0, generator=generators
    ).images
    for run, image in zip(runs, bare, strict=True):
        assert run.final is not None
        assert np.array_equal(run.final, np.asarray(image.convert("RGB")))
