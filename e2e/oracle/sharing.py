"""Keeps the set small: equal features are stored once for all cases, and arrays that follow from others are left out."""
from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import numpy as np

from record import compact_json

# chunks after the third are plain cuts of the features; a batch's head output follows from its encoder output
LEFT_OUT = re.compile(r"stream\..*\.chunk\.([3-9]|\d\d+)|batch\.(ctc_)?log_probs|.*untaught.*\.single\.[12]\.teacher_log_probs")
FEATURES = re.compile(r"single\.\d+\.features")


def share_features(out: Path) -> None:
    """Moves `single.<i>.features` of every case into features/, named by content; a second run finds nothing to do."""
    folder = out / "features"
    folder.mkdir(exist_ok=True)
    for case_json in sorted(out.glob("*/expected.json")):
        move_features(case_json, folder)
    used = {Path(entry["features_file"]).name for file in out.glob("*/expected.json")
            for entry in json.loads(file.read_text("utf8")).get("stages", {}).get("single", []) if "features_file" in entry}
    for file in folder.glob("*.npz"):
        if file.name not in used:
            file.unlink()


def move_features(case_json: Path, folder: Path) -> None:
    arrays_path = case_json.with_name("expected.npz")
    if not arrays_path.exists():
        return
    with np.load(arrays_path) as stored:
        arrays = {name: stored[name] for name in stored if not LEFT_OUT.fullmatch(name)}
        names = [name for name in arrays if FEATURES.fullmatch(name)]
        if not names and len(arrays) == len(stored.files):
            return
    content = json.loads(case_json.read_text("utf8"))
    for name in names:
        data = np.ascontiguousarray(arrays.pop(name))
        key = hashlib.sha1(data.tobytes()).hexdigest()[:12]
        if not (folder / f"{key}.npz").exists():
            np.savez_compressed(folder / f"{key}.npz", features=data)
        content["stages"]["single"][int(name.split(".")[1])]["features_file"] = f"../features/{key}.npz"
    np.savez_compressed(arrays_path, **arrays)
    case_json.write_text(compact_json(content), "utf8")
