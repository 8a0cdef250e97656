"""The code of docs/callbacks.md, taken out of the page and run as it stands."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.receivers.cases import Case

PAGE = Path(__file__).parent.parent.parent / "docs" / "callbacks.md"

NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")
"""The arguments of a program, in this order and then the key; "" is a header that is not there."""

PATIENCE = 300.0
"""Seconds that a compiler may take on a busy machine, with nothing of its own kept before."""

SAMPLE = "(the sample)"

PYTHON = """
import sys
given = zip(("webhook-id", "webhook-timestamp", "webhook-signature"), sys.argv[1:4])
headers = {name: value for name, value in given if value}
print(verified(headers, sys.stdin.buffer.read(), sys.argv[4]))
"""
NODE = """
const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
const given = names.map((name, place) => [name, process.argv[place + 2]]).filter((each) => each[1]);
const body = require("node:fs").readFileSync(0);
console.log(verified(Object.fromEntries(given), body, process.argv[5]));
"""
GO = """package main

import ("fmt"; "io"; "net/http"; "os")

func main() {
	headers := http.Header{}
	for place, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
		if os.Args[place+1] != "" { headers.Set(name, os.Args[place+1]) }
	}
	body, _ := io.ReadAll(os.Stdin)
	fmt.Println(verified(headers, body, os.Args[4]))
}
"""
JAVA = """
import java.util.HashMap;

final class Main {
    public static void main(String[] given) throws Exception {
        var names = new String[] {"webhook-id", "webhook-timestamp", "webhook-signature"};
        var headers = new HashMap<String, String>();
        for (int place = 0; place < 3; place++)
            if (!given[place].isEmpty()) headers.put(names[place], given[place]);
        System.out.println(Callbacks.verified(headers, System.in.readAllBytes(), given[3]));
    }
}
"""


class Missing(Exception):
    """A language cannot be run here; the message says what is missing."""


@dataclass(frozen=True)
class Language:
    """How a sample is made a program: files with the SAMPLE and our own lines, and two commands."""

    fence: str
    files: Mapping[str, str]
    compile: Sequence[str]
    run: Sequence[str]

    def built(self, directory: Path) -> "Program":
        """The page's sample as a program in the directory.

        Raises:
            Missing: the language is not installed.
        """
        for name, text in self.files.items():
            (directory / name).write_text(text.replace(SAMPLE, sample(self.fence)), "utf-8")
        if self.compile:
            _said(self.compile, directory)
        return Program(self.run, directory)


@dataclass(frozen=True)
class Program:
    """A sample that can be asked."""

    command: Sequence[str]
    directory: Path

    def verifies(self, case: Case) -> bool:
        """Whether it takes the callback for right."""
        sent = case.headers()
        given = [*(sent.get(name, "") for name in NAMES), case.key]
        said = _said([*self.command, *given], self.directory, case.body)
        return {"true": True, "false": False}[said.strip().lower()]


LANGUAGES = {
    "Python": Language(
        "python", {"receiver.py": SAMPLE + PYTHON}, (), (sys.executable, "-I", "receiver.py")
    ),
    "Node.js": Language("js", {"receiver.cjs": SAMPLE + NODE}, (), ("node", "receiver.cjs")),
    "Go": Language(
        "go",
        {"main.go": GO, "sample.go": "package main\n\n" + SAMPLE},
        ("go", "build", "-o", "receiver", "main.go", "sample.go"),
        ("./receiver",),
    ),
    "Java": Language(
        "java",
        {"Main.java": JAVA, "Callbacks.java": SAMPLE},
        ("javac", "-Xlint:all", "-Werror", "Main.java", "Callbacks.java"),
        ("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", ".", "Main"),
    ),
}


def sample(fence: str) -> str:
    """The page's one block of that language."""
    (found,) = re.findall(rf"^```{fence}\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S)
    return str(found)


def _said(command: Sequence[str], directory: Path, body: bytes = b"") -> str:
    """What the command prints; a fault of its is a fault of the test."""
    program, *arguments = command
    path = program if program.startswith("./") else shutil.which(program)
    if path is None:
        raise Missing(f"{program} is not on the PATH: this test needs it, install it first")
    done = subprocess.run(  # noqa: S603  the page's own code
        [path, *arguments],
        input=body,
        capture_output=True,
        cwd=directory,
        env=os.environ | _nothing_but_here(directory),
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout.decode()


def _nothing_but_here(directory: Path) -> Mapping[str, str]:
    """Compilers write into the directory, and ask no network."""
    return {
        "HOME": str(directory),
        "GOCACHE": str(directory / "cache"),
        "GOPATH": str(directory / "go"),
        "GO111MODULE": "off",
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "CGO_ENABLED": "0",
    }
