use seaworthy_config::{ConfigErrors, Loaded, Loader, Schema, Settings};
use serde_json::json;

use super::{
    arguments::{ConfigCommand, Format},
    output, serve, status,
};
use crate::{config::FrameworkConfig, kernel::StartFailure, preflight, service::Service, settings};

/// Inspects the settings without running the service.
pub(super) fn run<C: Settings>(
    service: &Service,
    loader: &Loader,
    format: Format,
    command: &ConfigCommand,
) -> u8 {
    let name = service.identity.name();
    let schema = loader.extend_schema(settings::schema::<C>());
    match command {
        ConfigCommand::Schema => output::text(&schema.to_json()),
        ConfigCommand::Docs => output::text(&schema.docs(name)),
        ConfigCommand::Env => output::text(&schema.env_example(name)),
        ConfigCommand::Check | ConfigCommand::Show | ConfigCommand::Explain { .. } => {
            match settings::load(loader, &schema) {
                Ok(loaded) => inspect(service, &loaded, format, command),
                Err(errors) => {
                    let all = match command {
                        ConfigCommand::Check => all_errors(service, loader, &schema),
                        _ => None,
                    };
                    let errors = all.unwrap_or(errors);
                    serve::report_failure(&StartFailure::Invalid(errors), format)
                }
            }
        }
    }
}

/// Returns the errors of values together with those of the checks and of preflight, as a start
/// reports them (CONF-1).
fn all_errors(service: &Service, loader: &Loader, schema: &Schema) -> Option<ConfigErrors> {
    let checked = settings::with_tls_files(service.checks.add_to(loader.clone()));
    settings::load(&settings::with_preflight(checked), schema).err()
}

fn inspect(service: &Service, loaded: &Loaded, format: Format, command: &ConfigCommand) -> u8 {
    match (command, format) {
        (ConfigCommand::Explain { key }, _) => match loaded.explain(key) {
            Ok(text) => output::text(&text),
            Err(error) => {
                output::stderr(&format!("error: {error}\n"));
                status::USAGE
            }
        },
        (ConfigCommand::Check, _) => check(service, loaded, format),
        (_, Format::Text) => output::text(&loaded.show()),
        (_, Format::Json) => output::json(&loaded.show_json()),
    }
}

fn check(service: &Service, loaded: &Loaded, format: Format) -> u8 {
    let mut problems = service.checks.problems(loaded);
    problems.extend(settings::tls_files(loaded));
    if let Ok(framework) = loaded.get::<FrameworkConfig>() {
        problems.extend(settings::exposed_addresses(loaded, &framework));
    }
    let violations = settings::violations(loaded);
    let allowances = settings::allowances(loaded);
    let profile = loaded.profile();
    if format == Format::Text
        && let Err(errors) = ConfigErrors::check(problems.clone())
    {
        output::text(&preflight::text(&violations));
        return serve::report_failure(&StartFailure::Invalid(errors), format);
    }
    match format {
        Format::Json => output::json(&json!({
            "profile": profile.name(),
            "violations": violations,
            "allowances": allowances,
            "errors": problems.iter().map(serve::error_json).collect::<Vec<_>>(),
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
    if problems.is_empty() && (violations.is_empty() || !settings::rejects_unsafe(profile)) {
        status::SUCCESS
    } else {
        status::CONFIGURATION
    }
}
