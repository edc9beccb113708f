use seaworthy_config::{Loaded, Loader, Settings};
use seaworthy_core::ServiceIdentity;
use serde_json::json;

use super::{
    arguments::{ConfigCommand, Format},
    output, serve, status,
};
use crate::{kernel::StartFailure, preflight, settings};

/// Inspects the settings without running the service.
pub(super) fn run<C: Settings>(
    identity: &ServiceIdentity,
    loader: &Loader,
    format: Format,
    command: &ConfigCommand,
) -> u8 {
    let schema = loader.extend_schema(settings::schema::<C>());
    match command {
        ConfigCommand::Schema => output::text(&schema.to_json()),
        ConfigCommand::Docs => output::text(&schema.docs(identity.name())),
        ConfigCommand::Env => output::text(&schema.env_example(identity.name())),
        ConfigCommand::Check | ConfigCommand::Show | ConfigCommand::Explain { .. } => {
            match settings::load(loader, &schema) {
                Ok(loaded) => inspect(&loaded, format, command),
                Err(errors) => serve::report_failure(&StartFailure::Invalid(errors), format),
            }
        }
    }
}

fn inspect(loaded: &Loaded, format: Format, command: &ConfigCommand) -> u8 {
    match (command, format) {
        (ConfigCommand::Explain { key }, _) => match loaded.explain(key) {
            Ok(text) => output::text(&text),
            Err(error) => {
                output::stderr(&format!("error: {error}\n"));
                status::USAGE
            }
        },
        (ConfigCommand::Check, _) => check(loaded, format),
        (_, Format::Text) => output::text(&loaded.show()),
        (_, Format::Json) => output::json(&loaded.show_json()),
    }
}

fn check(loaded: &Loaded, format: Format) -> u8 {
    let violations = settings::violations(loaded);
    let allowances = settings::allowances(loaded);
    let profile = loaded.profile();
    match format {
        Format::Json => output::json(&json!({
            "profile": profile.name(),
            "violations": violations,
            "allowances": allowances,
        })),
        Format::Text if violations.is_empty() => output::line(&format!(
            "the settings of the profile {profile} are valid and safe"
        )),
        Format::Text => output::text(&format!(
            "the settings of the profile {profile} are valid, but production rejects {} of them:\n\n{}",
            violations.len(),
            preflight::text(&violations)
        )),
    };
    if format == Format::Text && !allowances.is_empty() {
        output::text(&preflight::allowed(&allowances));
    }
    if violations.is_empty() || !settings::rejects_unsafe(profile) {
        status::SUCCESS
    } else {
        status::CONFIGURATION
    }
}
