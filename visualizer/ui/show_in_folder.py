"""Show a file where it lies, chosen in the file manager where that can be asked for."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QUrl
from PySide6.QtGui import QDesktopServices

_FILE_MANAGER = ("org.freedesktop.FileManager1", "/org/freedesktop/FileManager1")


def show_in_folder(path: Path, asker: QObject) -> None:
    """Open the folder of a file, or of a folder the one above it.

    Args:
        asker: waits for the file manager's answer.
    """
    if sys.platform == "win32":
        QProcess.startDetached("explorer", [f"/select,{path}"])
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(path)])
    elif not _ask_file_manager(path, asker):
        _open_folder(path)


def _open_folder(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def _ask_file_manager(path: Path, asker: QObject) -> bool:
    """Whether a file manager was asked; where it does not answer, the folder is opened."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return False
    name, place = _FILE_MANAGER
    asked = QDBusMessage.createMethodCall(name, place, name, "ShowItems")
    asked.setArguments([[QUrl.fromLocalFile(str(path)).toString()], ""])
    # it may have to be started first: nobody waits for it
    watcher = QDBusPendingCallWatcher(bus.asyncCall(asked), asker)

    def answered() -> None:
        if watcher.isError():
            _open_folder(path)
        watcher.deleteLater()

    watcher.finished.connect(answered)
    return True
