"""A decoder after docs/format.md alone: nothing here knows comrec's code."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import re
import zlib
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

ROOT = Path(__file__).parents[2]
PRESETS = json.loads((ROOT / "comrec" / "networks" / "presets.json").read_bytes())
YCBCR = np.array([
    [0.299, 0.587, 0.114], [-0.168735892, -0.331264108, 0.5],
    [0.5, -0.418687589, -0.081312411],
])  # fmt: skip
MARKER = b"comrec\0"


class Refused(Exception):
    """The files are not a whole pair."""


def segments(jpeg: bytes) -> list[tuple[int, bytes, bytes]]:
    """Marker, content, and the whole segment as it stands in the file."""
    found, at = [], 2
    while True:
        start = at
        while jpeg[at : at + 2] == b"\xff\xff":
            at += 1
        if jpeg[at : at + 1] != b"\xff" or at + 1 >= len(jpeg):
            raise Refused("no marker")
        marker = jpeg[at + 1]
        if marker == 0xD9:
            return found
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        content = jpeg[at + 4 : end]
        if end > len(jpeg) or len(found) > 100_000:
            raise Refused("bad segment")
        if marker == 0xDA:
            after = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]").search(jpeg, end)
            if not after:
                raise Refused("cut off")
            end = after.start()
        found.append((marker, content, jpeg[start:end]))
        at = end


def is_metadata(marker: int) -> bool:
    return 0xE0 <= marker <= 0xEF or marker == 0xFE


def records(jpeg: bytes, sidecar: bytes | None) -> list[dict]:
    """Candidates: preset, size, scale, alpha, crc."""
    marked = [
        content[len(MARKER) :]
        for marker, content, _ in segments(jpeg)
        if marker == 0xEB and content.startswith(MARKER)
    ]
    data = b"".join(marked)
    if data:
        preset = next(p for p in PRESETS if p["number"] == data[1])
        scale = data[2] % 128 + (0.5 if data[2] >= 128 else 0)
        size = [int.from_bytes(data[3:6], "big"), int.from_bytes(data[6:9], "big")]
        crc = int.from_bytes(data[9:13], "big")
        return [
            {"version": data[0], "preset": preset, "size": size, "scale": scale,
             "alpha": data[13:], "crc": crc}
        ]  # fmt: skip
    if sidecar is None:
        raise Refused("the sidecar is lost")
    found = []
    for line in sidecar.splitlines():
        fields = json.loads(line)
        preset = next(p for p in PRESETS if p["name"] == fields["preset"])
        found.append(
            {"version": fields["comrec"], "preset": preset, "size": fields["size"],
             "scale": fields.get("scale", preset["scales"][0]),
             "alpha": base64.b64decode(fields.get("alpha", "")),
             "crc": int(fields["crc"], 16)}
        )  # fmt: skip
    return found


def checksum(record: dict, coded: bytes) -> int:
    preset, scale = record["preset"], record["scale"]
    weights = preset["weights"]
    hashes = [weights[n]["sha256"][:8] for n in ("comcnn", "reccnn") if n in weights]
    spelled = str(int(scale)) if scale == int(scale) else str(scale)
    width, height = record["size"]
    text = f"('{preset['name']}', '{'-'.join(hashes)}', {width}, {height}, {spelled})"
    return zlib.crc32(text.encode() + record["alpha"] + coded)


def decode_jpeg(bare: bytes, space: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels in [0, 1], and the two quantisation tables."""
    with JpegImageFile(io.BytesIO(bare)) as picture:
        tables = [picture.quantization[c[3]] for c in picture.layer[:2]]
        steps = np.array([tables[0], tables[-1]], float).reshape(2, 8, 8)
        if picture.mode != "L":
            picture.draft(space, picture.size)
        pixels = np.asarray(picture, np.float32) / 255
    return pixels.reshape(*pixels.shape[:2], -1), steps


def kernel(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def enlarging(size: int, scale: float) -> np.ndarray:
    """(outputs, size): the weights of one axis, with what is repeated at its end."""
    outputs = math.ceil(size * scale)
    n = math.ceil(outputs / scale)
    matrix = np.zeros((outputs, n))
    for i in range(outputs):
        c = (i + 0.5) / scale
        j = np.arange(max(0, math.floor(c - 1.5)), min(n, math.floor(c + 2.5)))
        weights = kernel(j + 0.5 - c)
        matrix[i, j] = weights / weights.sum()
    repeated = np.zeros((n, size))
    repeated[np.arange(n), np.minimum(np.arange(n), size - 1)] = 1
    return matrix @ repeated


def enlarge(coded: np.ndarray, scale: float, height: int, width: int) -> np.ndarray:
    if scale == 1:
        return coded
    rows, columns = (enlarging(n, scale) for n in coded.shape[:2])
    whole = np.einsum("Hh,hwc,Ww->HWc", rows, coded, columns, optimize=True)
    return whole[:height, :width].astype(np.float32)


def condition(steps: np.ndarray, scale: float) -> np.ndarray:
    t = (np.log2(np.maximum(steps, 1)) - 4) / 4
    v, u = np.mgrid[:8, :8]
    low = u + v < 4
    means = [table[part].mean() for table in t for part in (low, ~low)]
    return np.array([[*means, math.log2(scale)]], np.float32)


def residual(
    preset: dict, image: np.ndarray, steps: np.ndarray, scale: float
) -> np.ndarray:
    if not preset["onnx"]:
        return np.zeros_like(image)
    file = preset["onnx"]["reccnn"]
    weights = (ROOT / "pretrained" / file["name"]).read_bytes()
    if hashlib.sha256(weights).hexdigest() != file["sha256"]:
        raise Refused("other weights")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        weights, options, providers=["CPUExecutionProvider"]
    )
    height, width = image.shape[:2]
    more = [(0, -side % preset["multiple_px"]) for side in (height, width)]
    given = [np.pad(image, (*more, (0, 0)), mode="edge")[None]]
    if preset["family"] == "comrec":
        given.append(condition(steps, scale))
    names = [value.name for value in session.get_inputs()]
    (output,) = session.run(None, dict(zip(names, given, strict=True)))
    return output[0, :height, :width]


def decode(jpeg: bytes, sidecar: bytes | None) -> np.ndarray:
    """uint8 (H, W) or (H, W, 2 to 4)."""
    coded = b"".join(w for marker, _, w in segments(jpeg) if not is_metadata(marker))
    fitting = [r for r in records(jpeg, sidecar) if r["crc"] == checksum(r, coded)]
    if not fitting or fitting[0]["version"] != 1:
        raise Refused("no record fits")
    record = fitting[0]
    preset, scale, (width, height) = record["preset"], record["scale"], record["size"]
    bare = b"\xff\xd8" + coded + b"\xff\xd9"
    channels = preset["channels"]
    image, steps = decode_jpeg(bare, "RGB" if channels == 3 else "YCbCr")
    if image.shape[:2] != (math.ceil(height / scale), math.ceil(width / scale)):
        raise Refused("another compact size")
    is_grey = image.shape[2] == 1
    image = enlarge(image, scale, height, width)
    if is_grey and channels == 3:
        image = image.repeat(3, axis=2)
    seen = image[..., :channels]
    image = np.dstack(
        [seen + residual(preset, seen, steps, scale), image[..., channels:]]
    )
    if channels == 1 and not is_grey:
        image = (image - [0, 128 / 255, 128 / 255]) @ np.linalg.inv(YCBCR).T
    if is_grey and channels == 3:
        image = (image @ YCBCR[0])[..., None]
    pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    if record["alpha"]:
        with Image.open(io.BytesIO(record["alpha"])) as alpha:
            if (alpha.mode, alpha.size) != ("L", (width, height)):
                raise Refused("another alpha channel")
            pixels = np.dstack([pixels, np.asarray(alpha)])
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels
