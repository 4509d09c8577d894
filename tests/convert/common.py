"""What the tests of `corridor convert` share."""
import glob, hashlib, json, os, subprocess, sys

here = os.path.dirname(os.path.abspath(__file__))
top = os.path.join(here, "../..")
RECEIVED = "2026-11-24T12:00:00Z"


def convert(files, *more):
    """The results, one for each line, and what was told on standard error."""
    command = [os.path.realpath(sys.argv[1]), "convert", "-c", "conf/convert.yaml", "--to", "fhir", "--received", RECEIVED, *more, *files]
    run = subprocess.run(command, cwd=top, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if run.returncode not in (0, 1):
        print(f"convert: status {run.returncode}: {run.stderr.decode()[-300:]}")
        sys.exit(1)
    return run.stdout.decode().splitlines(), run.stderr.decode().splitlines()


def samples():
    """The shipped messages, in order of name."""
    found = glob.glob(os.path.join(top, "routes/samples/**/*.hl7"), recursive=True)
    return sorted(os.path.relpath(f, top) for f in found)


def doubts(bundle):
    """What is wrong with a Bundle as a whole: each fullUrl once, every reference to an entry, each request to its id."""
    urls = [e["fullUrl"] for e in bundle.get("entry", [])]
    if len(set(urls)) != len(urls):
        yield "a fullUrl stands twice"
    for entry in bundle.get("entry", []):
        kind = entry["resource"]["resourceType"]
        if entry.get("request", {}).get("url") not in (None, f'{kind}/{entry["fullUrl"][9:]}'):
            yield f"{kind}: the request is for another one"
        for reference in references(entry["resource"]):
            if reference.startswith("urn:uuid:") and reference not in urls:
                yield f"{kind}: a reference leads nowhere"


def references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "reference" and isinstance(inner, str):
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]
