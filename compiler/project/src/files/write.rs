//! Writing a file whole or not at all: a temporary file in the same folder, synced, then renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path`; what was there before stays until all of it is on disk. Folders on the way are
/// made. A file that holds these bytes already is left alone.
///
/// # Errors
/// A sentence with the file's name.
pub fn whole(path: &Path, bytes: &[u8]) -> Result<(), String> {
    write(path, bytes).map_err(|error| format!("`{}` could not be written: {error}", path.display()))
}

/// Writes a new file.
///
/// # Errors
/// `Ok(false)` if there is something already, which then stays as it is; else a sentence with the file's name.
pub fn new(path: &Path, bytes: &[u8]) -> Result<bool, String> {
    let exists = || path.symlink_metadata().is_ok();
    if exists() {
        return Ok(false);
    }
    whole(path, bytes).map(|()| true)
}

/// Whether `path` holds exactly `bytes`.
pub fn is_same(path: &Path, bytes: &[u8]) -> bool {
    let same_size = fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() == bytes.len() as u64);
    same_size && fs::read(path).is_ok_and(|it| it == bytes)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link is followed, so that the file it leads to changes and the link stays.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let metadata = fs::metadata(&path).ok();
    if metadata.as_ref().is_some_and(|it| !it.is_file()) {
        // A device or a pipe, such as /dev/stdout, has nothing to replace.
        return OpenOptions::new().write(true).open(&path)?.write_all(bytes);
    }
    if is_same(&path, bytes) {
        return Ok(());
    }
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut temporary = Temporary::create(&path, folder)?;
    temporary.file.write_all(bytes)?;
    if let Some(metadata) = metadata {
        temporary.file.set_permissions(metadata.permissions())?;
    }
    temporary.file.sync_all()?;
    temporary.rename(&path)?;
    // The rename itself is on disk once the folder is; not every system can sync a folder.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// A file beside the one to be written; gone unless it was renamed.
struct Temporary {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Temporary {
    fn create(path: &Path, folder: &Path) -> io::Result<Temporary> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for attempt in 0..100 {
            let temporary = folder.join(format!(".{name}.{}-{attempt}.tmp", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                Ok(file) => return Ok(Temporary { path: temporary, file, renamed: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::new(io::ErrorKind::AlreadyExists, "temporary files of earlier runs are in the way"))
    }

    fn rename(mut self, to: &Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("aipc-write-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = folder("replace");
        let path = folder.join("a/b.yaml");
        whole(&path, b"one").unwrap();
        whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.join("a")).unwrap().count(), 1);
        assert!(is_same(&path, b"two") && !is_same(&path, b"owt"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_fails_leaves_the_old_file() {
        let folder = folder("fail");
        let path = folder.join("taken");
        fs::create_dir(&path).unwrap();
        assert!(whole(&path, b"x").is_err());
        assert!(whole(&path.join("x/../../taken"), b"x").is_err());
        assert!(!new(&path, b"x").unwrap());
        fs::remove_dir_all(folder).unwrap();
    }
}
