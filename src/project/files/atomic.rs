//! Replaces a file atomically: a temporary file beside it, synced, then renamed over it.

use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The steps between which a crash may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Created,
    HalfWritten,
    Written,
    Permitted,
    Synced,
    Renamed,
}

/// Replaces the file that a path leads to, through links, or creates it. After a failure the old file is intact
/// and nothing else remains.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    put(&follow(path)?, bytes)
}

/// The same, but a link at this path is replaced by the file.
pub(super) fn put(target: &Path, bytes: &[u8]) -> io::Result<()> {
    check(target)?;
    let temporary = temporary_beside(target)?;
    let done = replace_by(target, &temporary, bytes, &mut |_| Ok(()));
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done
}

/// The steps of [`replace`]. `at` is called at every step; where it fails, everything stops there as in
/// a crash.
pub(super) fn replace_by(
    target: &Path,
    temporary: &Path,
    bytes: &[u8],
    at: &mut dyn FnMut(Moment) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(temporary)?;
    at(Moment::Created)?;
    let (first, second) = bytes.split_at(bytes.len() / 2);
    file.write_all(first)?;
    at(Moment::HalfWritten)?;
    file.write_all(second)?;
    at(Moment::Written)?;
    if let Ok(before) = fs::symlink_metadata(target)
        && before.is_file()
    {
        file.set_permissions(before.permissions())?;
    }
    at(Moment::Permitted)?;
    file.sync_all()?;
    drop(file);
    at(Moment::Synced)?;
    fs::rename(temporary, target)?;
    at(Moment::Renamed)?;
    // So that the rename itself is on disk; not every system can, and the file is intact either way.
    if let Some(folder) = target.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// The file that is really meant: links followed, also one that points at nothing yet.
fn follow(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_path_buf();
    for _ in 0..40 {
        if !fs::symlink_metadata(&target).is_ok_and(|metadata| metadata.is_symlink()) {
            return Ok(target);
        }
        let next = fs::read_link(&target)?;
        target = target
            .parent()
            .map_or(next.clone(), |folder| folder.join(next));
    }
    Err(io::Error::other("its links go round in circles"))
}

/// Refuses what a rename would go over: folders, devices, and files that are marked read-only.
fn check(target: &Path) -> io::Result<()> {
    let kind = match fs::symlink_metadata(target) {
        Ok(metadata) if metadata.is_symlink() => return Ok(()),
        Ok(metadata) if metadata.is_dir() => (io::ErrorKind::IsADirectory, "it is a folder"),
        Ok(metadata) if !metadata.is_file() => {
            (io::ErrorKind::InvalidInput, "it is not a regular file")
        }
        Ok(metadata) if metadata.permissions().readonly() => {
            (io::ErrorKind::PermissionDenied, "it is marked read-only")
        }
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    Err(io::Error::new(kind.0, kind.1))
}

pub(super) fn temporary_beside(target: &Path) -> io::Result<PathBuf> {
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::other("it has no file name"))?;
    let name = format!(".{}.{:016x}.tmp", name.to_string_lossy(), random());
    Ok(target.with_file_name(name))
}

/// A random number, for unique file names.
pub(super) fn random() -> u64 {
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}
