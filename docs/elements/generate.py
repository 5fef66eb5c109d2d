#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the reference part of docs/elements/NAME.md from what gst-inspect-1.0 says of every element of a build.

  generate.py [--plugins DIR]            rewrites the part between the two marker comments; makes missing pages
  generate.py [--plugins DIR] --check    writes nothing, says what is stale or missing, ends with 1 if anything is

Everything outside the markers is written by hand and left alone. Nothing that differs from one machine to another
(paths, versions, properties that come from GStreamer's own base classes) gets into the reference.
"""
import argparse
import difflib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PAGES = Path(__file__).resolve().parent
ROOT = PAGES.parents[1]
BEGIN = '<!-- begin: written by docs/elements/generate.py, do not edit -->'
END = '<!-- end -->'
# What every page says in its own words, under these headings.
HEADINGS = ('Pipeline', 'Choosing values', 'When something goes wrong')
# An element of GStreamer's core with the same base class: what both have comes from there.
RELATIVES = {'GstBaseSink': 'fakesink', 'GstBaseSrc': 'fakesrc', 'GstBaseTransform': 'identity'}
FLAGS = {
    'changeable only in NULL or READY state': 'in NULL and READY',
    'changeable only in NULL, READY or PAUSED state': 'up to PAUSED',
    'changeable in NULL, READY, PAUSED or PLAYING state': 'in every state',
}


class Inspector:
    """gst-inspect-1.0 with the plugins of one build."""

    def __init__(self, plugins, registry):
        self.plugins = Path(plugins)
        self.environment = {**os.environ, 'LC_ALL': 'C', 'GST_PLUGIN_PATH_1_0': str(plugins), 'GST_DEBUG': '0',
                            'GST_REGISTRY_1_0': os.environ.get('GST_REGISTRY_1_0', str(registry))}

    def run(self, *arguments):
        command = ['gst-inspect-1.0', '--no-colors', *map(str, arguments)]
        return subprocess.run(command, env=self.environment, check=True, text=True, stdout=subprocess.PIPE).stdout

    def elements(self):
        names = []
        for plugin in sorted(self.plugins.glob('libgst*.so')):
            listed = self.run('--print-plugin-auto-install-info', plugin)
            names += re.findall(r'^element-(\S+)$', listed, re.MULTILINE)
        return sorted(names)


def section(text, title):
    """The lines below 'Title:' up to the next line that is not indented."""
    match = re.search(rf'^{re.escape(title)}:\n((?:[ \t].*\n|\n)*)', text, re.MULTILINE)
    return match.group(1) if match else ''


def details(text, title):
    return dict(re.findall(r'^  (\S[^\n]*?)  +(.*)$', section(text, title), re.MULTILINE))


def ancestors(text):
    return re.findall(r'^ *(?:\+----)?((?:G|Gst)[A-Za-z]+)$', text.split('\nPad Templates')[0], re.MULTILINE)


def properties(text):
    """name -> (description, lines of flags, type and values)."""
    found = {}
    name = None
    for line in section(text, 'Element Properties').splitlines():
        head = re.match(r'^  (\S+) *: (.*)$', line)
        if head:
            name = head.group(1)
            found[name] = (head.group(2), [])
        elif name and line.strip():
            found[name][1].append(line)
    return found


def cell(text):
    return re.sub(r'\s+', ' ', text).strip().replace('|', '\\|')


def code(text):
    return f'`{cell(text)}`'


def access(flags):
    words = [word.strip() for word in re.split(r', (?=readable|writable|changeable|controllable|deprecated)', flags)]
    short = {'readable': 'read', 'writable': 'write'}
    return ', '.join(FLAGS.get(word, short.get(word, word)) for word in words).replace('write, in', 'write in').replace(
        'write, up', 'write up')


def fields_of(lines):
    return re.findall(r'^ {25,}([a-z][a-z0-9-]*): ', '\n'.join(lines), re.MULTILINE)


def choices_of(lines):
    return re.findall(r'^ +\(-?\d+\): (\S+) +- (.*)$', '\n'.join(lines), re.MULTILINE)


def kind_and_default(lines):
    kind = lines[1].strip() if len(lines) > 1 else ''
    default = re.search(r'Default: +(?:-?\d+, )?("[^"]*"|\S+)', kind)
    value = default.group(1) if default else ''
    bounds = re.search(r'Range: +(\S+) - +(\S+)', kind)
    name = re.split(r'[.:] | of type |  | Default', kind)[0]
    name = re.match(r'(Enum|Flags|Boxed pointer|Object|[A-Za-z0-9 ]+)', name).group(1).strip().lower()
    if fields_of(lines):
        name = 'structure'
    if bounds:
        name += f', {bounds.group(1)} to {bounds.group(2)}'
    return name, 'unset' if value in ('null', '""', '') else code(value.strip('"'))


def property_row(name, description, lines):
    flags = lines[0].split('flags: ', 1)[1]
    kind, default = kind_and_default(lines)
    for word, what in choices_of(lines):
        kind += f'<br>{code(word)}: {cell(what)}'
    meaning = cell(description)
    if fields_of(lines):
        meaning += '. Fields: ' + ', '.join(map(code, fields_of(lines)))
    if 'write' not in access(flags):
        default = ''
    return f'| `{name}` | {meaning} | {kind} | {default} | {access(flags)} |'


def caps_of(text):
    structures = []
    for line in text.splitlines():
        media = re.match(r'^ {6}(\S+)$', line)
        field = re.match(r'^ {7,}([a-z-]+): (.*)$', line)
        if media:
            structures.append(media.group(1))
        elif field and structures:
            structures[-1] += f', {field.group(1)}={re.sub(r"[(][a-z]+[)]", "", field.group(2))}'
    return '<br>'.join(map(code, structures))


def pad_rows(text):
    for direction, name, body in re.findall(r"^  (SINK|SRC) template: '([^']+)'\n((?:    .*\n)+)",
                                            section(text, 'Pad Templates'), re.MULTILINE):
        presence = re.search(r'Availability: (.*)', body).group(1)
        yield f'| `{name}` | {direction.lower()} | {presence.lower()} | {caps_of(body)} |'


def own_properties(text, inspector):
    relative = next((RELATIVES[parent] for parent in ancestors(text) if parent in RELATIVES), 'identity')
    inherited = {name: what[0] for name, what in properties(inspector.run(relative)).items()}
    return {name: what for name, what in properties(text).items() if inherited.get(name) != what[0]}


def reference(name, inspector):
    text = inspector.run(name) + '\n'
    facts = details(text, 'Factory Details')
    base = ancestors(text)[-2]
    lines = ['## Reference', '', f'{facts["Long-name"]}: {facts["Description"]}.', '',
             f'Plugin `{details(text, "Plugin Details")["Name"]}`, class `{facts["Klass"]}`, rank '
             f'{facts["Rank"].split()[0]}, base class `{base}`.', '',
             '### Pads', '', '| pad | direction | presence | caps |', '|---|---|---|---|', *pad_rows(text), '',
             '### Properties', '',
             f'Those of `{base}` itself are not repeated here.' if base != 'GstElement' else None,
             '' if base != 'GstElement' else None,
             '| property | meaning | type | default | access |', '|---|---|---|---|---|']
    lines += [property_row(own, *what) for own, what in sorted(own_properties(text, inspector).items())]
    for title, heading in (('Element Signals', 'Signals'), ('Element Actions', 'Action signals')):
        listed = section(text, title).rstrip()
        lines += ['', f'### {heading}', ''] + (['```text', listed, '```'] if listed.strip() else ['None.'])
    return '\n'.join(line for line in lines if line is not None) + '\n'


def skeleton(name):
    sections = ''.join(f'## {heading}\n\n' for heading in HEADINGS)
    return f'# {name}\n\n{sections}{BEGIN}\n{END}\n'


def with_reference(page, text):
    """The page with its reference replaced; None when it has no markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f'{before}{BEGIN}\n\n{text}\n{END}{after}' if begin and end else None


def page_of(name):
    return PAGES / f'{name}.md'


def problems_of_hand_written_part(name, page):
    """What a page must say in its own words."""
    by_hand = page.partition(BEGIN)[0]
    if not by_hand.startswith(f'# {name}\n'):
        yield f'its first line is not "# {name}"'
    parts = re.split(r'^## +(.*)$', by_hand, flags=re.MULTILINE)
    if len(parts[0].split('\n', 1)[-1].strip()) < 40:
        yield 'it does not say what the element is for'
    written = dict(zip(parts[1::2], parts[2::2]))
    for heading in HEADINGS:
        if not written.get(heading, '').strip():
            yield f'the section "{heading}" is missing or empty'
    if not re.search(rf'^```sh\n(?:.*\n)*?.*\b{name}\b', written.get('Pipeline', ''), re.MULTILINE):
        yield 'there is no pipeline with this element to paste'
    if written.get('When something goes wrong', '').count('\n|') < 3:
        yield 'there is no table of failures'


def stale(name, inspector):
    """Why a page is not what it should be; '' when it is."""
    file = page_of(name)
    if not file.exists():
        return f'{file.relative_to(ROOT)} is missing: run docs/elements/generate.py, then write its other sections'
    page = file.read_text(encoding='utf-8')
    wanted = with_reference(page, reference(name, inspector))
    if wanted is None:
        return f'{file.relative_to(ROOT)} lacks the marker comments {BEGIN} and {END}'
    if wanted != page:
        lines = difflib.unified_diff(page.splitlines(), wanted.splitlines(), 'page', 'gst-inspect', lineterm='', n=0)
        return f'{file.relative_to(ROOT)} is stale: run docs/elements/generate.py\n' + '\n'.join(lines)
    return '; '.join(problems_of_hand_written_part(name, page))


def write(name, inspector):
    file = page_of(name)
    page = file.read_text(encoding='utf-8') if file.exists() else skeleton(name)
    wanted = with_reference(page, reference(name, inspector))
    if wanted is None:
        sys.exit(f'{file} lacks the marker comments {BEGIN} and {END}')
    if not file.exists() or wanted != page:
        file.write_text(wanted, encoding='utf-8')
        print(f'wrote {file.relative_to(ROOT)}')


def default_plugins():
    trees = [ROOT / 'build' / 'main', ROOT / 'build' / 'demo', ROOT / 'build']
    return next((tree / 'plugins' for tree in trees if (tree / 'plugins').is_dir()), None)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--plugins', default=default_plugins(), help="the build's folder with the plugins")
    parser.add_argument('--check', action='store_true', help='write nothing')
    options = parser.parse_args()
    if not options.plugins:
        sys.exit('There is no build: name its folder of plugins with --plugins.')
    with tempfile.TemporaryDirectory() as directory:
        inspector = Inspector(Path(options.plugins).resolve(), Path(directory) / 'registry.bin')
        if not options.check:
            for name in inspector.elements():
                write(name, inspector)
            return 0
        found = [why for name in inspector.elements() if (why := stale(name, inspector))]
    print('\n'.join(found), end='\n' if found else '')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
