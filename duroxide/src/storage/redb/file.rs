//! The file of a store: for its owner alone, and in the place that was named.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens the file of a store for reading and writing; creates it if there is none.
///
/// A link in its place is refused: whoever may write into the folder could have put it there, and
/// the store would be kept, or something else overwritten, where they please.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    // Histories carry what users pass around: nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    warn_of_folder(path);
    // A file that is new cannot be somebody else's link.
    match options.clone().create_new(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        other => return other,
    }
    refuse_link(path)?;
    let file = options.open(path)?;
    refuse_link(path)?;
    is_same(path, &file)?;
    Ok(file)
}

fn refuse_link(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.file_type().is_symlink() {
        let problem =
            "a symbolic link is in its place: open the file that it leads to by its own path";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
    }
    Ok(())
}

/// Whether what was opened is what stands in that place now.
#[cfg(unix)]
fn is_same(path: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let (named, opened) = (fs::symlink_metadata(path)?, file.metadata()?);
    if (named.dev(), named.ino()) == (opened.dev(), opened.ino()) {
        return Ok(());
    }
    Err(io::Error::other(
        "the file was exchanged while it was opened: open it again",
    ))
}

#[cfg(not(unix))]
fn is_same(_: &Path, _: &File) -> io::Result<()> {
    Ok(())
}

/// In a folder that everybody may write to, everybody may exchange the file.
#[cfg(unix)]
fn warn_of_folder(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if fs::metadata(folder).is_ok_and(|found| found.permissions().mode() & 0o002 != 0) {
        tracing::warn!(
            folder = %folder.display(),
            "everybody may write to the folder of the store: keep it in one of its own"
        );
    }
}

#[cfg(not(unix))]
fn warn_of_folder(_: &Path) {}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_new_file_is_its_owners_alone_and_one_that_exists_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.redb");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        drop(open(&path).unwrap());
        assert_eq!(mode(), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        drop(open(&path).unwrap());
        assert_eq!(mode(), 0o640);
    }

    #[test]
    fn no_link_is_followed_whether_it_leads_somewhere_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        symlink(&target, &link).unwrap();
        let refusal = open(&link).unwrap_err();
        assert!(refusal.to_string().contains("symbolic link"), "{refusal}");
        assert!(!target.exists(), "created through a link");
        fs::write(&target, "theirs").unwrap();
        assert!(open(&link).is_err());
        assert_eq!(fs::read(&target).unwrap(), b"theirs");
    }

    #[test]
    fn a_file_that_was_exchanged_meanwhile_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.redb");
        let file = open(&path).unwrap();
        is_same(&path, &file).unwrap();
        fs::rename(&path, folder.path().join("old")).unwrap();
        drop(open(&path).unwrap());
        assert!(is_same(&path, &file).is_err());
    }
}
