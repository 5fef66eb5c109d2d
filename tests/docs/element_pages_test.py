#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Is there a page of every element, does its reference say what gst-inspect-1.0 says, and do links lead somewhere?
Argument: the build's folder with the plugins."""
import re
import sys
import tempfile
from pathlib import Path

import tap
from markdown import documents, links_of, read

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'docs' / 'elements'))
import generate  # noqa: E402


def page_is_current(name, inspector):
    why = generate.stale(name, inspector)
    assert not why, why


def element_names_its_page(name, inspector):
    uri = generate.details(inspector.run(name), 'Factory Details').get('Doc-uri', '')
    assert uri.endswith(f'/docs/elements/{name}.md'), f'its Doc-uri is "{uri}"'


def reference_is_the_same_everywhere(name, inspector):
    text = generate.reference(name, inspector)
    for pattern in (str(inspector.plugins), r'\.so\b', r'/(usr|home|root|tmp|work)/', r'\b\d+\.\d+\.\d+\b(?!\.)'):
        found = re.search(pattern, text.replace('127.0.0.1', '').replace('0.0.0.0', ''))
        assert not found, f'"{found.group(0)}" differs from machine to machine'


def gladias_names_stand_beside_ours():
    """Each thing a request to Gladia can have stands in gladiasink's table of names, and each property in it exists."""
    page = read(ROOT, Path('docs/elements/gladiasink.md'))
    table = page.split('## What Gladia calls it', 1)[1].split('\n\n| kind |', 1)[0]
    rows = [line.split('|')[1:3] for line in table.replace('\\|', '').splitlines() if line.startswith('| `')]
    theirs = {name for cell, _ in rows for name in re.findall(r'[a-z_]{3,}', cell)}
    schema = (ROOT / 'tests/support/gladia_emulator/request_schema.cpp').read_text(encoding='utf-8')
    offered = set(re.findall(r'{(?:\.name = )?"([a-z_]+)"', schema))
    retired = {'words_accurate_timestamps', 'chapterization'}
    missing = {name for name in offered - retired - theirs if not name.startswith('receive_')}
    assert len(offered) > 40 and not missing, f'not in the table: {", ".join(sorted(missing))}'
    properties = set(re.findall(r'^\| `([a-z-]+)` \|.*\| read', page, re.MULTILINE))
    ours = [re.match(r' (?:`([a-z-]+)`(?:, `([a-z-]+)`)?)', cell) for _, cell in rows]
    named = {name for found in ours if found for name in found.groups() if name}
    assert len(named) > 20 and named <= properties, f'no properties: {", ".join(sorted(named - properties))}'


def links_lead_somewhere(file):
    missing = [target for target in links_of(read(ROOT, file)) if not (ROOT / file.parent / target).exists()]
    assert not missing, f'no such file: {", ".join(missing)}'


def main():
    with tempfile.TemporaryDirectory() as directory:
        inspector = generate.Inspector(Path(sys.argv[1]).resolve(), Path(directory) / 'registry.bin')
        tests = [(f'links of {file} lead somewhere', lambda file=file: links_lead_somewhere(file))
                 for file in documents(ROOT)]
        tests.append(("Gladia's names stand beside the properties", gladias_names_stand_beside_ours))
        for name in inspector.elements():
            tests += [(f'the page of {name} is current', lambda name=name: page_is_current(name, inspector)),
                      (f'{name} names its page', lambda name=name: element_names_its_page(name, inspector)),
                      (f'the reference of {name} is the same on every machine',
                       lambda name=name: reference_is_the_same_everywhere(name, inspector))]
        return tap.run(tests)


sys.exit(main())
