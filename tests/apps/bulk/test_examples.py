"""The recipes for clusters say what Kubernetes and comrec understand."""

import csv
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import bulk_runs
import processes
import pytest
from bulk_runs import CODING, ENV, FEW, in_processes

from comrec.cli import main
from comrec.cli.commands import bulk

ROOT = Path(__file__).parents[3]
RECIPES = sorted((ROOT / "examples" / "scale").glob("*.yaml"))


def documents(path: Path) -> list[dict]:
    yaml = pytest.importorskip("yaml", reason="needs the dev extra")
    return list(yaml.safe_load_all(path.read_text()))


def commands(document: dict) -> list[list[str]]:
    pod = document.get("spec", {}).get("template", {}).get("spec", {})
    return [
        [*container["command"], *container.get("args", [])]
        for container in pod.get("containers", [])
    ]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_kubernetes_takes_the_recipes(path):
    validate = pytest.importorskip("kubernetes_validate", reason="needs the dev extra")
    found = documents(path)
    assert found
    for document in found:
        validate.validate(document, validate.latest_version(), strict=True)
    found[-1]["spec"]["template"]["spec"]["restart"] = "Never"  # no such field
    with pytest.raises(validate.ValidationError):
        validate.validate(found[-1], validate.latest_version(), strict=True)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_comrec_takes_the_commands_of_the_recipes(path):
    found = [command for document in documents(path) for command in commands(document)]
    words = [
        shlex.split(command[-1])[1:] if command[0] == "sh" else command
        for command in found
    ]
    ours = [command[1:] for command in words if command[0] == "comrec"]
    assert len(ours) == 1
    text = [word.replace("$JOB_COMPLETION_INDEX", "7") for word in ours[0]]
    args = main.parser().parse_args(text)
    assert args.command == "bulk"
    assert args.scheduler or args.shard == (7, 100)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_pictures_that_fail_are_no_reason_to_run_a_job_again(path):
    spec = documents(path)[-1]["spec"]
    (rule,) = spec["podFailurePolicy"]["rules"]
    assert rule["action"] == ("FailIndex" if "completionMode" in spec else "FailJob")
    assert rule["onExitCodes"]["values"] == [bulk.SOME_FAILED]
    pod = spec["template"]["spec"]  # Kubernetes takes such a policy of no other pod
    assert pod["restartPolicy"] == "Never"
    (container,) = pod["containers"]
    assert rule["onExitCodes"]["containerName"] == container["name"]


def test_a_job_has_as_many_pods_as_shards():
    (job,) = documents(ROOT / "examples" / "scale" / "kubernetes-job.yaml")
    shards = int(re.search(r"INDEX/(\d+)", commands(job)[0][-1])[1])
    assert job["spec"]["completions"] == shards


# The page


PAGE = (ROOT / "docs" / "scale.md").read_text()


def test_the_commands_of_the_page_parse():
    blocks = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    found = [line for line in lines if line.startswith("comrec ")]
    assert len(found) >= 4
    for line in found:
        words = shlex.split(line, comments=True)[1:]
        assert main.parser().parse_args(words).command == "bulk"


def test_links_of_the_page_lead_somewhere():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGE)
    assert len(links) >= 3
    for link in links:
        assert (ROOT / "docs" / link).exists(), link


def test_the_speeds_of_the_plan_are_rows():
    with (ROOT / "experiments" / "results" / "speed.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    said = {"comrec-base-3": "makes {}", "comrec-lite-2": "`comrec-lite-2` {}"}
    wanted = {
        "measure": "compress_q75_mp_per_s",
        "precision": "float32",
        "threads": "2",
    }
    for name, words in said.items():
        (row,) = (
            row for row in rows
            if row["engine"].startswith("onnxruntime")
            and row.items() >= (wanted | {"name": name}).items()
        )  # fmt: skip
        text = PAGE.replace("\n", " ").replace("  ", " ")
        assert words.format(f"{float(row['median']):.3f}") in text


@in_processes
def test_slurm_shards_as_processes_one_of_them_killed(tmp_path):
    few = bulk_runs.sources(FEW)
    src, dst = bulk_runs.fill(tmp_path / "src", few), tmp_path / "dst"
    script = ROOT / "examples" / "scale" / "slurm.sh"

    def task(number: int) -> subprocess.Popen:
        env = ENV | {
            "SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": "3",
            "SLURM_CPUS_PER_TASK": "1",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }  # fmt: skip
        return processes.start(
            ["bash", script, src, dst, *CODING, "--json"], env=env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    tasks = [task(number) for number in range(3)]
    manifest = dst / "comrec-manifest"
    mine = "00001-of-00003.jsonl"
    assert bulk_runs.wait_for(
        4,
        lambda: sum(f.read_bytes().count(b"\n") for f in manifest.glob(mine)),
        tasks[1],
    )
    os.killpg(tasks[1].pid, signal.SIGKILL)
    tasks[1].communicate()
    done = (manifest / mine).read_bytes().count(b"\n")
    summary = [bulk_runs.end(task(1)), bulk_runs.end(tasks[0]), bulk_runs.end(tasks[2])]
    assert summary[0]["skipped"] == done
    assert sum(one["done"] for one in summary) == FEW - done
    status = bulk_runs.end(bulk_runs.start(src, dst, *CODING, "--status"))
    assert (status["done"], status["failed"]) == (FEW, 0)
    bulk_runs.check(bulk_runs.lines(manifest), few, bulk_runs.tree(dst))
