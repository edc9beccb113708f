//! The paths of a storage.
//!
//! | Path | Content |
//! | --- | --- |
//! | `objects/d-a/f-b` | The object `a/b`, so that the objects `a` and `a/b` can both exist |
//! | `uploads/ID` | The parts of a multipart upload |
//! | `temporary` | Incomplete content. A start removes files older than a day |

use std::path::{Path, PathBuf};

use crate::ObjectKey;

/// The prefix of the directory of a segment.
pub(super) const DIRECTORY: &str = "d-";
/// The prefix of the file of the last segment.
pub(super) const FILE: &str = "f-";

#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) objects: PathBuf,
    pub(super) uploads: PathBuf,
    pub(super) temporary: PathBuf,
}

impl Layout {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            objects: root.join("objects"),
            uploads: root.join("uploads"),
            temporary: root.join("temporary"),
        }
    }

    /// Returns the path of an object. Segments have a prefix and no separator, so it is below root.
    pub(super) fn object(&self, key: &ObjectKey) -> PathBuf {
        let mut path = self.objects.clone();
        let mut segments = key.segments().peekable();
        while let Some(segment) = segments.next() {
            let prefix = match segments.peek() {
                Some(_) => DIRECTORY,
                None => FILE,
            };
            path.push(format!("{prefix}{segment}"));
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_all_keys_stay_in_the_directory_file_1() {
        let layout = Layout::new(Path::new("/root"));
        for (key, path) in [
            ("a", "/root/objects/f-a"),
            ("a/b", "/root/objects/d-a/f-b"),
            ("...", "/root/objects/f-..."),
        ] {
            assert_eq!(layout.object(&key.parse().unwrap()), Path::new(path));
        }
    }
}
