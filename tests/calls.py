"""Finds the programs that a script calls, without running it; tests/programs asks.

Shell is parsed by shfmt, Python by its own parser, a Makefile's recipes as shell. Every word that stands where a command
is to stand is one of: a shell's builtin or a function of the script (no program), a program, a file of ours, or a word
that cannot be told without running it. Nothing is passed over: what cannot be told is handed back as such. Programs
that run the command which follows (`timeout 5 cmp`, `xargs`, `sh -c`) are looked through, and so are functions that run
their arguments.
"""

import ast
import json
import os
import re
import subprocess
import typing

# How to find the command that a program is given: options of it that take a value, and words before the command.
CARRIERS = {
    "timeout": (("-k", "-s"), 1), "unshare": ((), 0), "xargs": (("-P", "-I", "-n", "-d"), 0), "nsenter": (("-t",), 0), "env": ((), 0),
    "nice": (("-n",), 0), "exec": ((), 0), "command": ((), 0), "nohup": ((), 0), "setsid": ((), 0), "chroot": ((), 1),
    "stdbuf": (("-i", "-o", "-e"), 0), "ionice": (("-c", "-n"), 0), "taskset": ((), 1), "flock": ((), 1), "sudo": (("-u",), 0),
    "strace": (("-o", "-e"), 0),
    "tests/lab/run": ((), 0), "in-world": ((), 0), "timed": ((), 1), "measure": ((), 0),
}  # fmt: skip
SHELLS = ("sh", "bash", "/bin/sh", "/bin/bash", "script")  # script -c too
# What starts a program where neither shfmt nor Python's parser sees it: awk, C, Python in a shell's here-document.
HIDDEN = re.compile(r"\b(?:system|popen|posix_spawnp?|exec[lv]p?e?) ?\(|\| *getline|\bsubprocess\b")
STARTERS = {
    "subprocess": ("run", "Popen", "call", "check_call", "check_output"), "shutil": ("which",),
    "os": ("execv", "execve", "execvp", "execvpe"), "asyncio": ("create_subprocess_exec",),
}  # fmt: skip
SHELL_STARTERS = {"subprocess": ("getoutput", "getstatusoutput"), "os": ("system", "popen"), "asyncio": ("create_subprocess_shell",)}


class Word(typing.NamedTuple):
    """A word of a command: its text where that is fixed, and as it stands in the script."""

    text: typing.Optional[str]
    source: str
    all_arguments: typing.Optional[int] = None  # "$@" is 0, "${@:3}" 2
    variable: str = ""  # that it is, and nothing else

    def script(self):
        """It as a script, with what it puts in as it stands; None where it is nothing but that."""
        if self.text is not None or self.variable or not self.source.startswith('"'):
            return self.text
        return re.sub(r'\\(["$`\\])', r"\1", self.source[1:-1])


class Found:
    """What a script calls."""

    def __init__(self, builtins, read=None):
        """`read` gives the text of the file of a name that a script sources."""
        self.builtins, self.read, self.programs, self.unknown, self.values = builtins, read, set(), set(), {}

    def command(self, words, functions=(), shell=True):
        """`words` stand where a command is to stand. Returns the words of the command within that cannot be told."""
        if not words:
            return None
        first = words[0]
        name = first.text
        if first.variable in self.values:
            told = [self.command([value, *words[1:]], functions, shell) for value in self.values[first.variable]]
            return words if any(told) else None
        if name is None or name.startswith("$"):
            tail = first.source.strip("\"'").rpartition("/")
            if not tail[1] or not re.fullmatch(r"[\w.+-]+", tail[2]):
                return words
            name = "./" + tail[2]  # somewhere of ours: the name must be one that we have
        if shell and name in functions:
            return None
        if not shell or name not in self.builtins:
            self.programs.add(name)
        return self.carried(name, words[1:], functions)

    def carried(self, name, rest, functions):
        if name in SHELLS or name in ("trap", "eval"):
            return self.script(name, rest, functions)
        if name == "find":
            at = [i for i, word in enumerate(rest) if word.text in ("-exec", "-execdir")]
            return self.command(rest[at[0] + 1 :], shell=False) if at else None
        key = name.removeprefix("./")
        with_value, before = CARRIERS.get(key) or CARRIERS.get(key.rpartition("/")[2]) or (None, 0)
        if with_value is None:
            return None
        while rest and ((rest[0].text or "").startswith("-") or (os.path.basename(name) == "env" and re.match(r"\w+=", rest[0].source))):
            rest = rest[2:] if rest[0].text in with_value else rest[1:]
        if key.endswith("in-world"):
            rest = next((rest[i + 1 :] for i, word in enumerate(rest) if word.text == "--"), rest)
        return self.command(rest[before:], functions, shell=name in ("exec", "command"))

    def script(self, name, rest, functions):
        """The words after `sh`, `trap`, `eval`: a script as one of them, or a script's file, which is looked at by itself."""
        if name in SHELLS:
            at = [i for i, word in enumerate(rest) if re.fullmatch(r"-[a-z]*c", word.text or "")]
            rest = rest[at[0] + 1 :] if at else []
        if not rest or (name == "trap" and rest[0].text == "-"):
            return None
        text = rest[0].script()
        if text is None:
            return rest
        return self.command(rest[2:], functions) if self.shell(text, functions) else None

    # ---- shell

    def shell(self, text, functions=()):
        """Whether it runs the arguments that it is given."""
        source = text.encode()
        done = subprocess.run(["shfmt", "--to-json"], input=source, capture_output=True, check=False)
        if done.returncode:
            raise ValueError(done.stderr.decode())
        tree = json.loads(done.stdout)
        calls, declared, shifts = [], set(functions), []
        walk_shell(tree, None, calls, declared, shifts, self.values, source)
        for _, _, words in calls:
            if words[0].text in (".", "source"):
                declared |= self.functions_of(self.read(words[1].source.strip("\"'")))
        known, runs = declared, {}
        while True:  # functions that run their arguments: after how many of them; until no more are found
            before, unknown, arguments = dict(runs), set(), False
            for function, at, words in calls:
                name = words[0].text
                rest = self.command(words, known)
                if name in runs:
                    rest = self.command(words[1 + runs[name] :], known) or rest
                if not rest:
                    continue
                if rest[0].all_arguments is not None and function:
                    runs[function] = rest[0].all_arguments + sum(n for where, place, n in shifts if where == function and place < at)
                elif rest[0].all_arguments is not None:
                    arguments = True
                else:
                    unknown.add(rest[0].source)
            if runs == before:
                break
        self.unknown |= unknown
        return arguments

    @staticmethod
    def functions_of(text):
        return set(re.findall(r"^(\w+)\(\)", text, re.MULTILINE))

    # ---- Makefile

    def makefile(self, text):
        compiler = re.search(r"^CC *:= *(\S+)", text, re.MULTILINE).group(1)
        for command in re.findall(r"\$\(shell ([^()]*(?:\$\([^()]*\)[^()]*)*)\)", text):
            self.shell(re.sub(r"\$\(\w+\)", "x", command))
        recipes = re.findall(r"^\t(.*(?:\\\n.*)*)", text, re.MULTILINE)
        for recipe in recipes:
            recipe = re.sub(r"\$\((QUIET|SAY_CC|SAY_LD)\)", "", recipe.lstrip("@-")).replace("$(CC)", compiler)
            for _ in range(3):  # calls of make's functions, one in another
                recipe = re.sub(r"(?<!\$)\$\([^()$]*\)|(?<!\$)\$[@<^*]", "x", recipe)
            self.shell(recipe.replace("$$", "$"))


def literal(parts):
    """The text of a word, None where something is put in when it runs."""
    text = ""
    for part in parts:
        inner = literal(part.get("Parts", [])) if part["Type"] == "DblQuoted" else part.get("Value")
        if inner is None or part["Type"] not in ("Lit", "SglQuoted", "DblQuoted"):
            return None
        text += inner
    return text


def all_arguments(parts):
    """0 for "$@", N - 1 for "${@:N}", None for other words."""
    if len(parts) == 1 and parts[0]["Type"] == "DblQuoted":
        parts = parts[0].get("Parts", [])
    if len(parts) != 1 or parts[0]["Type"] != "ParamExp" or parts[0]["Param"]["Value"] != "@":
        return None
    offset = parts[0].get("Slice", {}).get("Offset")
    return int(literal(offset["Parts"])) - 1 if offset else 0


def variable(parts):
    """The name of the variable that a word is; "" where it is something else."""
    if len(parts) == 1 and parts[0]["Type"] == "DblQuoted":
        parts = parts[0].get("Parts", [])
    if len(parts) != 1 or parts[0]["Type"] != "ParamExp" or "Slice" in parts[0] or "Exp" in parts[0]:
        return ""
    return parts[0]["Param"]["Value"]


def word_of(node, source):
    text = source[node["Pos"]["Offset"] : node["End"]["Offset"]].decode()
    return Word(literal(node["Parts"]), text, all_arguments(node["Parts"]), variable(node["Parts"]))


def note_values(node, values, source):
    """What a variable is given: the file at the end of a path, a fixed word, the words of a loop, or what cannot be told."""
    if node.get("Type") == "ForClause" and node["Loop"].get("Items"):
        name, words = node["Loop"]["Name"]["Value"], [word_of(item, source) for item in node["Loop"]["Items"]]
        values.setdefault(name, []).extend(word._replace(variable="") for word in words)
    for given in node.get("Assigns") or (node.get("Args") if node.get("Type") == "DeclClause" else None) or []:
        if given.get("Name") and given.get("Value"):
            word = word_of(given["Value"], source)
            tail = re.search(r"/([\w.+-]+)[\"'}]*$", word.source)
            value = Word(None, "…/" + tail.group(1)) if tail and word.text is None else Word(word.text, word.source)
            if word.text != "":
                values.setdefault(given["Name"]["Value"], []).append(value)


def walk_shell(node, function, calls, declared, shifts, values, source):
    if isinstance(node, list):
        for inner in node:
            walk_shell(inner, function, calls, declared, shifts, values, source)
    if not isinstance(node, dict):
        return
    if node.get("Type") == "FuncDecl":
        function = node["Name"]["Value"]
        declared.add(function)
    note_values(node, values, source)
    if node.get("Type") == "CallExpr" and node.get("Args"):
        words = [word_of(arg, source) for arg in node["Args"]]
        calls.append((function, node["Pos"]["Offset"], words))
        if words[0].text == "shift":
            shifts.append((function, node["Pos"]["Offset"], int(words[1].text) if len(words) > 1 else 1))
    for inner in node.values():
        walk_shell(inner, function, calls, declared, shifts, values, source)


# ---- Python


class Module:
    """A Python file: its functions, what is assigned to names, and which functions run an argument of theirs."""

    def __init__(self, name, text):
        self.name, self.tree = os.path.basename(name).removesuffix(".py"), ast.parse(text)
        self.scope, self.methods, self.functions, self.assigned, self.imported = {}, set(), {}, {}, set()
        self.visit(self.tree, None, False)

    def visit(self, node, function, in_class):
        for inner in ast.iter_child_nodes(node):
            self.scope[inner] = function
            if isinstance(inner, ast.Import):
                self.imported |= {alias.name for alias in inner.names}
            if isinstance(inner, (ast.comprehension, ast.For)) and isinstance(inner.iter, (ast.Tuple, ast.List)):
                self.assigned.setdefault((function, ast.unparse(inner.target)), []).extend(inner.iter.elts)
            if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.functions[inner.name] = inner
                if in_class:
                    self.methods.add(inner.name)
                self.visit(inner, inner, False)
                continue
            if isinstance(inner, ast.Assign):
                for target in inner.targets:
                    self.assigned.setdefault((function, ast.unparse(target)), []).append(inner.value)
                    if isinstance(target, ast.Tuple) and isinstance(inner.value, ast.Tuple):
                        for one, value in zip(target.elts, inner.value.elts):
                            self.assigned.setdefault((function, ast.unparse(one)), []).append(value)
            self.visit(inner, function, isinstance(inner, ast.ClassDef) or (in_class and not function))

    def values(self, function, name):
        """What is assigned to a name of a function or of the file, or to an attribute anywhere in it."""
        if "." in name:
            return [value for (_, other), values in self.assigned.items() if other == name for value in values]
        return self.assigned.get((function, name)) or self.assigned.get((None, name)) or []


def parameters(function):
    return [argument.arg for argument in function.args.posonlyargs + function.args.args if argument.arg != "self"]


class Pythons:
    """All Python files together, since one's function is called by another."""

    def __init__(self, texts, found_of):
        self.modules = {name: Module(name, text) for name, text in texts.items()}
        self.found_of = found_of
        self.runs = {}  # (module's name, function's name) -> the parameter that it runs
        while True:
            before = dict(self.runs)
            for name, module in self.modules.items():
                self.look(name, module)
            if self.runs == before:
                break

    def look(self, name, module):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                for command in self.commands(name, module, node):
                    self.run(name, module, node, command)
                if starter(node, SHELL_STARTERS) or in_shell(node):
                    script = node.args[0]
                    for value in module.values(module.scope.get(node), ast.unparse(script)) or [script]:
                        self.run_script(name, value)

    def commands(self, name, module, node):
        """The expressions of this call that are a command."""
        if in_shell(node):
            return
        if starter(node, STARTERS):
            whole = node.func.attr not in ("which", "create_subprocess_exec") and not node.func.attr.startswith("exec")
            named = [word.value for word in node.keywords if word.arg == "args"]
            first = (node.args or named)[0]
            if node.func.attr.startswith("exec"):
                first = node.args[1]
            yield first if whole or node.func.attr.startswith("exec") else ast.List([first, *node.args[1:]] if node.func.attr != "which" else [first])
            return
        for (file, function), parameter in list(self.runs.items()):
            other = self.modules[file]
            if self.calls(module, node.func, other, function):
                at = parameters(other.functions[function]).index(parameter)
                yield from [word.value for word in node.keywords if word.arg == parameter]
                rest = other.functions[function].args.vararg
                if not rest or rest.arg != parameter:
                    yield from node.args[at : at + 1]

    @staticmethod
    def calls(module, func, other, function):
        """Whether func, in a module, is this function of another, or of the same."""
        if isinstance(func, ast.Name):
            return func.id == function and module is other
        if not isinstance(func, ast.Attribute) or func.attr != function:
            return False
        owner = ast.unparse(func.value)
        if function in other.methods:
            return module is other if owner == "self" else module is other or other.name in module.imported
        return owner == other.name

    def run_script(self, name, node):
        """A shell's script: fixed, or fixed but for what an f-string puts in."""
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        if any(not isinstance(part, (ast.Constant, ast.FormattedValue)) for part in parts):
            self.found_of[name].unknown.add(ast.unparse(node))
            return
        self.found_of[name].shell("".join(part.value if isinstance(part, ast.Constant) else "$x" for part in parts))

    def run(self, name, module, call, command):
        function = module.scope.get(call)
        for words in self.words(module, function, command):
            if isinstance(words, str):  # a parameter of the function around
                self.runs[name, function.name] = words
                continue
            left = self.found_of[name].command(words, shell=False)
            if left:
                self.found_of[name].unknown.add(left[0].source)

    def words(self, module, function, node, depth=0):
        """The possible lists of words that an expression is; a string where it is a parameter."""
        unknown = [[Word(None, ast.unparse(node))]]
        if depth > 8:
            return unknown
        again = lambda inner: self.words(module, function, inner, depth + 1)  # noqa: E731
        if isinstance(node, (ast.List, ast.Tuple)):
            heads = [[]]
            for element in node.elts:
                if isinstance(element, ast.Starred):
                    more = [words for words in again(element.value) if not isinstance(words, str)]
                    heads = [head + words for head in heads for words in more] if more else heads
                else:
                    heads = [head + [word] for head in heads for word in self.one(module, function, element)]
            return heads or unknown
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left = again(node.left)
            right = [words for words in again(node.right) if not isinstance(words, str)] or [[]]
            return [first if isinstance(first, str) else first + second for first in left for second in right]
        if isinstance(node, ast.IfExp):
            return again(node.body) + again(node.orelse)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in module.functions:
            inner = module.functions[node.func.id]
            returned = [part.value for part in ast.walk(inner) if isinstance(part, ast.Return) and part.value]
            return [words for value in returned for words in self.words(module, inner, value, depth + 1)]
        if isinstance(node, (ast.Name, ast.Attribute)):
            values = module.values(function, ast.unparse(node))
            if values:
                return [words for value in values for words in again(value)]
            if function and isinstance(node, ast.Name) and node.id in parameters(function):
                return [node.id]
        return unknown

    def one(self, module, function, node):
        """The possible words that an element of a list is."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return [Word(node.value, node.value)]
        if ast.unparse(node) == "sys.executable":
            return [Word("/usr/bin/python3", "sys.executable")]
        if isinstance(node, (ast.Name, ast.Attribute)):
            values = module.values(function, ast.unparse(node))
            return [word for value in values for word in self.one(module, function, value)] or [Word(None, ast.unparse(node))]
        if isinstance(node, ast.GeneratorExp):
            return [Word(None, ast.unparse(node))]
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.path.abspath":
            return self.one(module, function, node.args[0])
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "os.path.join" and isinstance(node.args[-1], ast.Constant):
            return [Word(None, "…/" + node.args[-1].value)]
        if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant):
            return [Word(None, f"…{node.right.value}")]
        return [Word(None, ast.unparse(node))]


def starter(node, which):
    """Whether a call is one that starts a program."""
    return (isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
            and node.func.attr in which.get(node.func.value.id, ()))  # fmt: skip


def in_shell(node):
    return starter(node, STARTERS) and any(word.arg == "shell" for word in node.keywords)
