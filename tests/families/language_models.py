"""Tiny language models in the place of Qwen, Gemma and Mistral; tokenizers made in memory."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

from tests.families.clip_and_t5 import WORDS
from visualizer.diffusion.libraries import transformers

# What pipelines put around a prompt: each of its words becomes one token, as in the real
# vocabularies, because some pipelines drop a fixed number of tokens (34 for Qwen-Image).
_CORPUS = (
    "system\nDescribe the image by detailing the color, shape, size, texture, quantity, text,"
    " spatial relationships of the objects and background:",
    "user\nComprehend and analyze the provided prompt.",
    "assistant\n<think>\n\n</think>\n\n",
    "Describe the image by detailing the color, quantity, text, shape, size, texture, spatial"
    " relationships of the objects and background: ",
    "You are an image generation assistant. Follow the user's prompt literally. Pay attention",
    "You are an AI that reasons about descriptions. You give structured responses focusing on"
    " object relationships, attribution and actions without speculation.",
    "You are an assistant designed to generate superior images with the superior degree of"
    " image-text alignment based on textual prompts or user prompts. <Prompt Start> ",
    "Given a user prompt, generate an 'Enhanced prompt' that provides detailed visual descriptions",
    "a red Ferrari on a mountain road at sunset, low quality " + " ".join(WORDS),
)
VOCABULARY = 1024
"""Rows of every model's table of embeddings: more than any of the tokenizers has tokens."""

# <|im_start|>role … <|im_end|>, where the content is a text or a list of parts with a text.
_CHAT = (
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message['role'] + '\\n' -}}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}"
    "{%- else -%}{%- for part in message['content'] -%}{{- part['text'] -}}{%- endfor -%}"
    "{%- endif -%}{{- '<|im_end|>\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}"
    "{%- if enable_thinking is defined and not enable_thinking -%}"
    "{{- '<think>\\n\\n</think>\\n\\n' -}}{%- endif -%}{%- endif -%}"
)
_VISION = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]


def qwen_tokenizer() -> Any:
    """The real Qwen2Tokenizer: byte-level BPE and a chat template."""
    vocabulary, merges = _vocabulary("qwen")
    tokenizer = transformers.Qwen2Tokenizer(
        vocab=dict(vocabulary),
        merges=list(merges),
        extra_special_tokens=["<|im_start|>", "<|im_end|>", *_VISION],
        model_max_length=4096,
    )
    tokenizer.chat_template = _CHAT
    return tokenizer


def gemma_tokenizer(longest: int = 4096) -> Any:
    """The real GemmaTokenizer: BPE with spaces written as ▁, and bytes for what is unknown."""
    vocabulary, merges = _vocabulary("gemma")
    return transformers.GemmaTokenizer(
        vocab=dict(vocabulary), merges=list(merges), add_bos_token=True, model_max_length=longest
    )


@cache
def _vocabulary(family: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Vocabulary and merges of a BPE in which every word of the corpus is one token."""
    tokenizer = Tokenizer(models.BPE())
    alphabet: list[str] = []
    if family == "qwen":
        special = ["<|endoftext|>"]
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        words = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Split("\n", "isolated"), words]
        )
    else:
        single_bytes = [f"<0x{byte:02X}>" for byte in range(256)]
        special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *single_bytes]
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 16,
        initial_alphabet=alphabet,
        special_tokens=special,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_CORPUS, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [(first, second) for first, second in model["merges"]]


class ChatProcessor:
    """What pipelines use of Qwen3VLProcessor and PixtralProcessor when there are no pictures.

    The real ones need torchvision. As with them, the first argument of the call is the pictures.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer

    def __call__(self, images: Any = None, text: Any = None, **arguments: Any) -> Any:
        if images is not None:
            raise ValueError("this stand-in reads no pictures")
        return self.tokenizer(text, **arguments)

    def apply_chat_template(self, conversation: Any, **arguments: Any) -> Any:
        """The conversation as text, or as tokens: always of a batch, as processors give them."""
        conversations = conversation
        if arguments.get("tokenize") and isinstance(conversation[0], dict):
            conversations = [conversation]
        return self.tokenizer.apply_chat_template(conversations, **arguments)


# Large enough for prompts to tell: with the usual 0.02 a tiny model's states hardly differ.
_SPREAD = 0.25


def _decoder(layers: int, width: int = 16, **more: Any) -> dict[str, Any]:
    return {
        "vocab_size": VOCABULARY,
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 4096,
        "initializer_range": _SPREAD,
        "pad_token_id": 0,
        "bos_token_id": None,
        "eos_token_id": 0,
        **more,
    }


def _seeing(layers: int) -> dict[str, Any]:
    """The parts of a Qwen-VL configuration: how it sees is there, but no test shows it anything."""
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}
    return {
        "text_config": _decoder(layers, rope_parameters=rope),
        "vision_config": {
            "depth": 1,
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_heads": 2,
            "out_hidden_size": 16,
        },
    }


def qwen25_vl() -> Any:
    """Qwen2_5_VLForConditionalGeneration, 16 wide."""
    configuration = transformers.Qwen2_5_VLConfig(**_seeing(2))
    return transformers.Qwen2_5_VLForConditionalGeneration(configuration)


def qwen3(kind: str = "Qwen3Model", layers: int = 2) -> Any:
    """Qwen3Model or Qwen3ForCausalLM, 16 wide."""
    return getattr(transformers, kind)(transformers.Qwen3Config(**_decoder(layers)))


def qwen3_vl(kind: str = "Qwen3VLForConditionalGeneration", layers: int = 2) -> Any:
    """Qwen3VLModel or Qwen3VLForConditionalGeneration, 16 wide."""
    parts = _seeing(layers)
    parts["vision_config"]["deepstack_visual_indexes"] = [0]
    return getattr(transformers, kind)(transformers.Qwen3VLConfig(**parts))


def gemma() -> Any:
    """GemmaModel, 16 wide."""
    return transformers.GemmaModel(transformers.GemmaConfig(**_decoder(2)))


def gemma2() -> Any:
    """Gemma2Model, 16 wide."""
    return transformers.Gemma2Model(transformers.Gemma2Config(**_decoder(2)))


def t5_gemma() -> Any:
    """T5GemmaEncoder, 16 wide."""
    from transformers.models.t5gemma.modeling_t5gemma import T5GemmaEncoder

    # The encoder alone reads everything from the outer configuration, as published ones have it.
    module = transformers.T5GemmaModuleConfig(**_decoder(2))
    flat = module.to_dict() | {"is_encoder_decoder": False, "encoder": module, "decoder": module}
    del flat["model_type"]
    return T5GemmaEncoder(transformers.T5GemmaConfig(**flat))


def mistral3(layers: int = 30) -> Any:
    """Mistral3ForConditionalGeneration, 16 wide; Flux2 reads its layers 10, 20 and 30."""
    model = transformers.Mistral3ForConditionalGeneration(
        transformers.Mistral3Config(
            text_config={"model_type": "mistral", **_decoder(layers)},
            vision_config={
                "model_type": "pixtral",
                "hidden_size": 16,
                "intermediate_size": 16,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "image_size": 32,
                "patch_size": 16,
            },
        )
    )
    # Otherwise all words are alike after some layers.
    model.model.language_model.embed_tokens.weight.data *= 4.0
    for layer in model.model.language_model.layers:
        layer.self_attn.o_proj.weight.data *= 0.3
        layer.mlp.down_proj.weight.data *= 0.3
    return model


# --- GLM-Image: a model that writes the tokens of a small and a large picture -------------------

_GLM_MARKS = {"image_token": "<|image|>", "grid_bos_token": "<sop>", "grid_eos_token": "<eop>"}
PICTURE_WORDS = 64
"""How many different tokens `glm_image` can write."""


class GlmProcessor(transformers.GlmImageProcessor):  # type: ignore[misc]  # untyped base class
    """The real processor, but the small picture that comes first is no larger than the large one.

    The real one asks for 16 × 16 tokens of it, whatever the size of the large picture.
    """

    def _get_target_shape(self, height: int, width: int) -> tuple[int, int, int, int]:
        rows, columns, *_ = super()._get_target_shape(height, width)
        return rows, columns, rows, columns


def glm_processor() -> Any:
    """A GlmImageProcessor for `glm_image`."""
    vocabulary, merges = _vocabulary("qwen")
    tokenizer = transformers.Qwen2Tokenizer(
        vocab=dict(vocabulary),
        merges=list(merges),
        bos_token="<|image_start|>",
        extra_special_tokens=["<|im_start|>", "<|im_end|>", "<|image_end|>", *_GLM_MARKS.values()],
        model_max_length=4096,
    )
    for name, mark in _GLM_MARKS.items():
        setattr(tokenizer, name, mark)
    return GlmProcessor(
        image_processor=transformers.GlmImageImageProcessor(),
        tokenizer=tokenizer,
        chat_template=_CHAT,
    )


def glm_image() -> Any:
    """GlmImageForConditionalGeneration, 16 wide; it never says that it is done."""
    tokenizer = glm_processor().tokenizer
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}
    text = _decoder(1, rope_parameters=rope, vision_vocab_size=PICTURE_WORDS, eos_token_id=None)
    model = transformers.GlmImageForConditionalGeneration(
        transformers.GlmImageConfig(
            text_config=text,
            vision_config={
                "depth": 1,
                "hidden_size": 16,
                "intermediate_size": 16,
                "num_heads": 2,
                "image_size": 32,
                "patch_size": 16,
            },
            vq_config={"embed_dim": 16, "num_embeddings": PICTURE_WORDS, "latent_channels": 16},
            image_token_id=tokenizer.convert_tokens_to_ids("<|image|>"),
            image_start_token_id=tokenizer.convert_tokens_to_ids("<|image_start|>"),
            image_end_token_id=tokenizer.convert_tokens_to_ids("<|image_end|>"),
        )
    )
    # Drawn as they come, all tokens are about as likely, whatever the prompt is.
    model.lm_head.weight.data *= 8.0
    for layer in model.model.language_model.layers:
        layer.self_attn.o_proj.weight.data *= 8.0
    return model


def byt5() -> Any:
    """A T5EncoderModel, 16 wide, for the real ByT5Tokenizer, which needs no vocabulary."""
    return transformers.T5EncoderModel(
        transformers.T5Config(
            vocab_size=384, d_model=16, d_kv=8, d_ff=32, num_layers=2, num_heads=2
        )
    )
