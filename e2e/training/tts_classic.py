"""Synthesise with flite (kal16, awb, rms, slt), festival (slt-hts, kal, ked diphone) and espeak-ng: cheap voices for variety."""
import os, random, re, subprocess, sys, tempfile, time
import numpy as np, soundfile as sf, soxr
from phones import arpa
from shards import SHORT, Writer, corpus, trim

engine, name, seed, hours = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
R = random.Random(seed); w = Writer(name); t0 = time.time()
tmp = tempfile.mkdtemp(dir="/dev/shm")
ESP = ["en-us"] * 4 + ["en-gb", "en-gb-x-rp", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc"]
VAR = ["", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7", "+f1", "+f2", "+f3", "+f4", "+f5", "+klatt", "+klatt2", "+klatt4"]
FEST = {"slt": "(voice_cmu_us_slt_arctic_hts)", "kal": "(voice_kal_diphone)", "ked": "(voice_ked_diphone)"}


def add(x, sr, f, voice, text, segments):
    """A pseudo-speaker: played f times as fast (pitch and formants with it)."""
    x, o = trim(x, sr)
    w.add(soxr.resample(x, sr * f, 16000, quality="HQ"), voice, text, phones=(arpa(segments), o, 1 / f) if segments else None)


g = corpus(seed + 77, SHORT if sys.argv[-1] == "short" else {"lj": .34, "fortune": .3, "everyday": .2, "numeric": .1, "command": .06})
while w.seconds < hours * 3600:
    if engine == "festival":
        # one festival process for a batch of lines
        v = R.choice(list(FEST)); rows = [next(g) for _ in range(40)]
        with open(tmp + "/b.scm", "w") as o:
            o.write(FEST[v] + f"(Parameter.set 'Duration_Stretch {R.uniform(.85, 1.25):.2f})\n")
            for i, (_, raw, tr) in enumerate(rows):
                raw = raw.replace("\\", "").replace('"', "")
                o.write(f'(set! u (utt.synth (Utterance Text "{raw}"))) (utt.save.segs u "{tmp}/{i}.seg") (utt.save.wave u "{tmp}/{i}.wav")\n')
        subprocess.run(["festival", "-b", tmp + "/b.scm"], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for i, (_, raw, tr) in enumerate(rows):
            if not os.path.exists(f"{tmp}/{i}.wav"): continue
            x, sr = sf.read(f"{tmp}/{i}.wav", dtype="float32"); f = R.uniform(.85, 1.2)
            seg = [(q[2], float(q[0])) for l in open(f"{tmp}/{i}.seg") if len(q := l.split()) == 3]
            add(x, sr, f, f"festival-{v}@{f:.2f}", tr, seg); os.remove(f"{tmp}/{i}.wav")
        continue
    kind, raw, tr = next(g)
    f = R.uniform(.84, 1.22)
    if engine == "flite":
        v = R.choice(["kal16", "awb", "rms", "slt", "rms", "slt"])
        with open(tmp + "/t.txt", "w") as o: o.write(raw)
        c = ["flite", "-voice", v, "--setf", f"duration_stretch={f * R.uniform(.85, 1.2):.2f}"]
        if v != "kal16": c += ["--setf", f"int_f0_target_mean={R.choice([0, 0, 1]) * R.uniform(-25, 25) + {'awb': 130, 'rms': 95, 'slt': 170}[v]:.0f}"]
        o = subprocess.run(c + ["-psdur", "-f", tmp + "/t.txt", "-o", tmp + "/o.wav"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        seg = [(p, float(e)) for p, e in re.findall(r"(\S+):([\d.]+)", o)]
    else:
        v = R.choice(ESP) + R.choice(VAR); f = R.uniform(.92, 1.08)
        subprocess.run(["espeak-ng", "-v", v, "-s", str(R.randint(125, 200)), "-p", str(R.randint(25, 75)), "-w", tmp + "/o.wav", raw], stderr=subprocess.DEVNULL); seg = None
    try: x, sr = sf.read(tmp + "/o.wav", dtype="float32"); os.remove(tmp + "/o.wav")
    except Exception: continue
    if seg and abs(seg[-1][1] - len(x) / sr) > .3: seg = None
    add(x, sr, f, f"{engine}-{v}@{f:.2f}", tr, seg)
print(engine, round(w.seconds / 3600, 2), "h in", round(time.time() - t0), "s", flush=True)
