"""Training on several devices, in one process or several: who feeds and writes what.

Keras splits each batch over the devices and keeps every variable whole on all of them
(`DataParallel`): a step is that of one device, summed in another order. JAX alone can.
"""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import keras
import numpy as np

from comrec.errors import ComrecError, UsageError

T = TypeVar("T")
FAREWELL_S = 5.0  # that a failed process gives the others to fail too; JAX gives 300


class Parallel(AbstractContextManager["Parallel"]):
    """The devices of a run: one, if nothing else is said.

    All processes call `check` and `first` alike, or they would wait for each other. As
    a context it lets none wait for one that failed.

    Args:
      is_mine: for each device in turn, whether it belongs to this process.
      processes, process: how many there are, and which one this is, from 0.
    """

    def __init__(
        self, is_mine: Sequence[bool] = (True,), processes: int = 1, process: int = 0
    ) -> None:
        self.is_mine, self.processes, self.process = is_mine, processes, process
        self.distribution: keras.distribution.DataParallel | None = None
        self._twins: dict[keras.Model, keras.Model] = {}

    def __exit__(self, kind: Any, failure: BaseException | None, trace: Any) -> None:
        if failure is None or self.processes == 1:
            return
        timer = threading.Timer(FAREWELL_S, os._exit, (1,))
        timer.daemon = True
        timer.start()
        if "Gloo" in str(failure):  # what connects CPUs
            raise ComrecError(
                "another process of this run has ended. Start all again with --resume"
            ) from failure

    def scope(self) -> AbstractContextManager[None]:
        """Models are built, compiled and trained inside it, and run outside."""
        return self.distribution.scope() if self.distribution else nullcontext()

    def check(self, batch: int, checksum: int) -> None:
        """Checks that the devices and processes can train together.

        Args:
          batch: patches in a batch, of all devices together.
          checksum: of the config and the pictures of this process.

        Raises:
          UsageError: the processes have different numbers of devices, the batch does
            not divide among the devices, or a process has another checksum.
        """
        devices, mine = len(self.is_mine), sum(self.is_mine)
        if mine * self.processes != devices:
            raise UsageError(
                f"processes need equally many devices. Received: {mine} of {devices}"
            )
        if batch % devices:
            raise UsageError(
                f"batch must divide among {devices} devices. Received: {batch}"
            )
        if checksum != self.first(lambda: checksum):
            raise UsageError(
                f"process {self.process} must have the config and pictures of process 0"
            )

    def share(self, batch: np.ndarray) -> np.ndarray:
        """The rows of a batch (B, ...) that this process feeds: a block a device."""
        return batch[np.repeat(self.is_mine, len(batch) // len(self.is_mine))]

    def local(self, model: keras.Model) -> keras.Model:
        """The model as it stands, to be run on what this process alone has."""
        if not self.distribution:
            return model
        if model not in self._twins:  # whose variables live on one device
            self._twins[model] = type(model).from_config(model.get_config())
        self._twins[model].set_weights(model.get_weights())
        return self._twins[model]

    def first(self, act: Callable[[], T]) -> T:
        """What `act` returns in process 0, which alone does it, or its ComrecError."""
        if self.processes == 1:
            return act()
        message = b""
        if self.process == 0:
            try:
                message = pickle.dumps((act(), None))
            except ComrecError as err:
                message = pickle.dumps((None, err))
        result, error = pickle.loads(_from_first(message))
        if error:
            raise error
        return result


def join(address: str = "", processes: int = 1, process: int = 0) -> Parallel:
    """Meets the other processes of a run; to be called before anything is computed.

    On JAX each brings all its devices; other backends have one process and one device.
    JAX ends a process, in its own words, if the others do not come in five minutes.

    Args:
      address: HOST:PORT, where process 0 listens.
      processes, process: how many there are, and which one this is, from 0.

    Raises:
      UsageError: several processes on another backend, or the port is not free.
    """
    backend = keras.backend.backend()
    if backend != "jax":
        if processes == 1:
            return Parallel()
        raise UsageError(f"several processes need KERAS_BACKEND=jax, not {backend}")
    import jax

    if processes > 1:
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        keras.utils.set_random_seed(0)  # else Keras has all processes agree on one
        try:
            keras.distribution.initialize(address, processes, process)
        except RuntimeError as err:
            raise UsageError(f"{address}: the processes cannot meet ({err})") from err
    is_mine = [device.process_index == process for device in jax.devices()]
    joined = Parallel(is_mine, processes, process)
    if len(is_mine) > 1:
        joined.distribution = keras.distribution.DataParallel(auto_shard_dataset=False)
    return joined


def _from_first(message: bytes) -> bytes:
    """The message of process 0, and some zeros."""
    from jax.experimental.multihost_utils import broadcast_one_to_all

    size = int(broadcast_one_to_all(np.int32(len(message))))
    room = 1 << size.bit_length()  # JAX compiles for each size anew, so there are few
    padded = np.frombuffer(message.ljust(room, b"\0"), np.uint8)
    return broadcast_one_to_all(padded).tobytes()
