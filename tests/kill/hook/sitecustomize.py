"""Python imports this at its start where its folder is on the path: it kills at a chosen step of a write.

A step is a call by which a process opens a file for writing, renames, removes or makes one, or opens a store, in the
folder $KILL_FOLDER. Every step adds its letter to the file $KILL_LOG, which all processes of a command share; the one
that is number $KILL_AT ends them all, as a power cut does. With $KILL_HALF a file that is about to be renamed loses
its second half first: the state in the middle of writing it.
"""

import os
import signal
import sys

STEPS = {"open": "o", "os.rename": "r", "os.remove": "d", "os.mkdir": "m", "sqlite3.connect": "s"}


def _install(folder, log, at, half):
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def step(event, arguments):
        if event not in STEPS or isinstance(arguments[0], int):
            return
        path = os.path.abspath(os.fsdecode(arguments[0]))
        writes = event != "open" or arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if not (writes and path.startswith(folder + os.sep)):
            return
        os.write(file, STEPS[event].encode())
        if os.fstat(file).st_size == at:
            if half and event == "os.rename":
                os.truncate(path, os.path.getsize(path) // 2)
            os.killpg(0, signal.SIGKILL)

    sys.addaudithook(step)


if os.environ.get("KILL_LOG"):
    _install(
        os.environ["KILL_FOLDER"],
        os.environ["KILL_LOG"],
        int(os.environ.get("KILL_AT", 0)),
        bool(os.environ.get("KILL_HALF")),
    )
