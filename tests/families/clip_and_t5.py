"""Tokenizers and text encoders that fit each other, built in memory: nothing is fetched."""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import sentencepiece
from tokenizers import Tokenizer, decoders
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import TemplateProcessing
from torch import nn

from visualizer.diffusion.libraries import transformers

WIDTH = 32
"""How long the vectors of the tiny text encoders are."""

WORDS = (
    *("a", "the", "and", "on", "red", "blue", "green", "gray", "cat", "dog", "circle", "square"),
    *("house", "above", "large", "small", "photo", "of", "painting", "blurry", "sea", "night"),
)
"""Words of one token each; any other is spelled in letters."""

_PRINTABLE = tuple(chr(code) for code in range(33, 127))


def clip_tokenizer(limit: int = 77) -> Any:
    """A CLIPTokenizer: byte-level pairs, at most `limit` tokens with its two marks."""
    vocabulary, merges = byte_pairs(WORDS, end_of_word="</w>")
    marks = {"<|startoftext|>": len(vocabulary), "<|endoftext|>": len(vocabulary) + 1}
    return transformers.CLIPTokenizer(
        vocab=vocabulary | marks, merges=merges, model_max_length=limit
    )


def byte_pairs(
    words: tuple[str, ...], end_of_word: str = ""
) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """The vocabulary and the merges of a byte-level BPE that knows every byte and `words`."""
    letters = sorted(ByteLevel.alphabet())
    merges: dict[tuple[str, str], None] = {}
    for word in words:
        pieces = [*word[:-1], word[-1] + end_of_word]
        while len(pieces) > 1:
            merges[pieces[0], pieces[1]] = None
            pieces = [pieces[0] + pieces[1], *pieces[2:]]
    endings = [letter + end_of_word for letter in letters]
    tokens = dict.fromkeys([*letters, *endings, *(first + second for first, second in merges)])
    return {token: index for index, token in enumerate(tokens)}, list(merges)


def clip_config(*, width: int = WIDTH, **config: Any) -> Any:
    """The configuration of a tiny CLIP text encoder for `clip_tokenizer`."""
    tokenizer = clip_tokenizer()
    return transformers.CLIPTextConfig(
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        hidden_size=width,
        projection_dim=width,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        initializer_factor=4.0,  # else every token's vector is nearly the same
        **config,
    )


def clip_encoder(*, projection: bool = False, width: int = WIDTH, **config: Any) -> Any:
    """A tiny CLIPTextModel, or one that also projects the whole prompt into one vector."""
    name = "CLIPTextModelWithProjection" if projection else "CLIPTextModel"
    return getattr(transformers, name)(clip_config(width=width, **config))


def clip_vision_encoder() -> Any:
    """A tiny CLIPVisionModelWithProjection of 28 × 28 pixels."""
    return transformers.CLIPVisionModelWithProjection(
        transformers.CLIPVisionConfig(
            hidden_size=WIDTH,
            projection_dim=WIDTH,
            intermediate_size=37,
            num_attention_heads=4,
            num_hidden_layers=1,
            image_size=28,
            patch_size=14,
        )
    )


def clip_image_processor() -> Any:
    return transformers.CLIPImageProcessor(crop_size=28, size=28)


def unigrams(*marks: str) -> list[tuple[str, float]]:
    """The pieces of a Unigram model with their log probabilities: marks, words and letters."""
    words = [(f"▁{word}", -2.0) for word in WORDS]
    letters = [(letter, -8.0) for letter in ("▁", *_PRINTABLE)]
    return [*((mark, 0.0) for mark in marks), *dict([*letters, *words]).items()]


def t5_tokenizer(limit: int = 512) -> Any:
    """A T5Tokenizer: pieces by Unigram, ending with </s>."""
    return transformers.T5Tokenizer(
        vocab=unigrams("<pad>", "</s>", "<unk>"), extra_ids=0, model_max_length=limit
    )


def t5_encoder(kind: str = "T5") -> Any:
    """A tiny T5EncoderModel, or UMT5EncoderModel, for `t5_tokenizer`."""
    return getattr(transformers, f"{kind}EncoderModel")(
        getattr(transformers, f"{kind}Config")(
            vocab_size=len(t5_tokenizer()),
            d_model=WIDTH,
            d_kv=8,
            d_ff=37,
            num_layers=2,
            num_heads=4,
            relative_attention_num_buckets=8,
            relative_attention_max_distance=32,
        )
    )


def glm_tokenizer(limit: int = 1024) -> Any:
    """The tokenizer of GLM-4: byte-level pairs after the marks [gMASK] and <sop>."""
    spaced = tuple(f"Ġ{word}" for word in WORDS)
    vocabulary, merges = byte_pairs(spaced)
    marks = ("[gMASK]", "<sop>", "<|endoftext|>")
    vocabulary |= {mark: len(vocabulary) + index for index, mark in enumerate(marks)}
    pieces = Tokenizer(BPE(vocab=vocabulary, merges=merges))
    pieces.pre_tokenizer = ByteLevel()
    pieces.decoder = decoders.ByteLevel()
    pieces.post_processor = TemplateProcessing(
        single=[*marks[:2], "$A"], special_tokens=[(mark, vocabulary[mark]) for mark in marks[:2]]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=pieces,
        pad_token=marks[2],
        eos_token=marks[2],
        padding_side="left",
        model_max_length=limit,
    )


def glm_encoder() -> Any:
    """A tiny GlmModel for `glm_tokenizer`."""
    tokenizer = glm_tokenizer()
    return transformers.GlmModel(
        transformers.GlmConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=37,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
            pad_token_id=tokenizer.pad_token_id,
            eos_token_id=tokenizer.eos_token_id,
            initializer_range=0.2,
        )
    )


def bert_tokenizer(limit: int = 77) -> Any:
    """A BertTokenizer: whole words, or their letters."""
    marks = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    tokens = [*marks, *_PRINTABLE, *(f"##{letter}" for letter in _PRINTABLE), *WORDS]
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    return transformers.BertTokenizer(vocab=vocabulary, model_max_length=limit)


def bert_encoder() -> Any:
    """A tiny BertModel for `bert_tokenizer`."""
    return transformers.BertModel(
        transformers.BertConfig(
            vocab_size=len(bert_tokenizer()),
            hidden_size=WIDTH,
            intermediate_size=37,
            num_attention_heads=4,
            num_hidden_layers=2,
        )
    )


def xlm_roberta_tokenizer(limit: int = 77) -> Any:
    """An XLMRobertaTokenizer: the Unigram pieces of T5 with other marks."""
    return transformers.XLMRobertaTokenizer(
        vocab=unigrams("<s>", "<pad>", "</s>", "<unk>", "<mask>"), model_max_length=limit
    )


def multilingual_clip() -> Any:
    """A tiny MultilingualCLIP, XLM-RoBERTa with a projection, for `xlm_roberta_tokenizer`."""
    from diffusers.pipelines.kandinsky.text_encoder import MCLIPConfig, MultilingualCLIP

    tokenizer = xlm_roberta_tokenizer()
    return MultilingualCLIP(
        MCLIPConfig(
            numDims=WIDTH,
            transformerDimensions=WIDTH,
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=37,
            num_attention_heads=4,
            num_hidden_layers=2,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


@cache
def _chatglm_pieces() -> Path:
    """A file of the pieces that sentencepiece learns from our few words."""
    learned = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(WORDS), " ".join(_PRINTABLE)]),
        model_writer=learned,
        model_type="bpe",
        vocab_size=160,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    folder = Path(tempfile.mkdtemp(prefix="chatglm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "tokenizer.model"
    file.write_bytes(learned.getvalue())
    return file


def chatglm_tokenizer() -> Any:
    """A ChatGLMTokenizer, which reads its pieces from a file and pads on the left."""
    from diffusers.pipelines.kolors import ChatGLMTokenizer

    return ChatGLMTokenizer(str(_chatglm_pieces()))


def chatglm_encoder() -> Any:
    """A tiny ChatGLMModel for `chatglm_tokenizer`."""
    from diffusers.pipelines.kolors import ChatGLMModel
    from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, RMSNorm

    config = ChatGLMConfig(
        num_layers=2,
        padded_vocab_size=chatglm_tokenizer().vocab_size,
        hidden_size=WIDTH,
        ffn_hidden_size=37,
        kv_channels=8,
        num_attention_heads=4,
        seq_length=256,
        add_qkv_bias=True,
        multi_query_attention=True,
        multi_query_group_num=2,
        original_rope=True,
    )
    model = ChatGLMModel(config, empty_init=False)
    for part in model.modules():
        if isinstance(part, RMSNorm):
            nn.init.ones_(part.weight)  # left as whatever the memory held
    return model
