"""The work of a training step as one CUDA graph: launched at once, not kernel by kernel.

A small network on a large GPU waits for its kernels to be launched more than for their arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

WARM_UPS = 3
"""Steps before the capture, in which libraries choose their ways and make room."""


class CapturedStep:
    """Work on tensors that stay where they are: captured once, then replayed on other values.

    The work must leave its gradients in place (they keep their memory from one step to the next)
    and must ask the GPU for nothing. Where it cannot be captured, it is done as it stands.
    """

    def __init__(
        self,
        work: Callable[..., torch.Tensor],
        inputs: Sequence[torch.Tensor],
        gradients_of: Sequence[torch.nn.Parameter],
    ) -> None:
        """
        Args:
            work: takes tensors like `inputs`, adds to the gradients, returns the loss.
            inputs: of one step.
            gradients_of: what it leaves gradients for.
        """
        self._work = work
        self._parameters = list(gradients_of)
        self._inputs: list[torch.Tensor] = []
        self._graph: torch.cuda.CUDAGraph | None = None
        self._loss = torch.zeros(())
        self._gradients: list[torch.Tensor | None] = []
        self.failure = ""
        """Why it is not captured, as the library says it."""
        if not all(tensor.is_cuda for tensor in inputs):
            self.failure = "there is no CUDA device"
            return
        try:
            self._capture(inputs)
        except RuntimeError as error:
            self._graph, self.failure = None, str(error)

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Do the work on these: gradients are set, not added to; returns the loss."""
        if self._graph is None:
            for parameter in self._parameters:
                parameter.grad = None
            return self._work(*inputs).detach()
        for place, tensor in zip(self._inputs, inputs, strict=True):
            place.copy_(tensor)
        self._graph.replay()
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient
        return self._loss.clone()

    def _capture(self, inputs: Sequence[torch.Tensor]) -> None:
        self._inputs = [tensor.clone(memory_format=torch.preserve_format) for tensor in inputs]
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                self._forget()
                self._work(*self._inputs)
        torch.cuda.current_stream().wait_stream(aside)
        self._forget()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):  # gradients made in here get their place in its memory
            self._loss = self._work(*self._inputs).detach()
        self._graph = graph
        self._gradients = [parameter.grad for parameter in self._parameters]

    def _forget(self) -> None:
        for parameter in self._parameters:
            parameter.grad = None
