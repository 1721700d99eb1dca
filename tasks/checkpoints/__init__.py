"""Checkpoints as they lie on disk: safetensors headers, shards, tensors on demand, and the role each tensor plays.

>>> model = open_checkpoint(Path("submissions/t1/model"))
>>> model.read("model.embed_tokens.weight").shape
(480, 96)
>>> assign_roles(model)[0].component
'language_model'

Shared by the stages and knows none of them. Nothing is built or executed: a header says what is there, and one tensor at a
time is read.
"""

from tasks.checkpoints.checkpoint import Checkpoint, open_checkpoint
from tasks.checkpoints.quantised_tensor import QuantisedTensor
from tasks.checkpoints.roles import TensorRole, assign_roles, roles_of
from tasks.checkpoints.safetensors_header import TensorEntry

__all__ = ["Checkpoint", "QuantisedTensor", "TensorEntry", "TensorRole", "assign_roles", "open_checkpoint", "roles_of"]
