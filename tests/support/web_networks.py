"""Names the network files of a released preset."""

from __future__ import annotations

from comrec.networks import presets

LITE = presets.find("comrec-lite-2")
MADE = {  # by bits; caches keep a name for ever, so its content must not change
    8: "comrec-lite-2.reccnn.1283562e.i8.bin",
    16: "comrec-lite-2.reccnn.1283562e.f16.bin",
    32: "comrec-lite-2.reccnn.1283562e.f32.bin",
}
