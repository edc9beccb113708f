use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use seaworthy_config::Profile;

use super::{COMPONENT, MANIFEST, SIGNATURE, read_text, scan, settings_files, sha256_hex};

/// The files of each plugin of the folder, by its name.
pub(crate) type FolderSnapshot = BTreeMap<String, Files>;

/// The hash of each plugin at its last load, by its name.
pub(crate) type AppliedHashes = BTreeMap<String, FilesHash>;

/// Hashes of the files of a plugin. A change of one reloads the plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FilesHash {
    /// The hash of the manifest and the signature. The manifest has the hash of the component.
    pub(crate) code: String,
    pub(crate) settings: String,
}

/// The files of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) hash: FilesHash,
    /// The length and the modification time of the component. The manifest has its hash, so a
    /// change of the component matters only if the plugin could not be loaded.
    component: Option<(u64, Option<SystemTime>)>,
}

/// Returns the hash of each plugin.
pub(crate) fn hashes(snapshot: &FolderSnapshot) -> AppliedHashes {
    let hash = |(name, files): (&String, &Files)| (name.clone(), files.hash.clone());
    snapshot.iter().map(hash).collect()
}

/// Returns the files of each plugin that decide about its load.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn read_snapshot(
    directory: &Path,
    configs: &Path,
    profile: Profile,
) -> io::Result<FolderSnapshot> {
    let names = scan(directory)?;
    let files = |name: String| {
        let component = directory.join(&name).join(COMPONENT).metadata().ok();
        let files = Files {
            hash: files_hash(directory, configs, profile, &name),
            component: component.map(|file| (file.len(), file.modified().ok())),
        };
        (name, files)
    };
    Ok(names.into_iter().map(files).collect())
}

/// Returns the hashes of the files of a plugin.
pub(crate) fn files_hash(
    directory: &Path,
    configs: &Path,
    profile: Profile,
    name: &str,
) -> FilesHash {
    let plugin = directory.join(name);
    FilesHash {
        code: hash(&[plugin.join(MANIFEST), plugin.join(SIGNATURE)]),
        settings: hash(&settings_files(configs, profile, name)),
    }
}

fn hash(files: &[PathBuf]) -> String {
    let mut content = Vec::new();
    for file in files {
        add(&mut content, file);
    }
    sha256_hex(&content)
}

/// Adds a file to the hashed content. An unreadable or too large file differs from a missing one,
/// so that the next load of the plugin reports it.
fn add(content: &mut Vec<u8>, file: &Path) {
    match read_text(file) {
        Ok(text) => content.extend(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => content.push(1),
        Err(error) => {
            content.push(2);
            content.extend(error.to_string().into_bytes());
            let changed = fs::metadata(file).map(|file| (file.len(), file.modified().ok()));
            content.extend(format!("{:?}", changed.ok()).into_bytes());
        }
    }
    content.push(0);
}
