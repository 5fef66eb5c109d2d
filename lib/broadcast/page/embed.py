#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the files of the viewer page as one C++ file: embed.py OUTPUT FILE..."""
import os
import sys

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
LINE = 24  # bytes


def literal(data):
    lines = [data[i:i + LINE] for i in range(0, len(data), LINE)] or [b""]
    # Octal escapes of three digits: unlike \x they cannot swallow the character that follows.
    return "\n".join('    "' + "".join(f"\\{byte:03o}" for byte in line) + '"' for line in lines)


def main():
    output, *files = sys.argv[1:]
    with open(output, "w", encoding="ascii") as out:
        out.write('#include "lib/broadcast/page.h"\n\nnamespace lt::broadcast {\n\nnamespace {\n')
        entries = []
        for number, name in enumerate(sorted(files)):
            with open(name, "rb") as file:
                data = file.read()
            base = os.path.basename(name)
            path = "/" if base == "index.html" else "/" + base
            out.write(f"\nconst char content{number}[] =\n{literal(data)};\n")
            entries.append(f'    {{"{path}", "{TYPES[os.path.splitext(base)[1]]}", '
                           f"{{content{number}, {len(data)}}}}},\n")
        out.write("\nconst PageFile files[] = {\n" + "".join(entries) + "};\n\n} // namespace\n\n"
                  "std::span<const PageFile> pageFiles() {\n    return files;\n}\n\n} // namespace lt::broadcast\n")


main()
