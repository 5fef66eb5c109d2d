#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds docs/examples/embed against an installed tree, by pkg-config alone, and runs it and captions.py.
Arguments: the build's root, its prefix, libdir, folder of plugins, and the programs emulator, dtmf-wav, viewer."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import tap
from markdown import blocks_of_markdown, read

ROOT = Path(__file__).resolve().parents[2]
BUILD, PREFIX, LIBDIR, PLUGINS = sys.argv[1:5]
EMULATOR, DTMF_WAV, VIEWER = (os.path.abspath(program) for program in sys.argv[5:8])
EXAMPLES = ROOT / 'docs' / 'examples'
SEQUENCE = '159#,20'  # a comma is a second of silence: two utterances
FINALS = ['1 5 9 #', '2 0']
PARTIALS = ['1', '1 5', '1 5 9', '1 5 9 #', '2', '2 0']
PATIENCE = 120  # seconds, for whatever only fails
COMPILER = {'CC': 'gcc'} if shutil.which('gcc') else {}


class Stage:
    """An installed tree, the example built against it, the emulator, and something to hear."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.tree = self.folder / 'tree'
        # None of the caller's GStreamer settings: what is used is what was installed.
        clean = {key: value for key, value in os.environ.items()
                 if not key.startswith(('GST_', 'LD_', 'DESTDIR', 'G_DEBUG', 'MALLOC_PERTURB_'))}
        self.environment = {**clean, **COMPILER, 'LC_ALL': 'C.UTF-8', 'GLADIA_API_KEY': 'not-a-real-key',
                            'LD_LIBRARY_PATH': str(self.under(Path(PREFIX) / LIBDIR)),
                            'GST_PLUGIN_PATH': str(self.under(PLUGINS)),
                            'GST_REGISTRY': str(self.folder / 'registry.bin'),
                            'PKG_CONFIG_PATH': str(self.folder / 'pkgconfig')}
        self.emulator = subprocess.Popen([EMULATOR, '--exit-with-parent'], stdout=subprocess.PIPE, text=True)
        self.environment['GLADIA_URL'] = self.emulator.stdout.readline().split()[-1]

    def under(self, path):
        return self.tree / str(path).lstrip('/')

    def run(self, *command, status=0, **environment):
        """Standard output, or with another status wanted standard error."""
        done = subprocess.run([str(word) for word in command], cwd=self.folder, env={**self.environment, **environment},
                              check=False, timeout=PATIENCE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        said = f'{" ".join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}'
        assert done.returncode == status, said
        return done.stderr if status else done.stdout

    def prepare(self):
        self.run('meson', 'install', '-C', BUILD, '--no-rebuild', '--destdir', self.tree)
        (self.folder / 'pkgconfig').mkdir()
        # An installed tree that was moved: its .pc file says where it is now.
        moved = re.sub(r'^prefix=.*', f'prefix={self.under(PREFIX)}', self.pc_file().read_text(encoding='utf-8'),
                       flags=re.MULTILINE)
        (self.folder / 'pkgconfig' / self.pc_file().name).write_text(moved, encoding='utf-8')
        self.run(DTMF_WAV, '--lead-ms', '300', '--tail-ms', '500', SEQUENCE, 'digits.wav')
        wav = (self.folder / 'digits.wav').read_bytes()
        (self.folder / 'digits.raw').write_bytes(wav[wav.index(b'data') + 8:])

    def pc_file(self):
        return self.under(Path(PREFIX) / LIBDIR / 'pkgconfig' / 'gstlivetranscript-1.0.pc')

    def close(self):
        self.emulator.kill()
        self.emulator.wait()


def transcripts(text, way, what):
    """Texts of the lines 'way what [times] text'."""
    return [match.group(1) for match in re.finditer(rf'^{way} {what} (?:[\d.]+-[\d.]+ )?(.*)$', text, re.MULTILINE)]


def check_transcripts(text):
    for way in ('buffer', 'bus'):
        assert transcripts(text, way, 'final') == FINALS, f'finals by {way}:\n{text}'
        heard = list(dict.fromkeys(transcripts(text, way, 'partial')))  # the same text may come again
        assert heard == PARTIALS, f'partials by {way}:\n{text}'


def the_c_program_builds_outside_the_tree(stage):
    shutil.copytree(EXAMPLES / 'embed', stage.folder / 'embed')
    stage.run('meson', 'setup', 'embed/build', 'embed', '-Dwerror=true')
    stage.run('ninja', '-C', 'embed/build')


def the_c_program_prints_what_was_said(stage):
    text = stage.run('embed/build/captions', 'digits.raw')
    check_transcripts(text)
    assert 'buffer final 0.30-1.00 1 5 9 #\n' in text and 'buffer final 2.10-2.40 2 0\n' in text, text


def the_c_programs_viewers_see_it_too(stage):
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    viewer = subprocess.Popen([VIEWER, '--wait', '--json', '--finals=2', f'--timeout={PATIENCE}',
                               f'ws://127.0.0.1:{port}/ws/demo'], stdout=subprocess.PIPE, text=True)
    try:
        stage.run('embed/build/captions', 'digits.raw', port)
        seen, _ = viewer.communicate(timeout=PATIENCE)
    finally:
        viewer.kill()
        viewer.wait()
    assert viewer.returncode == 0 and '"2 0"' in seen, seen


def without_a_key_the_c_program_says_what_to_do(stage):
    said = stage.run('embed/build/captions', 'digits.raw', status=1, GLADIA_API_KEY='')
    assert 'Set the environment variable GLADIA_API_KEY' in said, said


def python_with_gstreamer():
    for python in ('python3', '/usr/bin/python3'):
        tried = subprocess.run([python, '-c', 'import gi; gi.require_version("GstApp", "1.0")'], check=False,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if tried.returncode == 0:
            return python
    return ''


def the_python_program_prints_what_was_said(stage):
    python = python_with_gstreamer()
    if not python:
        return 'python3-gi or gir1.2-gst-plugins-base-1.0 is missing'
    check_transcripts(stage.run(python, EXAMPLES / 'captions.py', 'digits.wav'))
    return ''


def without_a_key_the_python_program_says_what_to_do(stage):
    python = python_with_gstreamer()
    if not python:
        return 'python3-gi or gir1.2-gst-plugins-base-1.0 is missing'
    said = stage.run(python, EXAMPLES / 'captions.py', 'digits.wav', status=1, GLADIA_API_KEY='')
    assert 'Set the environment variable GLADIA_API_KEY' in said, said
    return ''


def the_document_quotes_the_programs(_stage):
    """Code in docs/embedding.md stands in the examples, line for line, unless it is marked as not run."""
    sources = {'c': (EXAMPLES / 'embed' / 'captions.c'), 'meson': (EXAMPLES / 'embed' / 'meson.build'),
               'python': EXAMPLES / 'captions.py'}
    file = 'docs/embedding.md'
    for block in blocks_of_markdown(file, read(ROOT, file)):
        if block.language not in sources or block.exempt:
            continue
        lines = {line.strip() for line in sources[block.language].read_text(encoding='utf-8').splitlines()}
        foreign = [line for line in block.text.splitlines() if line.strip() and line.strip() not in lines]
        assert not foreign, f'{block.place}: not in {sources[block.language].name}:\n' + '\n'.join(foreign)


TESTS = [the_document_quotes_the_programs, the_c_program_builds_outside_the_tree, the_c_program_prints_what_was_said,
         the_c_programs_viewers_see_it_too, without_a_key_the_c_program_says_what_to_do,
         the_python_program_prints_what_was_said, without_a_key_the_python_program_says_what_to_do]


def main():
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(folder)
        try:
            stage.prepare()
            return tap.run([(test.__name__.replace('_', ' '), partial(test, stage)) for test in TESTS])
        finally:
            stage.close()


sys.exit(main())
