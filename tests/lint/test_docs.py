"""The pages: every program has one, with its options and commands; README names what there is."""
import glob
import json
import os
import re
import subprocess
import sys

SRC, BUILD = os.environ["srcdir"], os.environ["builddir"]
PAGES = {"affo-userd": 8, "affo-userd-worker": 8, "affo-userd-queue": 8, "affo-userctl": 8,
         "affo-userd.conf": 5, "affo-user-api": 7}
results = []


def check(name, faults):
    results.append((name, faults))


def read(path):
    with open(os.path.join(SRC, path), encoding="utf-8") as file:
        return file.read()


def plain(page):
    """The page as text, without overstriking."""
    text = subprocess.run(["mandoc", "-T", "utf8", os.path.join(SRC, page)], check=True,
                          capture_output=True, text=True).stdout
    return re.sub(r".\x08", "", text)


pages = {name: f"man/{name}.{section}" for name, section in PAGES.items()}
present = {os.path.relpath(path, SRC) for path in glob.glob(os.path.join(SRC, "man/*.[1-9]"))}
check("every_program_has_its_page", [page for page in pages.values() if page not in present])

faults = []
for program in ("affo-userd", "affo-userd-worker", "affo-userctl"):
    done = subprocess.run([os.path.join(BUILD, program), "-h"], capture_output=True, text=True,
                          timeout=60, stdin=subprocess.DEVNULL)
    usage = done.stdout + done.stderr
    if done.returncode != 0 or "usage" not in usage.lower():
        faults.append(f"{program} -h: status {done.returncode}: {usage[:200]}")
    text = plain(pages[program]) if pages[program] in present else ""
    options = set(re.findall(r"(?<![\w-])(--[a-z][\w-]*|-[A-Za-z])\b", usage))
    for letters in re.findall(r"\[-([A-Za-z]{2,})\]", usage):
        options |= {"-" + letter for letter in letters}
    for option in options:
        if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text):
            faults.append(f"{program} {option} is in -h, not in its page")
check("every_option_of_dash_h_stands_in_the_page", faults)

faults = []
readme = read("README")
for name, section in re.findall(r"\b(affo-[a-z.-]+)\((\d)\)", readme):
    if PAGES.get(name) != int(section):
        faults.append(f"README names {name}({section})")
for folder in re.findall(r"^    (src/\w+|\w+/) ", readme, re.MULTILINE):
    if not os.path.isdir(os.path.join(SRC, folder)):
        faults.append(f"README names {folder}")
for path in re.findall(r"\b((?:tests|src)/[\w/]+\.(?:py|c|h))\b", readme):
    if not os.path.exists(os.path.join(SRC, path)):
        faults.append(f"README names {path}")
check("the_readme_names_what_there_is", faults)

document = json.loads(read("nginx/openapi.json"))
page = plain(pages["affo-user-api"]) if pages["affo-user-api"] in present else ""
faults = []
for path in document["paths"]:
    if path not in page:
        faults.append(f"{path} is in openapi.json, not in affo-user-api(7)")
check("the_api_page_has_every_path_of_the_openapi_document", faults)

print(f"1..{len(results)}")
for number, (name, faults) in enumerate(results, 1):
    print(f"{'not ok' if faults else 'ok'} {number} - {name}")
    for fault in faults:
        print(f"# {fault}")
sys.exit(any(faults for _, faults in results))
