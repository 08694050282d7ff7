"""One phone set for all synthesisers (39 phones and silence), and phone tracks: one byte per 10 ms of a clip."""
import numpy as np

PHONES = "sil aa ae ah ao aw ay b ch d dh eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh t th uh uw v w y z zh".split()
ID = {p: i for i, p in enumerate(PHONES)}
NONE = 255                                              # no phone known here
ARPA = {"pau": "sil", "h#": "sil", "#": "sil", "brth": "sil", "ssil": "sil", "ax": "ah", "axr": "er", "dx": "t", "nx": "n", "el": "l", "em": "m", "en": "n", "hv": "hh", "ix": "ih"}
IPA = {"I": "ay", "W": "aw", "A": "ey", "Y": "oy", "O": "ow", "Q": "ow", "ʤ": "jh", "ʧ": "ch", "ə": "ah", "ᵊ": "ah", "ɜ": "er", "i": "iy", "ɪ": "ih", "u": "uw", "ʊ": "uh", "ɛ": "eh", "æ": "ae", "a": "ae",
       "ʌ": "ah", "ɑ": "aa", "ɒ": "aa", "ɔ": "ao", "h": "hh", "j": "y", "ɡ": "g", "g": "g", "ŋ": "ng", "ð": "dh", "θ": "th", "ʃ": "sh", "ʒ": "zh", "ɹ": "r", "T": "t", "e": "ey", "o": "ow"}
IPA.update({c: c for c in "bdfklmnpstvwz"})


def arpa(segments):
    """[(name, end in seconds)] of festival or flite -> [(phone, end)]"""
    return [(ID.get(ARPA.get(p, p), ID["sil"]), e) for p, e in segments]


def kokoro(symbols, frames):
    """Kokoro's symbols and their durations in frames of 25 ms (with one of padding at each end) -> [(phone, end)]"""
    out = []; t = float(frames[0]) * .025 - .055; out.append((0, t))     # the waveform comes 55 ms before its durations (measured)
    for i, (c, n) in enumerate(zip(symbols, frames[1:])):
        n = float(n) * .025; nxt = symbols[i + 1] if i + 1 < len(symbols) else ""
        if c in "ˈˌ": t += n; continue                       # a stress mark's time belongs to the phone after it
        t += n
        if c in IPA:
            p = ID[IPA[c]]
            if c in "ɜə" and nxt == "ɹ": p = ID["er"]
            if c == "ɹ" and i and symbols[i - 1] in "ɜə": p = ID["er"]
            out.append((p, t))
        elif c == " " and n < .1: out[-1] = (out[-1][0], t)  # a short gap between words is no silence
        else: out.append((0, t))
    out.append((0, t + float(frames[-1]) * .025 + 9))
    return out


def track(segments, n, offset=0.0, scale=1.0):
    """One phone per 10 ms for a clip of n samples at 16 kHz, which starts at `offset` s of the segments' clock and was then
    stretched by `scale`. None: unknown throughout."""
    k = n // 160 + 1
    if segments is None: return np.full(k, NONE, np.uint8)
    ends = np.array([(e - offset) * scale for _, e in segments]); p = np.array([q for q, _ in segments], np.uint8)
    return p[np.minimum(np.searchsorted(ends, np.arange(k) * .01, side="right"), len(p) - 1)]
