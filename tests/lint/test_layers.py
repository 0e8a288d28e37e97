"""The house rules that a machine can see: who includes whom, file lengths, line lengths."""
import os
import re
import sys

SRC = os.environ["srcdir"]
LAYERS = {
    "base": set(),
    "model": {"base"},
    "cred": {"base", "model"},
    "store": {"base", "model"},
    "http": {"base"},
    "gateway": {"base", "model"},
    "domain": {"base", "model", "cred", "store"},
    "api": {"base", "model", "http", "domain"},
    "deliver": {"base", "model", "domain", "gateway"},
    "master": {"base"},
    "ctl": {"base", "model", "domain", "gateway"},
}
# Headers that a layer's own header names include the headers of the layers below it, so what a
# file may reach through them is wider than what it may name; the lint is over what is named.
ONLY_HOME = {
    "libconfig.h": {"base"}, "cjson/cJSON.h": {"base"}, "cJSON.h": {"base"}, "idn2.h": {"base"},
    "utf8proc.h": {"base"}, "seccomp.h": {"base"}, "syslog.h": {"base"}, "jwt.h": {"cred"},
    "crypt.h": {"cred"}, "sqlite3.h": {"store"}, "fcgiapp.h": {"http"}, "curl/curl.h": {"gateway"},
    "libsmartcols/libsmartcols.h": {"ctl"},
}
# Outside of cred/ (and base/, for randomness and the keyed hash of the limits) only the wiping
# and locking of memory may be taken from libsodium.
SODIUM_OUTSIDE = re.compile(r"\b(crypto_\w+|randombytes\w*|sodium_(?!mem)\w+)")
LINES_MAX, COLUMNS_MAX, PROGRAM_LINES_MAX = 500, 100, 150

results = []


def check(name, faults):
    results.append((name, faults))


def files(top, endings):
    for folder, _, names in sorted(os.walk(os.path.join(SRC, top))):
        for name in sorted(names):
            if name.endswith(endings):
                yield os.path.relpath(os.path.join(folder, name), SRC)


def lines(path):
    with open(os.path.join(SRC, path), encoding="utf-8") as file:
        return file.read().split("\n")[:-1]


sources = list(files("src", (".c", ".h")))
all_c = sources + list(files("tests", (".c", ".h")))

faults, homes, sodium = [], [], []
for path in sources:
    parts = path.split("/")
    layer = parts[1] if len(parts) == 3 else None
    for number, line in enumerate(lines(path), 1):
        found = re.match(r'#\s*include\s+[<"]([^>"]+)[>"]', line)
        where = f"{path}:{number}"
        if found:
            name = found.group(1)
            other = name.split("/")[0]
            if layer and other in LAYERS and other != layer and other not in LAYERS[layer]:
                faults.append(f"{where}: {layer}/ may not include {other}/")
            home = {"cred"} if other == "openssl" else ONLY_HOME.get(name, {layer})
            if layer not in home:
                homes.append(f"{where}: {name} is at home in {home}")
        elif layer not in ("cred", "base") and SODIUM_OUTSIDE.search(line):
            if not line.lstrip().startswith(("*", "/*")):
                sodium.append(f"{where}: {line.strip()}")
check("layers_include_only_what_is_below_them", faults)
check("libraries_are_included_at_their_only_home", homes)
check("sodium_is_used_in_cred_and_base_only", sodium)

long_files = []
for path in all_c + list(files("tests", (".py",))) + list(files("db", (".sql",))):
    n = len(lines(path))
    if n > LINES_MAX:
        long_files.append(f"{path}: {n} lines, the most is {LINES_MAX}")
check("no_file_is_longer_than_500_lines", long_files)
check("programs_are_wiring_only", [
    f"{path}: {len(lines(path))} lines" for path in sources
    if path.count("/") == 1 and len(lines(path)) > PROGRAM_LINES_MAX])
check("no_line_is_wider_than_100_columns", [
    f"{path}:{number}" for path in all_c + list(files("tests", (".py",)))
    for number, line in enumerate(lines(path), 1)
    if len(line.expandtabs(8)) > COLUMNS_MAX])

BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strncpy|strtok|gets|atoi|atol|scanf|sscanf"
                    r"|system|popen|rand|srand|alloca|time)\s*\(")
check("banned_calls_are_not_made", [
    f"{path}:{number}: {line.strip()}" for path in sources
    for number, line in enumerate(lines(path), 1)
    if BANNED.search(re.sub(r'"(\\.|[^"\\])*"', '""', line))
    and not line.lstrip().startswith(("*", "/*", "//"))])

listed = set()
for path in [f for f in files("src", ("local.mk",))]:
    listed |= set(re.findall(r"src/\S+\.[ch]", "\n".join(lines(path))))
check("every_source_is_in_its_local_mk", [
    path for path in sources if path.count("/") > 1 and path not in listed])

print(f"1..{len(results)}")
for number, (name, faults) in enumerate(results, 1):
    print(f"{'not ok' if faults else 'ok'} {number} - {name}")
    for fault in faults:
        print(f"# {fault}")
sys.exit(any(faults for _, faults in results))
