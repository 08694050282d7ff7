#!/usr/bin/env bash
# Training beside other work: lowest priority, resumable, paused while something is timed.
# usage: background.sh start MINUTES|HH:MM [train.py options] | pause | resume | stop | status      (MINUTES: of the whole schedule, all runs together; HH:MM, UTC: when it ends)
set -eu
here=$(cd "$(dirname "$0")" && pwd); home=${SOTTO_TRAIN_HOME:-$HOME/sotto-train}
export SOTTO_TRAIN_DATA=$home/data SOTTO_CKPT=$home/ckpt SOTTO_TTS=$home/tts SOTTO_TOK=$home/data/tokenizer OMP_NUM_THREADS=1
ranks() { for f in "$home"/ckpt/rank*.pid; do p=$(cat "$f" 2>/dev/null) && grep -qaE 'train.py|multiprocessing' "/proc/$p/cmdline" 2>/dev/null && echo "$p"; done || true; }
each() { for p in $(ranks); do kill "-$1" "$p"; done; }
case ${1:-status} in
  start)
    [ -z "$(ranks)" ] || { echo "already running: $(ranks | xargs)"; exit 1; }
    minutes=$2; shift 2
    cd "$here"; nohup nice -n 19 "$home/venv/bin/python" train.py run "$([[ $minutes == *:* ]] && echo --until || echo --minutes)" "$minutes" "$@" >"$home/train.out" 2>&1 &
    sleep 45   # each rank makes a session of its own, which the kernel weighs apart from its niceness: lower that too
    for p in $(ranks); do echo 19 > "/proc/$p/autogroup" 2>/dev/null || true; done; "$0" status ;;
  pause) each STOP ;;
  resume) each CONT ;;
  stop) each CONT; each TERM ;;   # saves, then ends; after a kill the state of at most 150 s ago is in ckpt/last.pt
  status) echo "running: $(ranks | xargs)"; grep -E 'step|WER' "$home/log.txt" 2>/dev/null | tail -3 ;;
  *) sed -n 2,3p "$0"; exit 2 ;;
esac
