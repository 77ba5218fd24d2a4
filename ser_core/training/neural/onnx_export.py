"""The trained networks as one ONNX model.

Conventions: log-mel spectrograms are [clips, frames, bands] in dB.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from ser_core.features.logmel import N_MELS
from ser_core.training.neural.network import Net, normalised

_LARGE = 1000  # weights


class Served(nn.Module):
    """Nets as one: the mean of their log probabilities.

    In: log-mel [clips, frames, 64]; the baseline, an embedding as it comes out [1, nets * 2 * hidden]; and
    whether it is given, 1 or 0 [1]. Out: probabilities of the emotions [clips, 8] and genders [clips, 2], and
    the embeddings of the nets one after the other [clips, nets * 2 * hidden].
    """

    def __init__(self, nets: Sequence[Net]) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)

    def forward(
        self, log_mel: Tensor, baseline: Tensor, given: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        heard = torch.ones_like(log_mel[:, :, 0], dtype=torch.bool)
        x = normalised(log_mel, heard)
        emotions, genders, embeddings = [], [], []
        for net, own in zip(self.nets, baseline.chunk(len(self.nets), 1), strict=True):
            assert isinstance(net, Net)
            embedding = net.embed(x, heard)
            shift = given * net.shift(embedding, own.expand_as(embedding))
            emotions.append((net.emotion(embedding) + shift).log_softmax(1))
            genders.append(net.gender(embedding).log_softmax(1))
            embeddings.append(embedding)
        return (
            torch.stack(emotions).mean(0).softmax(1),
            torch.stack(genders).mean(0).softmax(1),
            torch.cat(embeddings, 1),
        )


def export(nets: Sequence[Net]) -> bytes:
    """The ONNX bytes that `ser_core.models` serves: `Served`, for any number of clips of one length.

    Parameters
    ----------
    nets : sequence of Net
        Trained, in evaluation mode.

    Returns
    -------
    bytes
        An ONNX model with large weights in half precision.
    """
    served = Served(nets).eval()
    width = nets[0].emotion.in_features * len(nets)
    clips, frames = (
        torch.export.Dim("clips", min=1, max=1000),
        torch.export.Dim("frames", min=40, max=100_000),
    )
    program = torch.onnx.export(
        served,
        (torch.zeros(2, 300, N_MELS), torch.zeros(1, width), torch.zeros(1)),
        input_names=["log_mel", "baseline", "given"],
        output_names=["emotion", "gender", "embedding"],
        dynamic_shapes={"log_mel": {0: clips, 1: frames}, "baseline": None, "given": None},
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    return _halved(_without_origin(program.model_proto))


def _without_origin(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the exporter's notes on which line of which local file each part comes from.

    They would be an eighth of the file.
    """
    graph = model.graph
    for part in (
        model,
        graph,
        *graph.node,
        *graph.value_info,
        *graph.input,
        *graph.output,
        *graph.initializer,
    ):
        part.doc_string = ""
        del part.metadata_props[:]
    return model


def _halved(model: onnx.ModelProto) -> bytes:
    """The model with its large weights in half precision, which halves the file; loading casts them back."""
    graph = model.graph
    large = [
        weights
        for weights in graph.initializer
        if weights.data_type == onnx.TensorProto.FLOAT and math.prod(weights.dims) > _LARGE
    ]
    for weights in large:
        half = onnx.numpy_helper.from_array(
            onnx.numpy_helper.to_array(weights).astype(np.float16), f"{weights.name}.half"
        )
        graph.initializer.remove(weights)
        graph.initializer.append(half)
        graph.node.insert(
            0, onnx.helper.make_node("Cast", [half.name], [weights.name], to=onnx.TensorProto.FLOAT)
        )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
