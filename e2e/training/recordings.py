"""Recordings of people with an open licence, out of public repositories (clone them first), as NeMo manifests for `prep.py manifest`.

  recordings.py SOURCE CLONE OUT      SOURCE is a function below; writes OUT/audio/*.flac (16 kHz, mono) and OUT/manifest.jsonl

Clips outside 0.45 to 16.5 s, silent ones and texts whose reading is not certain (years, amounts, symbols) are left out and counted."""
import csv, glob, json, os, re, sys, unicodedata
import numpy as np, soundfile as sf, soxr
from shards import SR

ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()


def number(n):
    if n < 20: return ONES[n]
    if n < 100: return TENS[n // 10] + (" " + ONES[n % 10] if n % 10 else "")
    return ONES[n // 100] + " hundred" + (" " + number(n % 100) if n % 100 else "")


def norm(t):
    """Lower case a-z and the apostrophe; None where it is not certain how something is read."""
    t = unicodedata.normalize("NFKD", re.sub("[‘’`]", "'", t)).encode("ascii", "ignore").decode().lower().replace("&", " and ").replace("%", " percent ")
    t = re.sub(r"\b(mr|mrs|dr)\.", lambda m: {"mr": "mister", "mrs": "missus", "dr": "doctor"}[m[1]], t)
    if re.search(r"\d{4}|\d[.,:]\d|[$#@=+*/<>\[\]{}|\\_~^]", t): return None
    t = re.sub(r"\d+", lambda m: f" {number(int(m[0]))} ", t)
    return " ".join(re.sub(r"(?<![a-z])'+|'+(?![a-z])", " ", re.sub(r"[^a-z' ]", " ", t)).split()) or None


def decode(path):
    x, sr = sf.read(path, dtype="float32", always_2d=True); x = x.mean(1)
    return x if sr == SR else soxr.resample(x, sr, SR, quality="HQ")


def trim(x, pad=.2, share=.02):
    """Cut silence at both ends, relative to the loudest 20 ms."""
    n = len(x) // 320
    if n < 5: return x
    e = np.sqrt((x[:n * 320].reshape(n, 320) ** 2).mean(1)); k = np.flatnonzero(e > e.max() * share); p = int(pad * 50)
    return x[max(0, k[0] - p) * 320: (k[-1] + p + 1) * 320]


def table(path):
    quoted = csv.QUOTE_NONE if path.endswith("tsv") else csv.QUOTE_MINIMAL
    return list(csv.DictReader(open(path), delimiter="\t" if path.endswith("tsv") else ",", quoting=quoted))


def librispeech(clone):
    """Mini LibriSpeech train-clean-5 (OpenSLR 31, CC BY 4.0), as zhangrui0712/Voice-Age holds it"""
    for p in sorted(glob.glob(clone + "/LibriSpeech/train-clean-5/*/*/*.trans.txt")):
        for l in open(p):
            k, _, t = l.strip().partition(" ")
            yield k, decode(f"{os.path.dirname(p)}/{k}.flac"), norm(t), k.split("-")[0]


def arctic(clone):
    """CMU Arctic prompts read by one woman (rhasspy/dataset-voice-cathy, CC0)"""
    for p in sorted(glob.glob(clone + "/data/**/*.wav", recursive=True)):
        if os.path.exists(p[:-3] + "txt"): yield os.path.basename(p)[:-4], trim(decode(p)), norm(open(p[:-3] + "txt").read().strip()), "one"


def commonvoice_random(clone):
    """Common Voice 6.1 (Mozilla, CC0), a hundred random clips (omnilingo/rsample-100-cv-corpus-6.1-2020-12-11)"""
    yield from released(clone, sorted(glob.glob(clone + "/en/*.tsv")), clone + "/en/clips/")


def commonvoice_delta(clone):
    """Common Voice Delta Segment 13 (Mozilla, CC0), what is validated (korliu/whisper)"""
    yield from released(clone, [clone + "/dataset/validated.tsv"], clone + "/dataset/clips/")


def released(clone, tables, clips):
    rows = {r["path"]: r for t in tables for r in table(t) if r.get("path")}
    for k, r in sorted(rows.items()):
        if os.path.exists(clips + k): yield k[:-4], trim(decode(clips + k)), norm(r["sentence"]), r["client_id"][:16]


def commonvoice_first(clone):
    """Common Voice 1 (Mozilla, CC0), cv-valid-dev: clips with more votes for than against (hys89/myrepo)"""
    rows = {os.path.basename(r["filename"]): r for t in glob.glob(clone + "/**/cv-valid-dev*.csv", recursive=True) for r in table(t) if r.get("filename")}
    for p in sorted(glob.glob(clone + "/**/sample-*.mp3", recursive=True)):
        r = rows.get(os.path.basename(p))
        if r and int(r["down_votes"] or 0) < int(r["up_votes"] or 0): yield os.path.basename(p)[:-4], trim(decode(p)), norm(r["text"]), "unknown"


def digits(clone):
    """Digits of six speakers (Jakobovski/free-spoken-digit-dataset, CC BY-SA 4.0), joined to strings of two to six of one speaker"""
    by, R = {}, np.random.default_rng(1)
    for p in sorted(glob.glob(clone + "/recordings/*.wav")): by.setdefault(os.path.basename(p).split("_")[1], []).append(p)
    for s, L in by.items():
        L = [L[i] for i in R.permutation(len(L))]; n = 0
        while L:
            k, L = L[:(m := R.integers(2, 7))], L[m:]; n += 1
            x = [z for p in k for z in (decode(p), np.zeros(int(R.uniform(.03, .25) * SR), np.float32))]
            yield f"{s}_{n:04d}", np.concatenate([np.zeros(2000, np.float32), *x]), " ".join(ONES[int(os.path.basename(p)[0])] for p in k), s


def main(source, clone, out):
    os.makedirs(out + "/audio", exist_ok=True); rows, left, seconds = [], 0, 0.0
    for key, x, text, speaker in source(clone):
        if text is None or not .45 * SR <= len(x) <= 16.5 * SR or np.abs(x).max() < 3e-3: left += 1; continue
        sf.write(f"{out}/audio/{key}.flac", (x * 32767 / max(1, np.abs(x).max() / .98)).astype(np.int16), SR); seconds += len(x) / SR
        rows.append({"audio_filepath": f"audio/{key}.flac", "duration": round(len(x) / SR, 3), "text": text, "speaker": speaker})
    with open(out + "/manifest.jsonl", "w") as m: m.writelines(json.dumps(r) + "\n" for r in rows)
    print(source.__name__, len(rows), "clips", round(seconds / 3600, 2), "h;", left, "left out", flush=True)


if __name__ == "__main__":
    main(globals()[sys.argv[1]], *sys.argv[2:4])
