"""Archives and pickles like those of CIFAR-100, for the tests."""

from __future__ import annotations

import io
import pickle
import tarfile

import numpy as np

from comrec.apps.autoencoder import cifar


def record(count: int = 4) -> dict:
    rows = np.arange(count * 3072).reshape(count, 3072) % 251
    return {
        b"data": rows.astype(np.uint8),
        b"fine_labels": [1, 2],
        b"batch_label": b"x",
    }


def archive(path, members: dict, kind=None):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if kind:
                info.type, info.linkname, info.size = kind, "/etc/passwd", 0
            tar.addfile(info, io.BytesIO(content))
    return path


def members(protocol: int = 2) -> dict:
    packed = pickle.dumps(record(), protocol=protocol)
    return dict.fromkeys(cifar.MEMBERS, packed)
