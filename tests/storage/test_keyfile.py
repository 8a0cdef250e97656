"""The file that holds the master keys."""

import stat
from pathlib import Path

import pytest

from storage.keyfile import Busy, write
from storage.keys import Keyring
from storage.rotation import begun


def test_it_is_rewritten_for_its_owners_eyes_only(tmp_path: Path) -> None:
    """However it lay there before; a link stays one."""
    file, link = tmp_path / "keys", tmp_path / "link"
    old = Keyring.kept_in(file)
    file.chmod(0o644)
    link.symlink_to(file)
    new = begun(old, "k2")

    write(link, new)

    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Keyring.parse(file.read_text()).masters == new.masters
    assert sorted(each.name for each in tmp_path.iterdir()) == ["keys", "link"]


def test_two_do_not_write_at_once(tmp_path: Path) -> None:
    """One of the new keys would be lost, and with it what it seals."""
    file = tmp_path / "keys"
    keys = Keyring.kept_in(file)
    before = file.read_text()
    (tmp_path / ".keys.new").touch()

    with pytest.raises(Busy, match="another command writes the keys"):
        write(file, begun(keys, "k2"))

    assert file.read_text() == before
    assert (tmp_path / ".keys.new").exists()


def test_what_cannot_be_written_leaves_the_old_list(tmp_path: Path) -> None:
    """And nothing of the new one beside it."""
    file = tmp_path / "keys"
    keys = Keyring.kept_in(file)
    directory = tmp_path / "full"
    directory.mkdir()
    (directory / "keys").mkdir()
    with pytest.raises(OSError, match="directory"):
        write(directory / "keys", keys)
    assert [each.name for each in directory.iterdir()] == ["keys"]
