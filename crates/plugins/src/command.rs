use std::{fmt::Write as _, fs, io::Write as _, path::Path};

use seaworthy_config::Settings;
use seaworthy_core::Secret;
use seaworthy_service::{
    Assembly, CommandRun, ServiceCommand, StartError,
    clap::{Arg, ArgMatches, Command},
};
use serde_json::{Map, Value, json};

use crate::{
    HookCall, HookPoint, Manifest, Plugins, PluginsConfig, SigningKey, World,
    folder::{COMPONENT, MANIFEST, SIGNATURE, read_plugin, scan, sha256_hex},
    pack,
};

/// Returns the command `plugins list|verify|pack|key|sign|disable|run` of a service binary.
///
/// `config` returns the settings of plugins in the settings of the service.
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
    ServiceCommand::new(definition(), move |run| {
        Box::pin(async move {
            let config = config(run.service);
            execute(&run, &config).await
        })
    })
}

fn definition() -> Command {
    let name = || {
        Arg::new("name")
            .required(true)
            .help("The name of the plugin.")
    };
    Command::new("plugins")
        .about("Inspect, sign and test plugins.")
        .subcommand_required(true)
        .subcommand(Command::new("list").about("List the plugins of the folder."))
        .subcommand(
            Command::new("verify")
                .about("Load a plugin with the settings of this service, without starting it.")
                .arg(name()),
        )
        .subcommand(
            Command::new("pack")
                .about(
                    "Create plugin.wasm from a core module, for the interface that the manifest names.",
                )
                .arg(name())
                .arg(
                    Arg::new("module")
                        .required(true)
                        .help("The module, in binary or text form."),
                )
                .arg(
                    Arg::new("world")
                        .long("world")
                        .value_parser(World::ALL.map(World::as_str))
                        .help("The world of the module, instead of the one in the manifest."),
                ),
        )
        .subcommand(
            Command::new("key")
                .about("Create a signing key in a new file, and print its public key.")
                .arg(Arg::new("file").required(true).help("The new file.")),
        )
        .subcommand(
            Command::new("sign")
                .about("Write the hash of the component into the manifest, and sign the manifest.")
                .arg(name())
                .arg(
                    Arg::new("key")
                        .long("key")
                        .required(true)
                        .help("The file of the signing key."),
                ),
        )
        .subcommand(
            Command::new("disable")
                .about("Disable a plugin in its settings. A running service applies the change.")
                .arg(name()),
        )
        .subcommand(
            Command::new("run")
                .about("Start a plugin and call one hook, with the limits of this service.")
                .arg(name())
                .arg(
                    Arg::new("point")
                        .required(true)
                        .value_parser(HookPoint::ALL.map(HookPoint::as_str))
                        .help("The hook point."),
                )
                .arg(
                    Arg::new("input")
                        .long("input")
                        .help("A file with the values of the call, a JSON object."),
                ),
        )
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
        Some(("list", _)) => list(run, config),
        Some(("verify", arguments)) => verify(run, config, &text(arguments, "name")).await,
        Some(("pack", arguments)) => {
            let world = arguments.get_one::<String>("world").map(String::as_str);
            let (name, module) = (text(arguments, "name"), text(arguments, "module"));
            write_component(run, config, &name, &module, world)
        }
        Some(("key", arguments)) => key(run, &text(arguments, "file")),
        Some(("sign", arguments)) => sign(
            run,
            config,
            &text(arguments, "name"),
            &text(arguments, "key"),
        ),
        Some(("disable", arguments)) => disable(run, config, &text(arguments, "name")),
        Some(("run", arguments)) => {
            let input = arguments.get_one::<String>("input");
            let point = text(arguments, "point");
            call(run, config, &text(arguments, "name"), &point, input).await
        }
        _ => Ok(()),
    }
}

fn list<C>(run: &CommandRun<'_, C>, config: &PluginsConfig) -> Result<(), StartError> {
    let names = scan(&config.directory).map_err(|error| {
        StartError::because(
            format!(
                "the plugin folder {} cannot be read",
                config.directory.display()
            ),
            error,
        )
    })?;
    let mut text = String::new();
    let mut document = Vec::new();
    for name in names {
        let found = read_plugin(&config.directory.join(&name), &config.security);
        let (version, state) = match &found {
            Ok(found) if found.is_signed => {
                (found.manifest.version.to_string(), "signed".to_owned())
            }
            Ok(found) => (found.manifest.version.to_string(), "not signed".to_owned()),
            Err(error) => ("-".to_owned(), error.to_string()),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}  {version}  {state}");
        document.push(json!({ "name": name, "version": version, "state": state }));
    }
    run.console.answer(&text, &document);
    Ok(())
}

async fn verify<C: Settings>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
) -> Result<(), StartError> {
    let plugins = Plugins::open(run.service, config)?;
    load_with_dependencies(&plugins, name).await?;
    let info = plugins.get(name)?;
    let text = format!("{name} {} can be loaded", info.metadata.version);
    run.console.answer(&text, &info);
    Ok(())
}

fn write_component<C>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
    module: &str,
    world: Option<&str>,
) -> Result<(), StartError> {
    let failed = |path: &Path, error| {
        StartError::because(
            format!("{} cannot be read or written", path.display()),
            error,
        )
    };
    let folder = config.directory.join(name);
    let manifest = folder.join(MANIFEST);
    let text = fs::read_to_string(&manifest).map_err(|error| failed(&manifest, error))?;
    let manifest = Manifest::parse(&with_hash(&text, &sha256_hex(b"")))?;
    let world = world.unwrap_or(manifest.world.unwrap_or(World::Plugin).as_str());
    let content = fs::read(module).map_err(|error| failed(Path::new(module), error))?;
    let component = pack(&content, manifest.api, world).map_err(StartError::new)?;
    let path = folder.join(COMPONENT);
    fs::write(&path, &component).map_err(|error| failed(&path, error))?;
    let text = format!("wrote {}: {} bytes", path.display(), component.len());
    run.console
        .answer(&text, &json!({ "file": path, "bytes": component.len() }));
    Ok(())
}

fn key<C>(run: &CommandRun<'_, C>, file: &str) -> Result<(), StartError> {
    let key = SigningKey::generate().map_err(StartError::new)?;
    let failed = |error| StartError::because(format!("{file} cannot be written"), error);
    let mut written = private_file(Path::new(file)).map_err(failed)?;
    written
        .write_all(key.text().expose().as_bytes())
        .map_err(failed)?;
    run.console
        .answer(&key.public(), &json!({ "public_key": key.public() }));
    Ok(())
}

/// Creates a file that only the owner can read. Fails if it exists.
fn private_file(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn sign<C>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
    key: &str,
) -> Result<(), StartError> {
    let folder = config.directory.join(name);
    let failed = |path: &Path, error| {
        StartError::because(
            format!("{} cannot be read or written", path.display()),
            error,
        )
    };
    let text = fs::read_to_string(key).map_err(|error| failed(Path::new(key), error))?;
    let key = SigningKey::parse(&Secret::new(text)).map_err(StartError::new)?;
    let component = folder.join(COMPONENT);
    let hash = sha256_hex(&fs::read(&component).map_err(|error| failed(&component, error))?);
    let manifest = folder.join(MANIFEST);
    let text = fs::read_to_string(&manifest).map_err(|error| failed(&manifest, error))?;
    let text = with_hash(&text, &hash);
    Manifest::parse(&text)?;
    fs::write(&manifest, &text).map_err(|error| failed(&manifest, error))?;
    let signature = folder.join(SIGNATURE);
    fs::write(&signature, key.sign(text.as_bytes()).encode())
        .map_err(|error| failed(&signature, error))?;
    let text = format!("signed {name} with {}", key.public());
    run.console.answer(
        &text,
        &json!({ "name": name, "public_key": key.public(), "sha256": hash }),
    );
    Ok(())
}

/// Returns the text of a manifest with another hash.
fn with_hash(text: &str, hash: &str) -> String {
    let line = format!("sha256 = \"{hash}\"");
    let is_hash = |line: &&str| {
        let name = line.split('=').next().unwrap_or_default();
        name.trim() == "sha256"
    };
    let mut lines: Vec<&str> = text.lines().collect();
    match lines.iter().position(is_hash) {
        Some(place) => {
            if let Some(old) = lines.get_mut(place) {
                *old = &line;
            }
        }
        None => lines.insert(0, &line),
    }
    lines.join("\n") + "\n"
}

fn disable<C>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
) -> Result<(), StartError> {
    if !crate::manifest::is_name(name) {
        return Err(StartError::new(format!(
            "\"{name}\" is not a valid name of a plugin"
        )));
    }
    let path = config.config_directory.join(format!("{name}.yaml"));
    let failed =
        |error| StartError::because(format!("{} cannot be written", path.display()), error);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error)),
    };
    let kept = text.lines().filter(|line| !line.starts_with("enabled:"));
    let mut lines: Vec<&str> = kept.collect();
    lines.insert(0, "enabled: false");
    fs::create_dir_all(&config.config_directory).map_err(failed)?;
    fs::write(&path, lines.join("\n") + "\n").map_err(failed)?;
    let text = format!("{name} is disabled in {}", path.display());
    run.console
        .answer(&text, &json!({ "name": name, "file": path }));
    Ok(())
}

async fn call<C: Settings>(
    run: &CommandRun<'_, C>,
    config: &PluginsConfig,
    name: &str,
    point: &str,
    input: Option<&String>,
) -> Result<(), StartError> {
    let values: Map<String, Value> = match input {
        None => Map::new(),
        Some(file) => {
            let text = fs::read_to_string(file)
                .map_err(|error| StartError::because(format!("{file} cannot be read"), error))?;
            serde_json::from_str(&text).map_err(|error| {
                StartError::because(format!("{file} is not a JSON object"), error)
            })?
        }
    };
    let point = HookPoint::ALL
        .into_iter()
        .find(|known| known.as_str() == point);
    let Some(point) = point else {
        return Err(StartError::new("the hook point is not known"));
    };
    let plugins = Plugins::open(run.service, config)?;
    load_with_dependencies(&plugins, name).await?;
    plugins.start_plugin(name).await?;
    let call = values
        .into_iter()
        .fold(HookCall::new(), |call, (name, value)| {
            call.with_value(name, value)
        });
    let document = match plugins.run_hooks(point, call).await {
        Ok(report) => json!({ "values": report.call.values(), "failed": report.failed }),
        Err(error) => json!({ "rejected": error.reason(), "message": error.message() }),
    };
    run.console.answer(&format!("{document:#}"), &document);
    Ok(())
}

/// Loads and starts the dependencies of a plugin, and loads the plugin.
async fn load_with_dependencies(plugins: &Plugins, name: &str) -> Result<(), StartError> {
    for needed in plugins.order_for(name).await? {
        plugins.load(&needed).await?;
        if needed != name {
            plugins.start_plugin(&needed).await?;
        }
    }
    Ok(())
}
