use std::{fs, path::Path};

use seaworthy_service::{CommandRun, StartError};
use serde_json::json;

use super::{
    manifest::{parse, with_hash},
    plugin_folder, read_manifest, unusable,
};
use crate::{
    PluginsConfig, World,
    folder::{COMPONENT, MANIFEST, replace_file, sha256_hex},
    pack,
};

/// Writes the component of a plugin, which it creates from a core module.
///
/// # Errors
/// The folder is a link, or a file cannot be read or written. The manifest or the module is not
/// valid, or the manifest names another plugin.
pub(super) fn write_component<C>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
    module: &str,
    world: Option<World>,
) -> Result<(), StartError> {
    let folder = plugin_folder(config, name)?;
    let manifest = folder.join(MANIFEST);
    let text = read_manifest(&manifest)?;
    // The component does not exist yet, so the manifest may have no hash.
    let manifest = parse(&manifest, name, &with_hash(&text, &sha256_hex(b"")))?;
    let world = world.or(manifest.world).unwrap_or(World::Plugin);
    let content = fs::read(module).map_err(|error| unusable(Path::new(module), error))?;
    let component =
        pack(&content, manifest.api, world).map_err(|error| StartError::new(error.to_string()))?;
    let path = folder.join(COMPONENT);
    replace_file(&path, &component).map_err(|error| unusable(&path, error))?;
    let text = format!("wrote {}: {} bytes", path.display(), component.len());
    run.console
        .print(&text, &json!({ "file": path, "bytes": component.len() }));
    Ok(())
}
