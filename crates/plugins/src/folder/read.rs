use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{COMPONENT, MANIFEST, SIGNATURE};
use crate::{
    Manifest, PluginError, PluginErrorCode, PluginSecurityConfig, PluginsConfig, Signature,
    manifest::is_name,
};

/// The maximum number of files and folders in the plugin folder: far more than a service has
/// plugins. The service looks for a manifest in each of them at each poll, and reads even the
/// manifests without a signature before it rejects them.
const MAX_ENTRIES: usize = 1_000;
/// The maximum size of a text file of a plugin in bytes. Usual ones have a few hundred.
pub(super) const MAX_TEXT: u64 = 64 * 1024;

/// The checked files of a plugin.
pub(crate) struct Found {
    pub(crate) manifest: Manifest,
    pub(crate) component: Vec<u8>,
    pub(crate) is_signed: bool,
    pub(crate) path: PathBuf,
}

/// Returns the names of the folders that have a manifest, in alphabetical order. This includes
/// those whose manifest cannot be read, because only a removed manifest unloads a plugin.
///
/// # Errors
/// The folder cannot be read, or has more than [`MAX_ENTRIES`] files and folders.
pub(crate) fn scan(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for (seen, entry) in fs::read_dir(directory)?.enumerate() {
        if seen == MAX_ENTRIES {
            return Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                format!("the folder has more than {MAX_ENTRIES} files and folders"),
            ));
        }
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_name(&name) && may_be_file(&entry.path().join(MANIFEST)) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Returns false if a path does not exist or is not a file, and true if this is unknown.
fn may_be_file(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(found) => found.is_file(),
        Err(error) => !is_missing(&error),
    }
}

/// Returns true if a path does not exist or is not a folder, and false if this is unknown.
pub(crate) fn is_missing_folder(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(found) => !found.is_dir(),
        Err(error) => is_missing(&error),
    }
}

fn is_missing(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};

    matches!(error.kind(), NotFound | NotADirectory)
}

/// Returns the problem of a plugin folder that cannot be read.
pub(crate) fn unreadable_folder(directory: &Path) -> String {
    format!("the plugin folder {} cannot be read", directory.display())
}

/// Reads the files of a plugin. Checks their size, the signature, the manifest, the version and the
/// hash.
///
/// # Errors
/// A file is missing, too large or not valid. The signature is missing or not trusted. The version
/// is below the minimum of the operator.
pub(crate) fn read_plugin(path: &Path, config: &PluginsConfig) -> Result<Found, PluginError> {
    let security = &config.security;
    let folder = path.file_name().map(|name| name.to_string_lossy());
    let folder = folder.unwrap_or_default().into_owned();
    let failed = |problem: String| PluginError::new(PluginErrorCode::LoadFailed, &folder, problem);
    let unreadable = |file: &str, error| {
        failed(format!("{} cannot be read", path.join(file).display())).with_cause(error)
    };
    let text = read_text(&path.join(MANIFEST)).map_err(|error| unreadable(MANIFEST, error))?;
    // `name_problem` rejects a manifest with another name than that of the folder.
    let (setting, trusted_keys) = config.trusted_keys(&folder);
    let is_signed = match read_text(&path.join(SIGNATURE)) {
        Ok(signature) => Signature::parse(&String::from_utf8_lossy(&signature))
            .is_some_and(|signature| signature.is_valid_for_any(trusted_keys, &text)),
        Err(_) => false,
    };
    if !is_signed && !security.allow_unsigned {
        return Err(PluginError::new(
            PluginErrorCode::Permission,
            &folder,
            format!("{SIGNATURE} is not a signature by one of {setting}: run `plugins sign`"),
        ));
    }
    let text = String::from_utf8(text).map_err(|_| failed(format!("{MANIFEST} is not UTF-8")))?;
    let manifest = Manifest::parse(&folder, &text)?;
    if let Some(problem) = manifest.name_problem(&folder) {
        return Err(failed(format!("{MANIFEST} {problem}")));
    }
    let (version, min) = (&manifest.version, security.min_versions.get(&manifest.name));
    if let Some(min) = min.filter(|min| version < *min) {
        let problem = format!(
            "has the version {version}, which is below {min} of plugins.security.min_versions"
        );
        let code = PluginErrorCode::Permission;
        return Err(PluginError::new(code, &folder, problem));
    }
    let component = read_component(&path.join(COMPONENT), security)
        .map_err(|error| unreadable(COMPONENT, error))?;
    if sha256_hex(&component) != manifest.sha256.to_ascii_lowercase() {
        return Err(failed(format!(
            "`sha256` of {MANIFEST} is not the hash of {COMPONENT}: run `plugins sign`"
        )));
    }
    Ok(Found {
        manifest,
        component,
        is_signed,
        path: path.to_owned(),
    })
}

/// Reads a component, of at most `max_file_size` bytes.
///
/// # Errors
/// The file cannot be read, is larger, or is not a regular file.
pub(crate) fn read_component(path: &Path, security: &PluginSecurityConfig) -> io::Result<Vec<u8>> {
    read(path, security.max_file_size.get())
}

/// Reads a text file of a plugin, of at most [`MAX_TEXT`] bytes.
///
/// # Errors
/// The file cannot be read, is larger, or is not a regular file.
pub(crate) fn read_text(path: &Path) -> io::Result<Vec<u8>> {
    read(path, MAX_TEXT)
}

/// Reads a file of at most `max` bytes. Rejects devices and pipes, whose content may be endless.
///
/// # Errors
/// The file cannot be read, is larger, or is not a regular file.
fn read(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    // The path may name another file in the meantime, so this checks the open one.
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path is not a file",
        ));
    }
    let mut content = Vec::new();
    file.take(max.saturating_add(1)).read_to_end(&mut content)?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > max {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("the file has more than {max} bytes"),
        ));
    }
    Ok(content)
}

/// Opens a file. Does not wait for the writer of a pipe.
///
/// # Errors
/// The file cannot be opened.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};

    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(open(path, flags, Mode::empty())?.into())
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Returns the SHA-256 as 64 lower-case hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
