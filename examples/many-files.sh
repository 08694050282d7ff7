#!/bin/sh
# Transcribes the recordings of a NeMo manifest with GNU parallel, on this machine or on several that see the same folders.
#
#   many-files.sh MANIFEST FOLDER SHARDS [OPTIONS OF PARALLEL...]
#   many-files.sh all.jsonl results 32 --jobs 4 --sshlogin :,one.example,two.example --workdir "$PWD"
#
# Every shard writes FOLDER/<shard>.jsonl. Started again, it goes on where it was stopped. SOTTO is the command (npx sotto),
# SOTTO_OPTIONS what it gets besides.
set -eu
manifest=$1
folder=$2
shards=$3
shift 3
mkdir -p "$folder"
seq "$shards" | parallel --retries 3 --joblog "$folder/jobs.log" "$@" \
  "${SOTTO:-npx sotto} transcribe --manifest '$manifest' --shard {}/$shards --output '$folder/{}.jsonl' ${SOTTO_OPTIONS:-}"
seq "$shards" | while read -r shard; do
  # A shard beyond the last line of a short manifest has nothing to write.
  if [ -f "$folder/$shard.jsonl" ]; then cat "$folder/$shard.jsonl"; fi
done > "$folder/all.jsonl"
