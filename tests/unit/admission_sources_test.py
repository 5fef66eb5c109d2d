#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Is there one way in? Looks through the sources: who asks the guard, and who touches what only the guard may touch."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests' / 'docs'))
import tap  # noqa: E402

FOLDERS = ('lib', 'elements', 'plugins', 'pipelines')

# Who may ask the guard for a stream: the places where a peer's words become a session.
FRONT_DOORS = {
    'lib/rtmp/server_core.cpp': 'connections, before they name a stream',
    'lib/rtmp/server_publishers.cpp': 'publishers',
    'lib/broadcast/access.cpp': 'viewers',
    'pipelines/livetranscriptd/service.cpp': 'sessions of the service',
}
# Who counts other things than streams and their messages with the same log.
OTHER_LOGS = {
    'lib/rtmp/publisher_gate.h': 'takeovers of a stream',
    'lib/rtmp/publish_rate.h': 'requests to publish, before there is a stream',
    'lib/rtmp/server_core.h': 'wrong credentials of an address',
}


def sources():
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob('*')):
            if file.suffix in ('.cpp', '.h'):
                yield str(file.relative_to(ROOT)), file.read_text(encoding='utf-8')


def users_of(pattern):
    return {name for name, text in sources() if re.search(pattern, text)}


def expect(found, allowed):
    surplus, missing = sorted(found - set(allowed)), sorted(set(allowed) - found)
    assert not surplus, f'not only where it should be: {", ".join(surplus)}'
    assert not missing, f'no longer where it should be: {", ".join(missing)}'


def a_stream_is_let_in_at_a_front_door_only():
    expect(users_of(r'(\.|->)admitStream\('), FRONT_DOORS)


def places_are_acquired_and_released_by_the_guard_only():
    expect(users_of(r'#include "lib/admission/places\.h"'),
           {'lib/admission/places.cpp', 'lib/admission/stream_guard.h'})
    expect(users_of(r'[Pp]laces_?(\.|->)(acquire|release)\('), {'lib/admission/stream_guard.cpp'})


def messages_are_checked_by_the_guard_only():
    expect(users_of(r'#include "lib/admission/sliding_log\.h"'), {'lib/admission/stream_guard.h', *OTHER_LOGS})


CHECKS = (a_stream_is_let_in_at_a_front_door_only, places_are_acquired_and_released_by_the_guard_only,
          messages_are_checked_by_the_guard_only)
sys.exit(tap.run([(check.__name__, check) for check in CHECKS]))
