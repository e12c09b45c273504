"""A backbone that is not trained, as a function from images to features, in the fastest engine.

ONNX Runtime computes a frozen CNN on a CPU several times as fast as eager PyTorch. It is used where
it is installed, can export the network, and gives eager PyTorch's features; otherwise eager PyTorch
is used, and `engine` says why.
"""

import copy
import functools
import hashlib
import tempfile
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

TOLERANCE = 1e-3  # largest difference between the two engines' features that is let pass
PROBE = 4  # images on which the two engines are compared


class FrozenBackbone:
    """Images (B, 3, S, S) to features (B, D): the network in eval mode without its head.

    Parameters
    ----------
    model
        The whole network; it is copied, and not changed.
    head
        The name of its classification layer.
    image_size
        S in pixels.
    name
        What the weights are called, for `identity`.
    onnx
        False asks for eager PyTorch.
    device
        Where eager PyTorch computes; None is where the model is. ONNX Runtime serves the CPU alone.

    Attributes
    ----------
    onnx
        As asked for.
    identity
        Name, image size and sha256 of the weights: what a cache of features is known by.
    """

    def __init__(
        self,
        model: nn.Module,
        head: str,
        image_size: int,
        name: str,
        onnx: bool = True,
        device: torch.device | None = None,
    ) -> None:
        self.network = copy.deepcopy(model).eval().requires_grad_(False)
        parent, _, last = head.rpartition(".")
        setattr(self.network.get_submodule(parent), last, nn.Identity())
        self.image_size = image_size
        self.identity = f"{name} at {image_size} px, weights {weights_digest(self.network)}"
        self.device = next(self.network.parameters()).device if device is None else device
        self.network.to(self.device)
        self.onnx = onnx

    def __call__(self, images: Tensor) -> Tensor:
        """Features of a batch; float32 (B, D)."""
        session, _ = self._chosen
        if session is None:
            with torch.no_grad():
                return self.network(images.to(self.device)).float()
        given = {session.get_inputs()[0].name: images.contiguous().numpy()}
        return torch.from_numpy(session.run(None, given)[0])

    @property
    def engine(self) -> str:
        """ONNX Runtime, or eager and why; the network is exported when this is first needed."""
        return self._chosen[1]

    @functools.cached_property
    def _chosen(self):
        """A checked session of ONNX Runtime and the engine's name; (None, why not) otherwise."""
        if not self.onnx:
            return None, "eager (asked for)"
        if self.device.type != "cpu":
            return None, f"eager (the network is on {self.device.type})"
        try:
            import onnxruntime
            import onnxscript  # noqa: F401  (what torch exports with)
        except ImportError as error:
            return None, f"eager ({error.name} is not installed)"
        generator = torch.Generator().manual_seed(0)
        probe = torch.randn(PROBE, 3, self.image_size, self.image_size, generator=generator)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "backbone.onnx"
            try:
                export(self.network, probe, path)
                options = onnxruntime.SessionOptions()
                options.intra_op_num_threads = torch.get_num_threads()
                session = onnxruntime.InferenceSession(
                    path, options, providers=["CPUExecutionProvider"]
                )
            except Exception as error:  # torch.export and ONNX Runtime raise errors of their own
                return None, f"eager (no export: {type(error).__name__})"
        with torch.no_grad():
            expected = self.network(probe)
        got = torch.from_numpy(session.run(None, {session.get_inputs()[0].name: probe.numpy()})[0])
        difference = float((got - expected).abs().max())
        if not difference < TOLERANCE:
            return None, f"eager (ONNX Runtime's features differ by {difference:.1g})"
        return session, "onnxruntime"


def export(network: nn.Module, images: Tensor, path: Path) -> None:
    """Write the network as ONNX by `torch.export`, for batches of any size."""
    with warnings.catch_warnings():  # of the exporter about its own future
        warnings.simplefilter("ignore")
        shapes = ({0: torch.export.Dim.DYNAMIC},)
        program = torch.onnx.export(
            network, (images,), dynamo=True, dynamic_shapes=shapes, verbose=False
        )
    if program is None:
        raise RuntimeError("torch.onnx.export returned no program")
    program.save(path, external_data=False)


def weights_digest(network: nn.Module) -> str:
    """sha256 over names, shapes and numbers of all tensors, hexadecimal."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(f"{name}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
