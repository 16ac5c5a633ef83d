"""Trains on several devices, in one process or in several processes.

Keras splits each batch over the devices and keeps a full copy of every variable on
each device (`DataParallel`). The result is that of one device, but for the order of
sums. Only the JAX backend supports this.
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
# Time that a failed process gives the others to fail too; JAX would give 300 s.
SHUTDOWN_S = 5.0


class Parallel(AbstractContextManager["Parallel"]):
    """Describes the devices and the processes of a run; by default, one of each.

    All processes must call `check` and `run_on_first` in the same order, or the
    processes would wait for each other. Used as a context, a failure in one process
    ends the others.

    Args:
      is_mine: for each device in turn, whether the device belongs to this process.
      processes: number of processes.
      process: number of this process, from 0.
    """

    def __init__(
        self, is_mine: Sequence[bool] = (True,), processes: int = 1, process: int = 0
    ) -> None:
        self.is_mine, self.processes, self.process = is_mine, processes, process
        self.distribution: keras.distribution.DataParallel | None = None
        self._copies: dict[keras.Model, keras.Model] = {}

    def __exit__(self, kind: Any, failure: BaseException | None, trace: Any) -> None:
        if failure is None or self.processes == 1:
            return
        timer = threading.Timer(SHUTDOWN_S, os._exit, (1,))
        timer.daemon = True
        timer.start()
        if "Gloo" in str(failure):  # what connects CPUs
            raise ComrecError(
                "another process of this run has ended. Start all again with `resume`"
            ) from failure

    def scope(self) -> AbstractContextManager[None]:
        """Returns the context in which models are built, compiled and trained.

        Models are run outside of the context.
        """
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
        if checksum != self.run_on_first(lambda: checksum):
            raise UsageError(
                f"process {self.process} must have the config and pictures of process 0"
            )

    def take_share(self, batch: np.ndarray) -> np.ndarray:
        """Returns the rows of a batch (B, ...) for the devices of this process."""
        return batch[np.repeat(self.is_mine, len(batch) // len(self.is_mine))]

    def copy_local(self, model: keras.Model) -> keras.Model:
        """Returns the model with its present weights, for inputs of this process alone.

        The result is a copy where the variables of the model are on several devices.
        """
        if not self.distribution:
            return model
        if model not in self._copies:  # whose variables are on one device
            self._copies[model] = type(model).from_config(model.get_config())
        self._copies[model].set_weights(model.get_weights())
        return self._copies[model]

    def run_on_first(self, act: Callable[[], T]) -> T:
        """Calls `act` in process 0 alone, and returns its result in all processes.

        Raises:
          ComrecError: as `act` raised in process 0, in all processes.
        """
        if self.processes == 1:
            return act()
        message = b""
        if self.process == 0:
            try:
                message = pickle.dumps((act(), None))
            except ComrecError as err:
                message = pickle.dumps((None, err))
        result, error = pickle.loads(_receive_from_first(message))
        if error:
            raise error
        return result


def join(address: str = "", processes: int = 1, process: int = 0) -> Parallel:
    """Connects to the other processes of a run, before anything is computed.

    On JAX, each process uses all its devices; other backends have one process and one
    device. JAX ends a process with its own message if the others do not connect in
    five minutes.

    Args:
      address: HOST:PORT, where process 0 listens.
      processes: number of processes.
      process: number of this process, from 0.

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


def _receive_from_first(message: bytes) -> bytes:
    """Returns the message of process 0, padded with zeros."""
    from jax.experimental.multihost_utils import broadcast_one_to_all

    size = int(broadcast_one_to_all(np.int32(len(message))))
    # JAX compiles anew for each size, so only powers of two are used.
    padded_bytes = 1 << size.bit_length()
    padded = np.frombuffer(message.ljust(padded_bytes, b"\0"), np.uint8)
    return broadcast_one_to_all(padded).tobytes()
