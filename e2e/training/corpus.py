"""Make the text corpus that the speech synthesisers read.

Sources: LJSpeech prompts (public domain books), fortune-mod quotations and our own grammar of
dictation, command, number and everyday lines.  Every line is (spoken text for the synthesiser, normalised transcript).
Output: corpus.tsv  kind <TAB> raw <TAB> transcript
"""
import json, random, re, sys, glob, os

RECORDINGS = os.environ.get("SOTTO_RECORDINGS", os.path.expanduser("~/sotto-train/recordings"))
FORTUNES = os.environ.get("SOTTO_FORTUNES", "/usr/share/games/fortunes")     # where Debian's packages fortunes and wamerican put them
WORDS = os.environ.get("SOTTO_WORDS", "/usr/share/dict/words")
OUT = sys.argv[1] if len(sys.argv) > 1 else os.path.expanduser("~/sotto-train/data/corpus.tsv")
R = random.Random(20261123)

ABBR = {"Mr.": "Mister", "Mrs.": "Missus", "Dr.": "Doctor", "Messrs.": "Messers", "&": "and", "Col.": "Colonel", "Gen.": "General", "Capt.": "Captain"}


def norm(s):
    s = s.lower().replace("’", "'").replace("-", " ").replace("—", " ")
    s = re.sub(r"[^a-z' ]", " ", s)
    s = re.sub(r"(?<![a-z])'|'(?![a-z])", " ", s)
    return " ".join(s.split())


def clean(s):
    for a, b in ABBR.items():
        s = s.replace(a, b)
    return s.replace('"', "").replace("(", ", ").replace(")", ", ").strip()


BAD = re.compile(r"[0-9£$%/@#*+=<>\[\]{}_~^|\\]|\b[A-Z]{2,}\b|\b[A-Z]\.|\b(No|St|etc|viz|vs|i\.e|e\.g|Co|Jr|Sr|cf|op|cit|Esq|Rev|Hon|Ibid|Sgt|Lt|Inc|Ltd|Ave)\.|[^\x00-\x7f]")

ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "x x twenty thirty forty fifty sixty seventy eighty ninety".split()
ORD = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth"}


def num(n):
    if n < 20: return ONES[n]
    if n < 100: return TENS[n // 10] + ("" if n % 10 == 0 else " " + ONES[n % 10])
    if n < 1000: return ONES[n // 100] + " hundred" + ("" if n % 100 == 0 else R.choice([" ", " and "]) + num(n % 100))
    if n < 10 ** 6: return num(n // 1000) + " thousand" + ("" if n % 1000 == 0 else " " + num(n % 1000))
    return num(n // 10 ** 6) + " million" + ("" if n % 10 ** 6 == 0 else " " + num(n % 10 ** 6))


def ordinal(n):
    w = num(n).split()
    l = w[-1]
    w[-1] = ORD.get(l) or (l[:-1] + "ieth" if l.endswith("y") else l + "th")
    return " ".join(w)


def digits(k): return " ".join(R.choice(ONES[:10] + ["oh"]) for _ in range(k))


MONTHS = "january february march april may june july august september october november december".split()
DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
LET = list("abcdefghijklmnopqrstuvwxyz")
NATO = "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey x-ray yankee zulu".split()
NAMES = "anna ben carla david emma frank grace henry isabel jack kate liam maria nathan olivia paul rachel sam tom sarah john mary james robert linda michael william elizabeth peter susan george alice andrew helen mark julia daniel lucy thomas martha steven nancy kevin laura brian amy eric diane rose martin jane philip ruth simon claire victor irene oscar nora hugo ivan leo max ella mia noah lily".split()
CITIES = "london paris berlin new york boston chicago seattle toronto dublin sydney tokyo madrid rome vienna denver austin oxford cambridge glasgow houston miami portland atlanta beijing delhi cairo".replace("new york", "new_york").split()
CITIES = [c.replace("_", " ") for c in CITIES]
ROOMS = ["kitchen", "bedroom", "living room", "bathroom", "hall", "garage", "garden", "office", "basement", "dining room", "hallway", "porch"]
DEV = ["lights", "light", "lamp", "fan", "heater", "television", "radio", "music", "heating", "air conditioning", "camera", "alarm", "printer", "speaker", "computer", "projector", "screen", "blinds", "coffee machine", "dishwasher", "oven", "microphone"]
FOOD = "bread milk eggs butter cheese apples oranges bananas rice pasta chicken fish salt sugar coffee tea water juice tomatoes potatoes onions carrots beans soup salad yogurt honey flour chocolate cake cookies pepper garlic lemons grapes".split()
ANIM = "dog cat horse bird fish cow sheep rabbit mouse lion tiger bear duck fox wolf frog monkey elephant goat pig".split()
COL = "red blue green yellow black white brown grey orange purple pink dark light silver golden".split()
ADJ = "big small old new long short good bad happy sad quick slow warm cold bright quiet loud heavy soft hard strange famous lovely simple dirty clean empty full early late rich poor young strong weak thick thin wide narrow deep high low sweet bitter fresh dry wet sharp".split()
NOUN = "house car book table chair window door garden river mountain road street school office letter picture story song game box bag bottle glass cup plate knife fork phone clock watch coat shirt shoe hat ring key map ship train plane bridge tree flower field forest lake sea island beach town city village market shop bank church hospital library museum station airport hotel restaurant farm kitchen room wall floor roof stairs fire light shadow stone paper pen pencil machine computer engine wheel".split()
VERB = [("open", "opened", "opening"), ("close", "closed", "closing"), ("see", "saw", "seeing"), ("find", "found", "finding"), ("bring", "brought", "bringing"), ("buy", "bought", "buying"), ("sell", "sold", "selling"), ("make", "made", "making"), ("break", "broke", "breaking"), ("lose", "lost", "losing"), ("paint", "painted", "painting"), ("clean", "cleaned", "cleaning"), ("carry", "carried", "carrying"), ("draw", "drew", "drawing"), ("move", "moved", "moving"), ("watch", "watched", "watching"), ("use", "used", "using"), ("want", "wanted", "wanting"), ("leave", "left", "leaving"), ("forget", "forgot", "forgetting"), ("show", "showed", "showing"), ("hide", "hid", "hiding"), ("choose", "chose", "choosing"), ("describe", "described", "describing"), ("remember", "remembered", "remembering"), ("take", "took", "taking"), ("hold", "held", "holding"), ("follow", "followed", "following"), ("need", "needed", "needing"), ("fix", "fixed", "fixing"), ("study", "studied", "studying"), ("share", "shared", "sharing"), ("love", "loved", "loving")]
PERS = [("i", "my", "me"), ("you", "your", "you"), ("we", "our", "us"), ("they", "their", "them"), ("he", "his", "him"), ("she", "her", "her")]
REL = ["brother", "sister", "mother", "father", "friend", "teacher", "neighbor", "doctor", "daughter", "son", "uncle", "aunt", "cousin", "boss", "wife", "husband", "grandmother", "grandfather", "colleague"]
PLACE = ["at home", "at school", "in the park", "at the office", "in town", "at the station", "by the river", "in the garden", "on the beach", "in the city", "near the bridge", "behind the house", "in front of the shop", "at the market", "on the train", "across the street", "under the tree", "in the kitchen", "upstairs", "outside"]
TIMEW = ["today", "tomorrow", "yesterday", "this morning", "this evening", "tonight", "last night", "next week", "last week", "every day", "on monday", "in the afternoon", "before lunch", "after dinner", "at noon", "at midnight", "later", "now", "soon", "right now", "last year", "next month", "all day", "once a week", "two days ago", "in an hour"]
WEATH = ["sunny", "rainy", "cloudy", "windy", "snowy", "foggy", "stormy", "warm", "cold", "hot", "freezing", "nice"]
TOPIC = ["the weather", "music", "football", "politics", "history", "science", "the news", "work", "travel", "cooking", "art", "money", "health", "education", "technology", "nature", "sports", "films", "books", "the future", "the economy", "space", "language", "the project", "the meeting", "the report"]


def clock():
    h, m = R.randint(1, 12), R.choice([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, R.randint(1, 59)])
    f = R.random()
    ap = R.choice(["", "", " a m", " p m", " in the morning", " in the evening", " in the afternoon"])
    if m == 0: return R.choice([num(h) + " o'clock", num(h) + ap])
    if m == 15 and f < .5: return "a quarter past " + num(h)
    if m == 30 and f < .5: return "half past " + num(h)
    if m == 45 and f < .5: return "a quarter to " + num(h)
    return num(h) + " " + ("oh " if m < 10 else "") + num(m) + ap


def year():
    y = R.randint(1700, 2040)
    if 2000 <= y < 2010: return "two thousand" + ("" if y == 2000 else R.choice([" ", " and "]) + num(y - 2000))
    a, b = divmod(y, 100)
    return num(a) + " " + ("hundred" if b == 0 else ("oh " if b < 10 else "") + num(b))


def date():
    m, d = R.choice(MONTHS), R.randint(1, 31)
    return R.choice([f"{m} {ordinal(d)}", f"the {ordinal(d)} of {m}", f"{m} {ordinal(d)} {year()}", f"{R.choice(DAYS)} the {ordinal(d)} of {m}", f"{R.choice(DAYS)} {m} {ordinal(d)}"])


def np_():
    a = R.choice(ADJ + COL); n = R.choice(NOUN + ANIM)
    return R.choice([f"the {n}", f"the {a} {n}", f"{'an' if a[0] in 'aeiou' else 'a'} {a} {n}", f"my {n}", f"her {n}", f"this {n}", f"that {a} {n}", f"their {n}", f"his {a} {n}", f"our {n}", f"some {n}s" if n[-1] not in "syhxf" else f"the {n}"])


def who():
    return R.choice([R.choice(NAMES), f"my {R.choice(REL)}", f"{R.choice(NAMES)}'s {R.choice(REL)}", f"the {R.choice(ADJ)} {R.choice(['man', 'woman', 'boy', 'girl', 'teacher', 'driver', 'doctor', 'student', 'writer', 'farmer'])}", "everyone", "nobody", "someone"])


def everyday():
    v = R.choice(VERB); p = R.choice(PERS)
    d = "does" if p[0] in ("he", "she") else "do"
    be = {"i": "am", "he": "is", "she": "is"}.get(p[0], "are"); was = "was" if p[0] in ("i", "he", "she") else "were"
    T = R.choice(TIMEW)
    return R.choice([
        lambda: f"{p[0]} {v[1]} {np_()} {T}", lambda: f"{p[0]} {be} {v[2]} {np_()} {R.choice(PLACE)}",
        lambda: f"{d} {p[0]} {v[0]} {np_()}?", lambda: f"{who()} {v[1]} {np_()} {R.choice(PLACE)}",
        lambda: f"did {who()} {v[0]} {np_()} {T}?", lambda: f"i think {who()} will {v[0]} {np_()}",
        lambda: f"why did {p[0]} {v[0]} {np_()}?", lambda: f"where {was} {p[0]} {T}?", lambda: f"{p[0]} {was} {R.choice(PLACE)} with {who()}",
        lambda: f"please {v[0]} {np_()} for {p[2]}", lambda: f"can you {v[0]} {np_()} {T}?", lambda: f"could you please {v[0]} {np_()}?",
        lambda: f"{p[0]} {d}n't {v[0]} {np_()}", lambda: f"{p[0]} didn't {v[0]} {np_()} because it was {R.choice(ADJ)}",
        lambda: f"there {R.choice(['is', 'was'])} a {R.choice(COL)} {R.choice(NOUN)} {R.choice(PLACE)}", lambda: f"there are {num(R.randint(2, 99))} {R.choice(NOUN[:20])}s {R.choice(PLACE)}",
        lambda: f"it {R.choice(['is', 'was', 'will be'])} {R.choice(WEATH)} {T}", lambda: f"what's the weather like in {R.choice(CITIES)} {T}?",
        lambda: f"{p[1]} {R.choice(REL)} likes {R.choice(FOOD)} and {R.choice(FOOD)}", lambda: f"{p[1]} favorite color is {R.choice(COL)}",
        lambda: f"let's talk about {R.choice(TOPIC)}", lambda: f"i'd like to know more about {R.choice(TOPIC)}", lambda: f"what do you think about {R.choice(TOPIC)}?",
        lambda: f"if {p[0]} {v[1]} {np_()} {who()} would be {R.choice(['happy', 'angry', 'surprised', 'sad', 'glad', 'worried'])}",
        lambda: f"when {who()} {v[1]} {np_()} {p[0]} {was} {R.choice(PLACE)}", lambda: f"{p[0]} {was} going to {v[0]} {np_()} but {who()} {R.choice(VERB)[1]} it first",
        lambda: f"how {R.choice(['many', 'much', 'long', 'far', 'often'])} {R.choice(['do you need', 'will it take', 'is it', 'does it cost', 'did you say'])}?",
        lambda: f"i have lived in {R.choice(CITIES)} for {num(R.randint(2, 40))} years", lambda: f"{who()} is {num(R.randint(3, 95))} years old",
        lambda: f"we {R.choice(['went', 'flew', 'drove', 'walked', 'moved'])} {R.choice(['to', 'from'])} {R.choice(CITIES)} {T}", lambda: f"{who()} says {R.choice(['that', ''])} {p[0]} {v[1]} {np_()}",
        lambda: f"{np_()} is {R.choice(['bigger', 'smaller', 'better', 'older', 'heavier', 'cheaper'])} than {np_()}", lambda: f"{R.choice(['thank you', 'thanks'])} for {v[2]} {np_()}",
        lambda: f"i'm {R.choice(['sorry', 'glad', 'sure', 'afraid', 'happy'])} {who()} {v[1]} {np_()}", lambda: f"the {R.choice(NOUN)} is {R.choice(['on', 'under', 'behind', 'next to', 'inside', 'above', 'between us and'])} the {R.choice(NOUN)}",
    ])()


def command():
    return R.choice([
        lambda: f"turn {R.choice(['on', 'off', 'up', 'down'])} the {R.choice(ROOMS)} {R.choice(DEV)}", lambda: f"turn the {R.choice(DEV)} {R.choice(['on', 'off', 'up', 'down'])} {R.choice(['', 'please', 'now'])}",
        lambda: f"switch {R.choice(['on', 'off'])} the {R.choice(DEV)} in the {R.choice(ROOMS)}", lambda: f"set the {R.choice(DEV)} to {num(R.randint(1, 100))} {R.choice(['percent', 'degrees', ''])}",
        lambda: f"set {R.choice(['a timer', 'an alarm', 'a reminder'])} for {R.choice([clock(), num(R.randint(2, 90)) + ' minutes', num(R.randint(2, 12)) + ' hours', num(R.randint(5, 59)) + ' seconds'])}",
        lambda: f"wake me up at {clock()}", lambda: f"remind me to {R.choice(VERB)[0]} {np_()} {R.choice(TIMEW)}", lambda: f"call {R.choice(NAMES)} {R.choice(['', 'at home', 'at work', 'on the phone'])}",
        lambda: f"send a message to {R.choice(NAMES)}", lambda: f"play {R.choice(['some', 'the next', 'my favorite', 'the last'])} {R.choice(['music', 'song', 'album', 'playlist', 'video', 'podcast'])}",
        lambda: R.choice(["next slide", "previous slide", "go back", "go forward", "scroll down", "scroll up", "page down", "page up", "new paragraph", "new line", "full stop", "comma", "question mark", "exclamation mark", "delete that", "undo that", "redo", "select all", "copy that", "paste", "cut", "save the file", "open the file", "close the window", "open a new tab", "close this tab", "stop listening", "start listening", "start recording", "stop recording", "stop", "start", "pause", "resume", "continue", "cancel", "yes", "no", "okay", "hello", "goodbye", "help", "repeat", "enter", "rubout", "erase that", "mute", "unmute", "volume up", "volume down", "louder please", "quiet please", "zoom in", "zoom out", "full screen", "print this page", "search the web", "show me the map", "take a picture", "take a note", "read it back", "capital letter", "caps lock on", "caps lock off", "open quote", "close quote", "bullet point", "numbered list", "bold", "italic", "underline that", "insert a table", "spell that", "correct that", "go to the end", "go to the beginning", "start a new document", "sign in", "log out", "lock the door", "unlock the door", "good morning", "good night", "how are you", "thank you very much", "excuse me", "what time is it", "testing one two three", "can you hear me", "is this working", "never mind", "try again", "that's right", "that's wrong", "left", "right", "up", "down", "on", "off", "forward", "backward", "left turn", "right turn"]),
        lambda: f"go to {R.choice(['page', 'slide', 'line', 'chapter', 'section', 'step'])} {num(R.randint(1, 400))}", lambda: f"add {R.choice(FOOD)} {R.choice(['and ' + R.choice(FOOD), ''])} to the shopping list",
        lambda: f"{R.choice(['open', 'close', 'start', 'show'])} the {R.choice(['browser', 'calendar', 'calculator', 'camera', 'map', 'mail', 'settings', 'music player', 'editor', 'door', 'window', 'curtains', 'gate', 'menu'])}",
        lambda: f"how do you spell {R.choice(NOUN)}", lambda: f"translate {R.choice(NOUN)} into {R.choice(['french', 'german', 'spanish', 'italian', 'chinese'])}", lambda: f"find the nearest {R.choice(['bank', 'hotel', 'restaurant', 'station', 'hospital', 'library', 'airport', 'shop'])}",
        lambda: f"navigate to {R.choice(CITIES)}", lambda: f"what is {num(R.randint(1, 99))} {R.choice(['plus', 'minus', 'times', 'divided by'])} {num(R.randint(1, 99))}",
    ])()


def numeric():
    return R.choice([
        lambda: digits(R.randint(2, 10)), lambda: digits(R.randint(3, 7)), lambda: num(R.randint(10, 9999)), lambda: num(R.randint(100, 900000)), lambda: date(), lambda: clock(),
        lambda: f"it is {clock()}", lambda: f"the meeting is on {date()} at {clock()}", lambda: f"{R.choice(NAMES)} was born on {date()}", lambda: f"in {year()}", lambda: f"my phone number is {digits(R.randint(7, 10))}",
        lambda: f"the code is {digits(4)}", lambda: f"room {num(R.randint(1, 500))} on the {ordinal(R.randint(1, 20))} floor", lambda: f"{num(R.randint(1, 99))} dollars {R.choice(['', 'and ' + num(R.randint(1, 99)) + ' cents'])}",
        lambda: f"{num(R.randint(1, 99))} point {digits(R.randint(1, 3))}", lambda: f"{num(R.randint(1, 100))} percent", lambda: f"{R.choice(['version', 'number', 'chapter', 'flight', 'bus', 'platform'])} {num(R.randint(1, 300))}",
        lambda: " ".join(R.choice(LET) for _ in range(R.randint(2, 8))), lambda: " ".join(R.choice(LET) for _ in range(R.randint(3, 7))), lambda: " ".join(R.choice(NAMES + NOUN).replace(" ", "")),
        lambda: f"{(n := R.choice(NAMES))} {' '.join(n)}", lambda: " ".join(R.choice(LET + ONES[:10]) for _ in range(R.randint(3, 8))), lambda: " ".join(R.choice(NATO) for _ in range(R.randint(2, 5))),
        lambda: f"{R.choice(['enter', 'go', 'yes', 'no', 'erase', 'stop', 'repeat', 'help', 'start'])} {R.choice([' '.join(R.choice(LET) for _ in range(3)), num(R.randint(1, 99)), digits(3)])}",
        lambda: f"{num(R.randint(1, 999))} {R.choice(NAMES)} {R.choice(['street', 'avenue', 'road', 'lane', 'drive'])} {R.choice(CITIES)}", lambda: " ".join(ordinal(R.randint(1, 31)) for _ in range(R.randint(1, 3))),
        lambda: f"{R.choice(MONTHS)} {num(R.randint(1, 31))} {year()}", lambda: f"zip code {digits(5)}",
    ])()


def speak(raw):
    """Spoken form for the synthesisers: spelled letters get capitals and commas so that all engines say letter names."""
    w = raw.split(); out = []
    for i, x in enumerate(w):
        single = len(x) == 1 and x.isalpha()
        iso = single and not (x in "ai" and not ((i > 0 and len(w[i - 1]) == 1 and w[i - 1] not in "ai") or (i + 1 < len(w) and len(w[i + 1]) == 1 and w[i + 1] not in "ai")))
        out.append(x.upper() + ("," if i + 1 < len(w) and (len(w[i + 1]) == 1 or R.random() < .2) else "") if iso else x)
    s = " ".join(out)
    return s[0].upper() + s[1:] + ("" if s.endswith("?") else ".")


def main():
    ban = set()
    for f in glob.glob(RECORDINGS + "/dev/*/manifest.jsonl"):
        for l in open(f):
            t = json.loads(l)["text"]
            if len(t.split()) >= 4: ban.add(t)
    rows, seen = [], set()

    def add(kind, raw, tr=None):
        tr = tr or norm(raw)
        if not tr or (kind, tr) in seen or tr in ban or len(tr) > 230: return
        seen.add((kind, tr)); rows.append((kind, raw, tr))

    for l in open(RECORDINGS + "/text/ljspeech-sentences.txt"):
        l = clean(l.strip())
        if not BAD.search(l): add("lj", l)
    words = set(w.strip().lower() for w in open(WORDS)) if os.path.exists(WORDS) else set()
    for f in sorted(glob.glob(FORTUNES + "/*")):
        b = os.path.basename(f)
        if os.path.islink(f) or "." in b or b in ("ascii-art", "perl", "debian", "translate-me", "startrek", "drugs", "ethnic", "zippy", "disclaimer", "sex", "racism"): continue
        for para in open(f, errors="ignore").read().split("\n%\n"):
            para = re.sub(r"\n\s*--.*", "", para, flags=re.S)
            para = re.sub(r"\s+", " ", para)
            for s in re.split(r"(?<=[.!?])\s+", para):
                s = clean(s.strip("'` "))
                t = norm(s).split()
                if BAD.search(s) or ":" in s or "--" in s or "`" in s or not 4 <= len(t) <= 26 or not s[:1].isupper(): continue
                if any(w.split("'")[0] not in words for w in t): continue
                add("fortune", s)
    for kind, fn, n in (("everyday", everyday, 9000), ("command", command, 2600), ("numeric", numeric, 3600)):
        for _ in range(n):
            r = " ".join(fn().split()); add(kind, speak(r), norm(r))
    R.shuffle(rows)
    with open(OUT, "w") as o:
        for r in rows: o.write("\t".join(r) + "\n")
    import collections
    print(collections.Counter(r[0] for r in rows), len(rows))


if __name__ == "__main__":
    main()
