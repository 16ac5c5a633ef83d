"""Writes what is said about training, and about the autoencoders."""

from __future__ import annotations

from shown_rows import RESULTS, table, tsv

from comrec.apps.autoencoder import measure
from comrec.apps.autoencoder.measure import Row

ESTIMATORS = {
    "none": "none (ComCNN is frozen)", "bypass": "`bypass` (the paper)",
    "released": "`released` (the authors' code)", "ste": "`ste`",
}  # fmt: skip
WAYS = {
    "plain": "none: bicubic reduction", "alternating": "alternately, at 3/2 and 2",
    "joint": "jointly with RecCNN, at 3/2 and 2", "all": "alternately, at all three",
}  # fmt: skip
SETS = {"mnist-dense": "mnist", "mnist-cnn": "mnist", "cifar100-conv": "cifar100"}
LATENTS = 16, 32, 64, 128, 196


def estimators() -> str:
    lines = [
        (
            ESTIMATORS[row["estimator"]],
            "yes" if float(row["rate_weight"]) else "no",
            f"{float(row['psnr_db']):.2f}",
            f"{float(row['fixed_psnr_db']):.2f}",
            f"{100 * float(row['fixed_bytes_ratio']):.0f} %",
            f"{float(row['compact_s']):.0f}",
        )
        for row in tsv("estimators")
    ]
    head = ["estimator", "rate term", "dB at equal bytes", "dB at quality 50",
            "its bytes, of plain QF 10", "seconds for ComCNN"]  # fmt: skip
    return table(head, *lines)


def comcnn() -> str:
    rows = tsv("comcnn")
    lines = [
        (label, *(f"{float(r['gain_db']):.2f}" for r in rows if r["way"] == way))
        for way, label in zip(
            dict.fromkeys(row["way"] for row in rows), WAYS.values(), strict=True
        )
    ]
    head = ["ComCNN learns", "scale 1, 0.25 bpp", "0.5 bpp", "1 bpp",
            "scale 3/2, 0.25 bpp", "scale 2, 0.15 bpp", "0.25 bpp"]  # fmt: skip
    return table(head, *lines)


def rows(name: str) -> list[Row]:
    return measure.read(RESULTS / "autoencoder" / f"{name}.tsv")


def find(some: list[Row], codec: str, setting: str) -> Row:
    (row,) = [row for row in some if (row.codec, row.setting) == (codec, setting)]
    return row


def in_bytes(row: Row) -> str:
    return f"{row.psnr_db:.2f} in {row.file_bytes:,.0f} bytes"


def autoencoders() -> str:
    lines = []
    for name, of in SETS.items():
        some = rows(of)
        plain, eight = find(some, name, "float"), find(some, name, "8")
        pca = [
            row
            for row in some
            if (row.codec, row.latent_values) == ("pca", plain.latent_values)
        ]
        jpeg = measure.find_nearest_jpeg(some, eight.file_bytes)
        lines.append((
            f"`{name}`", f"{plain.latent_values} ({100 * plain.share:.0f} %)",
            f"{pca[0].psnr_db:.2f}" if pca else "", f"{plain.psnr_db:.2f}",
            in_bytes(eight), in_bytes(jpeg),
            f"{find(some, 'png', '').file_bytes:,.0f} bytes",
        ))  # fmt: skip
    head = ["model", "numbers kept", "PCA, float", "float", ".crae", "JPEG", "PNG"]
    return table(head, *lines)


def autoencoder_photo() -> str:
    some = rows("photo")
    ours = find(some, "cifar100-conv", "8")
    jpeg = measure.find_nearest_jpeg(some, ours.file_bytes)
    comrec = measure.find_nearest(some, "comrec-lite", ours.file_bytes)
    said = [
        f"{r.psnr_db:.2f} dB in {r.file_bytes:,.0f} bytes" for r in (ours, jpeg, comrec)
    ]
    return (
        f"On the bundled photo `cifar100-conv` has {said[0]},\nJPEG {said[1]}, and "
        f"comrec-lite {said[2]}."
    )


def quantised() -> str:
    some = rows("quantised")
    lines = [
        (label, *(in_bytes(find(some, f"mnist-dense-{name}", bits)) for bits in "832"))
        for label, name in (
            ("unquantised", "control"), ("noise", "noise"), ("straight through", "ste"),
        )
    ]  # fmt: skip
    return table(["three more epochs", "8 bits", "3 bits", "2 bits"], *lines)


def sizes() -> str:
    lines = []
    for label, name in (("PCA", "pca"), ("dense", "mnist-dense"), ("cnn", "mnist-cnn")):
        found = {r.latent_values: r.psnr_db for r in rows("sweep") if name in r.codec}
        lines.append(
            (label, *(f"{found[n]:.2f}" if n in found else "" for n in LATENTS))
        )
    return table(["numbers kept", *map(str, LATENTS)], *lines)


BLOCKS = {
    "estimators": estimators, "comcnn": comcnn, "autoencoders": autoencoders,
    "autoencoder-photo": autoencoder_photo, "quantised": quantised, "sizes": sizes,
}  # fmt: skip
