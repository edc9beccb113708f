use seaworthy_service::clap::{Arg, Command};

use super::run::{DECIDE, HANDLE};
use crate::{HookPoint, World};

/// Returns the arguments of the command.
pub(super) fn definition() -> Command {
    let name = || {
        Arg::new("name")
            .required(true)
            .help("The name of the plugin.")
    };
    let functions = HookPoint::ALL.map(HookPoint::as_str).into_iter();
    let functions: Vec<&str> = functions.chain([DECIDE, HANDLE]).collect();
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
                .about("Start a plugin and call it, with the limits of this service. Fails if the call fails.")
                .arg(name())
                .arg(
                    Arg::new("function")
                        .required(true)
                        .value_parser(functions)
                        .help("A hook point, `decide` for a decision, or `handle` for an event."),
                )
                .arg(Arg::new("input").long("input").help(
                    "A file with a JSON object: the values of the hooks, the subject, action, resource and context of the decision, or the type and data of the event.",
                )),
        )
}
