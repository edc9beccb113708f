//! The command `plugins` of a service binary.

mod definition;
mod disable;
mod inspect;
mod manifest;
mod pack;
mod run;
mod sign;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use seaworthy_config::Settings;
use seaworthy_service::{Assembly, CommandRun, ServiceCommand, StartError, clap::ArgMatches};

use crate::{PluginsConfig, World, folder::read_text};

/// Returns the command `plugins list|verify|pack|key|sign|disable|run` of a service binary.
///
/// `config` returns the plugin settings from the settings of the service.
///
/// ```
/// use seaworthy_plugins::{PluginsConfig, plugins_command};
/// use seaworthy_service::{Assembly, Commands, NoSettings};
///
/// fn config(_: &Assembly<NoSettings>) -> PluginsConfig {
///     PluginsConfig::default()
/// }
///
/// let commands = Commands::<NoSettings>::new().with(plugins_command(config));
/// # drop(commands);
/// ```
pub fn plugins_command<C: Settings>(
    config: impl Fn(&Assembly<C>) -> PluginsConfig + 'static,
) -> ServiceCommand<C> {
    ServiceCommand::new(definition::definition(), move |run| {
        Box::pin(async move {
            let config = config(run.service);
            execute(&run, &config).await
        })
    })
}

async fn execute<C: Settings>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
) -> Result<(), StartError> {
    let text = |arguments: &ArgMatches, name: &str| {
        let text = arguments.get_one::<String>(name).cloned();
        text.unwrap_or_default()
    };
    match run.arguments.subcommand() {
        Some(("list", _)) => inspect::list(run, config),
        Some(("verify", arguments)) => inspect::verify(run, config, &text(arguments, "name")).await,
        Some(("pack", arguments)) => {
            let world = arguments.get_one::<String>("world");
            let world =
                world.and_then(|name| World::ALL.into_iter().find(|world| world.as_str() == name));
            let (name, module) = (text(arguments, "name"), text(arguments, "module"));
            pack::write_component(run, config, &name, &module, world)
        }
        Some(("key", arguments)) => sign::key(run, &text(arguments, "file")),
        Some(("sign", arguments)) => sign::sign(
            run,
            config,
            &text(arguments, "name"),
            &text(arguments, "key"),
        ),
        Some(("disable", arguments)) => disable::disable(run, config, &text(arguments, "name")),
        Some(("run", arguments)) => {
            let input = arguments.get_one::<String>("input");
            let function = text(arguments, "function");
            run::call(run, config, &text(arguments, "name"), &function, input).await
        }
        _ => Ok(()),
    }
}

/// Returns the folder of a plugin, for a command that writes to it. Otherwise an author of a plugin
/// could select any folder of the user who signs it, through a link.
///
/// # Errors
/// The folder is a symbolic link, or does not exist.
fn plugin_folder(config: &PluginsConfig, name: &str) -> Result<PathBuf, StartError> {
    let folder = config.directory.join(name);
    let metadata = fs::symlink_metadata(&folder).map_err(|error| unusable(&folder, error))?;
    if !metadata.is_symlink() {
        return Ok(folder);
    }
    let problem = "is a symbolic link: replace it by the folder itself";
    Err(StartError::new(format!("{} {problem}", folder.display())))
}

/// Reads a manifest, of at most 64 KiB, as at the load of a plugin.
///
/// # Errors
/// The file is too large, is not UTF-8, or cannot be read.
fn read_manifest(path: &Path) -> Result<String, StartError> {
    let text = read_text(path).map_err(|error| unusable(path, error))?;
    let invalid = |error| unusable(path, io::Error::new(io::ErrorKind::InvalidData, error));
    String::from_utf8(text).map_err(invalid)
}

/// Returns the error of a file that cannot be read or written.
fn unusable(path: &Path, error: io::Error) -> StartError {
    let problem = format!("{} cannot be read or written", path.display());
    StartError::with_cause(problem, error)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn linked_folder_of_a_plugin_is_not_written_plug_2() {
        let home = tempfile::tempdir().unwrap();
        let config = PluginsConfig {
            directory: home.path().to_owned(),
            ..PluginsConfig::default()
        };
        let (target, link) = (home.path().join("notes"), home.path().join("linked"));
        fs::create_dir(&target).unwrap();
        symlink(&target, &link).unwrap();
        assert_eq!(plugin_folder(&config, "notes").unwrap(), target);
        let problem = plugin_folder(&config, "linked").unwrap_err().to_string();
        let expected = format!(
            "{} is a symbolic link: replace it by the folder itself",
            link.display()
        );
        assert_eq!(problem, expected);
    }
}
