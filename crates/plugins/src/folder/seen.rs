use std::{collections::BTreeMap, fs, io, path::Path, time::SystemTime};

use seaworthy_config::Profile;

use super::{COMPONENT, MANIFEST, SIGNATURE, config_files, read_text, scan, sha256_hex};

/// The files of each plugin of the folder, by its name.
pub(crate) type Seen = BTreeMap<String, Files>;

/// The hash of each plugin at its last load, by its name.
pub(crate) type Applied = BTreeMap<String, String>;

/// The files of a plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    /// A hash of the manifest, the signature and the settings. A change of it reloads the plugin.
    pub(crate) hash: String,
    /// The length and the modification time of the component. The manifest has its hash, so a
    /// change of the component matters only if the plugin could not be loaded.
    component: Option<(u64, Option<SystemTime>)>,
}

/// Returns the hash of each plugin.
pub(crate) fn hashes(seen: &Seen) -> Applied {
    let hash = |(name, files): (&String, &Files)| (name.clone(), files.hash.clone());
    seen.iter().map(hash).collect()
}

/// Returns the files of each plugin that decide about its load.
///
/// # Errors
/// The folder cannot be read.
pub(crate) fn seen(directory: &Path, configs: &Path, profile: Profile) -> io::Result<Seen> {
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

/// Returns a hash of the manifest, the signature and the settings of a plugin.
pub(crate) fn files_hash(directory: &Path, configs: &Path, profile: Profile, name: &str) -> String {
    let plugin = directory.join(name);
    let mut content = Vec::new();
    let own = [plugin.join(MANIFEST), plugin.join(SIGNATURE)];
    let settings = config_files(configs, profile, name);
    for file in own.into_iter().chain(settings) {
        add(&mut content, &file);
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
