# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fenced blocks of the project's Markdown, and the example blocks of the elements' own documentation."""
import re
from dataclasses import dataclass
from pathlib import Path

SHELL = {'sh', 'bash', 'console'}
OTHER = {'c', 'css', 'html', 'ini', 'javascript', 'js', 'json', 'meson', 'nginx', 'python', 'sql', 'text', 'xml', 'yaml'}
FENCE = re.compile(r'^( *)(```+|~~~+) *(\S*)')
EXEMPTION = re.compile(r'<!-- not run: (.+?) -->\s*$')
EXAMPLE = re.compile(r'\|\[\n(.*?)\n *\* ?\]\|', re.DOTALL)
PROGRAM = re.compile(r'^(gst-launch-1\.0|ffmpeg|\./|livetranscript-)')


@dataclass
class Block:
    file: str
    line: int       # of its first line of text
    language: str   # '' when none is given
    text: str
    exempt: str = ''  # why it is not run

    @property
    def place(self):
        return f'{self.file}:{self.line}'


def documents(root):
    """README.md and what stands below docs/, as paths relative to the root."""
    found = [root / 'README.md', *sorted((root / 'docs').rglob('*.md'))]
    return [file.relative_to(root) for file in found if file.exists()]


def blocks_of_markdown(file, text):
    blocks, fence, exempt = [], None, ''
    for number, line in enumerate(text.splitlines(), 1):
        opening = FENCE.match(line)
        if fence is not None:
            if line.strip() == fence:
                fence = None
            else:
                blocks[-1].text += line + '\n'
        elif opening:
            fence = opening.group(2)
            blocks.append(Block(str(file), number + 1, opening.group(3), '', exempt))
            exempt = ''
        elif line.strip():
            marker = EXEMPTION.search(line)
            exempt = marker.group(1) if marker else ''
    return blocks


def commands_of_shell(text):
    """Logical lines. Where lines start with '$ ' the others are output."""
    joined = re.sub(r'\\\n\s*', '', text).splitlines()
    prompted = [line.strip()[2:] for line in joined if line.strip().startswith('$ ')]
    lines = prompted or joined
    return [line.strip() for line in lines if line.strip() and not line.strip().startswith('#')]


def blocks_of_element(file, text):
    """The |[ … ]| examples of a gtk-doc comment; a command may be wrapped there without a backslash, and a block that
    starts with another program is for the terminal beside the line above it."""
    blocks = []
    for match in EXAMPLE.finditer(text):
        lines = [re.sub(r'^ *\* ?', '', line).strip() for line in match.group(1).splitlines()]
        if lines[0].startswith('{'):
            continue  # a message
        commands = []
        for line in lines:
            if PROGRAM.match(line) or not commands:
                commands.append(line)
            else:
                commands[-1] += ' ' + line
        if blocks and not commands[0].startswith('gst-launch-1.0'):
            blocks[-1].text += '\n'.join(commands) + '\n'
            continue
        start = text[:match.start()].count('\n') + 2
        blocks.append(Block(str(file), start, 'sh', '\n'.join(commands) + '\n'))
    return blocks


def all_blocks(root):
    blocks = []
    for file in documents(root):
        blocks += blocks_of_markdown(file, (root / file).read_text(encoding='utf-8'))
    for file in sorted((root / 'elements').glob('*/gst*.cpp')):
        blocks += blocks_of_element(file.relative_to(root), file.read_text(encoding='utf-8'))
    return blocks


def why_block_is_not_acceptable(block, elements):
    """Every block is either run, or of a language that is not run, or says why it is not run; '' when it is one."""
    launches = 'gst-launch-1.0' in block.text or re.search(r'pipelines/run\b', block.text)
    if block.language not in SHELL | OTHER:
        return f'its language "{block.language}" is unknown: sh for commands, text for what is none'
    if launches and block.language not in SHELL:
        return 'it has a launch line, so its language is sh'
    if launches and block.exempt:
        return 'it has a launch line, which is always run; take the marker away'
    pipeline = ' ! ' in block.text and any(re.search(rf'\b{name}\b', block.text) for name in elements)
    if block.language == 'text' and pipeline and not block.exempt:
        return 'it has a pipeline: make it a launch line, or put <!-- not run: REASON --> above it'
    return ''


def links_of(text):
    """Targets of [text](target) outside code, without fragment."""
    prose, fence = [], None
    for line in text.splitlines():
        opening = FENCE.match(line)
        if fence is None and opening:
            fence = opening.group(2)
        elif fence is not None:
            fence = None if line.strip() == fence else fence
        else:
            prose.append(re.sub(r'`[^`]*`', '', line))
    targets = re.findall(r'\]\(([^)\s]+)\)', '\n'.join(prose))
    return [target.split('#')[0] for target in targets if not re.match(r'[a-z]+:|#', target)]


def read(root, file):
    return (Path(root) / file).read_text(encoding='utf-8')
