#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs the build into an empty DESTDIR and uses it as a stranger would. Prints TAP."""
import os
import sys
import tempfile
from pathlib import Path

from tree import below, install, report, run

build, prefix, libdir, plugin_dir, *plugins = sys.argv[1:]
tests = []


def test(function):
    tests.append(function)
    return function


class Tree:
    """The installed files below a DESTDIR."""

    def __init__(self, root):
        self.root = Path(root)
        self.install_log = install(build, root)
        self.lib = self.under(Path(prefix) / libdir)
        self.plugins = self.under(plugin_dir)

    def under(self, path):
        return below(self.root, path)

    def gst(self, *command):
        return run(*command, GST_PLUGIN_PATH=str(self.plugins), GST_REGISTRY=str(self.root / 'registry.bin'))

    def flags(self, what):
        out = run('pkg-config', what, 'gstlivetranscript-1.0', PKG_CONFIG_PATH=str(self.lib / 'pkgconfig'))
        return out.replace(f'{prefix}/', f'{self.under(prefix)}/').split()


@test
def installing_says_how_gstreamer_finds_the_plugins(tree):
    assert f'export GST_PLUGIN_PATH={plugin_dir}' in tree.install_log, tree.install_log


@test
def every_plugin_is_installed_and_loads_with_the_installed_library(tree):
    for plugin in plugins:
        shown = tree.gst('gst-inspect-1.0', tree.plugins / f'libgst{plugin}.so')
        assert 'gst-livetranscript' in shown, shown
    assert {file.name for file in tree.plugins.glob('*')} == {f'libgst{plugin}.so' for plugin in plugins}
    linked = {line.split()[2] for plugin in plugins
              for line in run('ldd', tree.plugins / f'libgst{plugin}.so').splitlines()
              if 'libgstlivetranscript-1.0.so.0' in line}
    assert {os.path.realpath(file) for file in linked} <= {os.path.realpath(self_library(tree))}, linked


def self_library(tree):
    return tree.lib / 'libgstlivetranscript-1.0.so.0'


@test
def the_elements_are_found_by_name(tree):
    for plugin in plugins:  # by file: the name may be an element's too
        elements = tree.gst('gst-inspect-1.0', '--print-plugin-auto-install-info', tree.plugins / f'libgst{plugin}.so')
        names = [line.split('-', 1)[1] for line in elements.splitlines() if line.startswith('element-')]
        assert names, f'{plugin} registers no element'
        for name in names:
            # Without a version of its own it asks for at least GStreamer's.
            tree.gst('gst-inspect-1.0', '--exists', '--atleast-version=0.1', name)


@test
def the_library_exports_nothing_but_its_interface(tree):
    symbols = run('nm', '-D', '--defined-only', '--demangle', self_library(tree)).splitlines()
    foreign = [line for line in symbols if not line[19:].startswith(
        ('gst_', 'Gst', 'lt::', 'non-virtual thunk to lt::', 'typeinfo', 'vtable', 'guard variable', 'VTT', 'std::',
         '__gnu_cxx::', 'void ', 'bool '))]
    assert not foreign, '\n'.join(foreign)


@test
def a_c_program_builds_and_runs_against_the_installed_headers(tree):
    program = tree.root / 'consumer'
    source = Path(__file__).with_name('consumer.c')
    run('cc', '-std=c99', '-Wall', '-Wextra', '-Werror', source, *tree.flags('--cflags'), '-o', program,
        *tree.flags('--libs'))
    run(program, LD_LIBRARY_PATH=str(tree.lib))


@test
def the_development_environment_finds_the_plugins_of_the_build(tree):
    for plugin in plugins:
        shown = run('meson', 'devenv', '-C', build, 'gst-inspect-1.0', plugin,
                    GST_REGISTRY=str(tree.root / 'devenv.bin'))
        assert str(Path(build) / 'plugins') in shown, shown


with tempfile.TemporaryDirectory() as folder:
    report(tests, Tree(folder))
