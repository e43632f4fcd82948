"""Files to hand on: a run made small for `replay` (`export --run`), and samples (`sample`)."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from animegan_helpers.files import WriteError, unused, write_bytes, write_text
from animegan_helpers.pictures import make_grid
from animegan_helpers.replay import load_grids, load_history


def export_run(run: Path | str, folder: Path | str, rows: int = 50, limit: int = 4_500_000) -> None:
    """Writes a run's curves, its measures if it has any, and its grids into a new folder.

    rows: keep at most so many steps of each epoch, evenly spaced, the last step among them. They
        stay as they were: a mean would hide how unsteady the losses are.
    limit: bytes that all grids together may take; the grids of a long run are of lower quality.
    Raises ValueError where the folder is there already, or the run has no finished epoch.
    """
    run, folder = Path(run), unused(folder)
    steps_per_epoch = load_history(run)[1]
    grids = load_grids(run)
    header, *steps = (run / "history.csv").read_text(encoding="utf-8").splitlines()
    every = -(-steps_per_epoch // rows)
    kept = [
        step
        for index, step in enumerate(steps[: max(grids) * steps_per_epoch])
        if (steps_per_epoch - 1 - index) % steps_per_epoch % every == 0
    ]
    write_text(folder / "history.csv", "\n".join([header, *kept]) + "\n")
    if (run / "measures.csv").is_file():
        write_text(folder / "measures.csv", (run / "measures.csv").read_text(encoding="utf-8"))
    for epoch, grid in small_enough(grids, limit).items():
        write_bytes(folder / "grids" / f"epoch-{epoch:04d}.webp", grid)


def small_enough(grids: dict[int, Image.Image], limit: int) -> dict[int, bytes]:
    """The grids as WebP files of the best quality, 60 to 20, that keeps them within `limit` bytes.

    At quality 20 they may be larger than that.
    """
    for quality in range(60, 19, -5):
        files = {epoch: webp_bytes(grid, quality) for epoch, grid in grids.items()}
        if sum(map(len, files.values())) <= limit:
            break
    return files


def webp_bytes(picture: Image.Image, quality: int) -> bytes:
    """The WebP file of an image."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=6)
    return buffer.getvalue()


def check_samples_target(out: Path) -> None:
    """Raises WriteError where `out` is there already, or is a kind of file that is not written."""
    if out.suffix.lower() in (".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".npz"):
        raise WriteError(
            f"{out}: samples go into FILE.npy, FILE.png as a grid, or a folder as one PNG each"
        )
    is_empty_folder = out.is_dir() and not any(out.iterdir())
    if not is_empty_folder:
        unused(out)


def save_samples(images: np.ndarray, out: Path) -> None:
    """Writes uint8 images (N, 64, 64, 3): a .npy file, a grid in a .png file, or a folder of PNGs.

    Raises WriteError as `check_samples_target` does.
    """
    check_samples_target(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    kind = out.suffix.lower()
    if kind == ".npy":
        with out.open("wb") as file:  # given a name, NumPy would add ".npy" to "a.NPY"
            np.save(file, images)
    elif kind == ".png":
        columns = int(np.ceil(np.sqrt(len(images))))
        make_grid(images.transpose(0, 3, 1, 2), columns).save(out)
    else:
        out.mkdir(exist_ok=True)
        for k, image in enumerate(images):
            Image.fromarray(image).save(out / f"{k:05d}.png")
