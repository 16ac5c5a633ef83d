#!/usr/bin/env bash
#SBATCH --job-name=comrec
#SBATCH --array=0-99
#SBATCH --cpus-per-task=8
#SBATCH --mem=8G
#SBATCH --time=24:00:00
#SBATCH --requeue
#
#     sbatch slurm.sh SRC DST [OPTIONS OF comrec bulk]
#
# Each task of the array takes its share of the pictures and writes a manifest of its own;
# none knows of another. A task that is killed goes on when it is queued again. The array
# has to count from 0. What all of them did: comrec bulk SRC DST --status
set -euo pipefail
exec comrec bulk "$@" -j "$SLURM_CPUS_PER_TASK" --threads 1 \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
