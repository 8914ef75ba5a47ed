//! What lies in a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// All files of a folder and of the folders in it, in order.
///
/// # Errors
///
/// What the file system says, about which folder.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let paths = paths_in(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let (inner, here): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
        folders.extend(inner);
        files.extend(here);
    }
    files.sort();
    Ok(files)
}

fn paths_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    paths.collect()
}
