# SPDX-License-Identifier: LGPL-2.1-or-later
"""A systemd of its own, as process 1 of its own namespaces: nothing of it, nor of what it starts, touches the machine's.

Only the network is the machine's. /usr/local (or whatever the prefix is) is the installed tree; /run, /tmp and what
services write below /var are empty and vanish with it; of units it knows those of the tree and a handful of targets.
"""
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

SYSTEMD = Path('/lib/systemd/systemd')
TARGETS = ('sysinit', 'basic', 'shutdown', 'multi-user', 'network-online')
UNITS = '/run/units'

BOOT = r'''set -e
mount --make-rprivate /
mount --bind "$TREE" "$PREFIX"
for empty in /run /tmp /var/lib /var/cache /var/log; do mount -t tmpfs tmpfs $empty; done
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p $SYSTEMD_UNIT_PATH
for target in $TARGETS; do
    printf '[Unit]\nDefaultDependencies=no\n' >$SYSTEMD_UNIT_PATH/$target.target
done
cp "$PREFIX"/lib/systemd/system/* $SYSTEMD_UNIT_PATH
exec env --unset=TREE --unset=TARGETS --unset=BOOT container=test "$SYSTEMD" --system --unit=basic.target
'''


def cgroup_root():
    """Where the second version of control groups is mounted, if it is."""
    mounts = (line.split() for line in Path('/proc/mounts').read_text().splitlines())
    return next((Path(mount[1]) for mount in mounts if mount[2] == 'cgroup2'), None)


def why_not():
    """What this machine lacks, as a sentence; empty when a systemd can be started."""
    if os.geteuid() != 0:
        return 'only root may start a systemd of its own'
    if not SYSTEMD.exists():
        return 'systemd is not installed'
    root = cgroup_root()
    if root is None or not os.access(root, os.W_OK):
        return 'there are no control groups to write to'
    probe = subprocess.run(['unshare', '-f', '-p', '-m', '-u', '-i', '-C', '--mount-proc', 'true'], check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return probe.stderr.strip()


def wait_for(condition, what, seconds=60):
    """Until the condition holds; the time only ends a test that fails."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f'not within {seconds} s: {what}'
        time.sleep(0.05)


class LiveSystemd:
    """Use as a context: it ends, with all it has started, at the end."""

    def __init__(self, tree, prefix):
        self.group = Path(tempfile.mkdtemp(prefix='livetranscript-', dir=cgroup_root()))
        self.log = tempfile.TemporaryFile('w+')
        environment = {'PATH': os.environ['PATH'], 'TREE': str(tree), 'PREFIX': str(prefix), 'SYSTEMD': str(SYSTEMD),
                       'TARGETS': ' '.join(TARGETS), 'SYSTEMD_UNIT_PATH': UNITS}
        # In a control group of its own first: that is the root of those it sees.
        outer = f'echo $$ >{self.group}/cgroup.procs && exec unshare -f -p -m -u -i -C --mount-proc ' \
                '--kill-child=SIGKILL /bin/sh -c "$BOOT"'
        self.process = subprocess.Popen(['/bin/sh', '-c', outer], env={**environment, 'BOOT': BOOT},
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def __enter__(self):
        wait_for(lambda: self.control('is-active', 'basic.target').stdout.strip() == 'active',
                 'a systemd that has started')
        return self

    def __exit__(self, *_):
        init = self.init()
        if init:
            os.kill(init, signal.SIGKILL)  # with process 1 of a namespace the kernel ends all others
        self.process.kill()
        self.process.wait()
        self.log.close()
        wait_for(self.remove_group, 'an empty control group')

    def remove_group(self):
        try:
            for folder, _, _ in os.walk(self.group, topdown=False):
                os.rmdir(folder)
        except OSError:
            return False  # who was killed is still leaving
        return True

    def init(self):
        children = Path(f'/proc/{self.process.pid}/task/{self.process.pid}/children')
        found = children.read_text().split() if children.exists() else []
        return int(found[0]) if found else None

    def inside(self, *command):
        """Runs a command in the namespaces; the result, whatever its status."""
        init = self.init()
        if init is None:
            return subprocess.CompletedProcess(command, 1, '', self.output())
        return subprocess.run(['nsenter', '-t', str(init), '-m', '-p', '-u', '-i', '-C', *map(str, command)], text=True,
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd='/')

    def control(self, *command):
        return self.inside('systemctl', *command)

    def property(self, unit, name):
        return self.control('show', unit, '--property', name, '--value').stdout.strip()

    def output(self):
        """What was said before systemd took over."""
        self.log.seek(0)
        return self.log.read()
