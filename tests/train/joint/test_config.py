"""The config of an end-to-end run is read, written and checked."""

import json
import math
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="needs the train extra")

from joint_runs import TINY

from comrec.errors import UsageError
from comrec.train.joint.config import JointConfig

FOLDER = Path(__file__).parents[3] / "experiments" / "configs"


def test_the_shipped_configs_load_and_survive_json(tmp_path):
    paths = [*FOLDER.glob("comrec-*.json")]
    assert paths
    for path in paths:
        config = JointConfig.load(path)
        (tmp_path / path.name).write_text(config.dump())
        assert JointConfig.load(tmp_path / path.name) == config
        assert len(config.quick().stages) == len(config.stages)


STAGE = {"learns": "reccnn", "epochs": 1, "rate_start": 0.1, "rate_end": 0.1}


BAD_STAGE = {"learns": "reccnn", "epochs": 0, "rate_start": 1, "rate_end": 1}


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("sead", 1, "unknown settings sead"),
        ("stages", [], "stages must be one or more"),
        ("stages", 3, "stages must be one or more"),
        ("stages", [{}], "no epochs, learns, rate_end, rate_start in a stage"),
        ("stages", [BAD_STAGE | {"x": 1}], "unknown settings x"),
        ("stages", [BAD_STAGE], "whole epochs"),
        ("stages", [BAD_STAGE | {"epochs": 1, "learns": "all"}], "whole epochs"),
        ("stages", [STAGE | {"average": 1}], "average from 0 to below 1"),
        ("stages", [STAGE | {"average": "0"}], "average from 0 to below 1"),
        ("stages", [7], "a stage must be an object"),
        ("widths", [], "widths must be whole numbers from 1"),
        ("widths", 64, "widths must be whole numbers from 1"),
        ("widths", [4, 6], r"blocks must be 2n - 1 .* Received: \(1,\)"),
        ("blocks", [1.5], "blocks must be whole numbers from 1"),
        ("scales", [1, 1], "scales must be different multiples of a half from 1 to 8"),
        ("scales", [1, 1.2], "scales must be different multiples of a half"),
        ("scales", [1, "2"], "scales must be different multiples of a half"),
        ("scales", [1], "scale_shares must be one for each of the scales"),
        ("scale_shares", [0.6, 0.5], "scale_shares must be numbers .* sum is 1"),
        ("scale_shares", ["a", 1], "scale_shares must be numbers .* sum is 1"),
        ("scale_shares", [-1, 2], "scale_shares must be numbers .* sum is 1"),
        ("compact_scales", [3], "compact_scales must be among scales"),
        ("compact_scales", [], "compact_scales must be one or more where ComCNN"),
        ("qualities", [[3, 92]], "qualities must be one for each of the scales"),
        ("qualities", [[92, 3], [6, 92]], "1 <= low <= high <= 100"),
        ("qualities", [[3, 101], [6, 92]], "1 <= low <= high <= 100"),
        ("tables", ["flat", "round"], "tables must be one or more of standard, flat"),
        ("tables", ["flat"], "table_shares must be one for each of the tables"),
        ("grey_share", 1.1, "grey_share must be a number from 0 to 1"),
        ("patch_px", 48, "patch_px must be a multiple of 32"),
        ("joint_patch_px", 63, "joint_patch_px must be a multiple of 32"),
        ("scales", [1.5, 2], "patch_px must be a multiple of 96"),
        ("batch", 0, "batch must be a whole number from 1"),
        ("codings", 2.5, "codings must be a whole number from 1"),
        ("bit_price", 0, "bit_price must be a number above 0"),
        ("bit_price", math.nan, "bit_price must be a number above 0"),
        ("precision", "float8", "precision must be one of"),
        ("seed", -1, "seed must be a whole number from 0"),
        ("start", None, "start must be"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused_in_a_line(
    tmp_path, name, value, complaint
):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(TINY.dump()) | {name: value}))
    with pytest.raises(UsageError, match=rf"config\.json: .*{complaint}") as err:
        JointConfig.load(path)
    assert "\n" not in str(err.value)


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "{}", "\x00", "[" * 9999])
def test_a_file_that_is_no_config_is_refused_by_name(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"config\.json: not a training config"):
        JointConfig.load(path)
