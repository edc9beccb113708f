use std::{fs, io::Write as _, path::Path};

use seaworthy_core::Secret;
use seaworthy_service::{CommandRun, StartError};
use serde_json::json;

use super::{manifest::set_hash, plugin_folder, read_manifest, unusable};
use crate::{
    PluginsConfig, SigningKey, SigningKeyError,
    folder::{
        COMPONENT, MANIFEST, SIGNATURE, read_component, replace_file, replaceable, sha256_hex,
    },
};

/// Creates a signing key in a new file, and prints its public key.
///
/// # Errors
/// The file exists or cannot be written.
pub(super) fn key<C>(run: &CommandRun<'_, C>, file: &str) -> Result<(), StartError> {
    let key = SigningKey::generate().map_err(invalid)?;
    let failed = |error| StartError::with_cause(format!("{file} cannot be written"), error);
    let mut written = private_file(Path::new(file)).map_err(failed)?;
    written
        .write_all(key.text().expose().as_bytes())
        .map_err(failed)?;
    run.console
        .print(&key.public(), &json!({ "public_key": key.public() }));
    Ok(())
}

/// Creates a file that only the owner can read.
///
/// # Errors
/// The file exists or cannot be created.
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes the hash of a component into its manifest, and signs the manifest.
///
/// # Errors
/// - The folder is a link, or a file cannot be read or written.
/// - The component is too large, or the key or the manifest is not valid.
/// - The manifest names another plugin, or has its hash in another form.
pub(super) fn sign<C>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
    key: &str,
) -> Result<(), StartError> {
    let folder = plugin_folder(config, name)?;
    let text = fs::read_to_string(key).map_err(|error| unusable(Path::new(key), error))?;
    let key = SigningKey::parse(&Secret::new(text)).map_err(invalid)?;
    let component = folder.join(COMPONENT);
    let content = read_component(&component, &config.security);
    let hash = sha256_hex(&content.map_err(|error| unusable(&component, error))?);
    let manifest = folder.join(MANIFEST);
    let text = read_manifest(&manifest)?;
    let text = set_hash(&manifest, name, &text, &hash)?;
    let signature = folder.join(SIGNATURE);
    // Check both files first. A changed manifest would not match the old signature.
    for path in [&manifest, &signature] {
        replaceable(path).map_err(|error| unusable(path, error))?;
    }
    replace_file(&manifest, text.as_bytes()).map_err(|error| unusable(&manifest, error))?;
    let signed = key.sign(text.as_bytes()).encode();
    replace_file(&signature, signed.as_bytes()).map_err(|error| unusable(&signature, error))?;
    let text = format!("signed {name} with {}", key.public());
    run.console.print(
        &text,
        &json!({ "name": name, "public_key": key.public(), "sha256": hash }),
    );
    Ok(())
}

fn invalid(error: SigningKeyError) -> StartError {
    StartError::new(error.to_string())
}
