//! The settings of a running service, and their preflight.

use std::path::Path;

use seaworthy_config::{
    ConfigError, ConfigErrors, Loaded, Loader, Origin, Profile, Schema, Settings,
};
use seaworthy_core::{ByteSize, error_chain, host::is_loopback_ip};
use seaworthy_http::{
    HttpConfig,
    server::ListenerConfig,
    tls::{ClientCertificates, TlsConfig},
};

use crate::{
    config::FrameworkConfig,
    preflight::{self, Allowance, Facts, Setting, Violation},
};

/// Minimum of `log.buffer_size`: a few hundred long lines fit.
const MIN_BUFFER: ByteSize = ByteSize::kibibytes(64);

/// Returns the schema of the framework and of the settings `C` of a service.
pub(crate) fn schema<C: Settings>() -> Schema {
    Schema::from_settings::<FrameworkConfig>().with::<C>()
}

/// Adds the rules of the framework's settings that their types do not express.
pub(crate) fn with_rules(loader: Loader) -> Loader {
    loader.rule(check_rules)
}

/// Adds preflight for reloads, so that production rejects unsafe settings at a reload too (CONF-3).
pub(crate) fn with_preflight(loader: Loader) -> Loader {
    loader.rule(|loaded| {
        if !rejects_unsafe(loaded.profile()) {
            return Vec::new();
        }
        let rejected = violations(loaded).into_iter();
        rejected
            .map(|violation| {
                let Violation {
                    id, key, why, fix, ..
                } = violation;
                config_error(loaded, key, format!("{why} ({id}): {fix}"))
            })
            .collect()
    })
}

/// Adds the check of the TLS files of the listeners. They are not part of the settings, so a
/// reload of the settings does not read them.
pub(crate) fn with_tls_files(loader: Loader) -> Loader {
    loader.start_rule(tls_files)
}

/// Returns the TLS files of the listeners that cannot be used. Blocks.
pub(crate) fn tls_files(loaded: &Loaded) -> Vec<ConfigError> {
    let Ok(framework) = loaded.get::<FrameworkConfig>() else {
        return Vec::new();
    };
    let sections = framework.tls().into_iter();
    sections
        .filter_map(|(section, tls)| {
            let tls = tls?;
            let error = tls.check_files().err()?;
            let key = match error.path() {
                Some(path) if path == tls.certificate => format!("{section}.certificate"),
                Some(path) if path == tls.key => format!("{section}.key"),
                Some(_) => format!("{section}.client_ca"),
                None => section.to_owned(),
            };
            Some(config_error(loaded, key, error_chain(&error)))
        })
        .collect()
}

/// Returns errors of settings that a listener, the stack or an exporter rejects.
fn check_rules(loaded: &Loaded) -> Vec<ConfigError> {
    // Tests load settings without those of the framework.
    let Ok(framework) = loaded.get::<FrameworkConfig>() else {
        return Vec::new();
    };
    let FrameworkConfig {
        server,
        tracing,
        lifecycle,
        health,
        log,
        admin,
        ..
    } = &framework;
    let mut found = Vec::new();
    check_listener(
        "server.http",
        &server.http.listener(),
        &server.http,
        &mut found,
    );
    if let Some(grpc) = &server.grpc {
        check_listener("server.grpc", &grpc.listener(), &grpc.stack(), &mut found);
    }
    if let Err(error) = tracing.check() {
        found.push(("tracing.endpoint".to_owned(), error.to_string()));
    }
    let drain_delay = lifecycle.drain_delay_in(loaded.profile());
    if drain_delay.get() >= lifecycle.total_timeout.get() {
        let problem = format!(
            "{drain_delay} is not shorter than lifecycle.total_timeout ({}): lower it or raise the timeout",
            lifecycle.total_timeout
        );
        found.push(("lifecycle.drain_delay".to_owned(), problem));
    }
    if health.max_result_age.get() < health.interval.get() + health.check_timeout.get() {
        let problem = format!(
            "{} is too small: it must be at least health.interval ({}) plus health.check_timeout ({})",
            health.max_result_age, health.interval, health.check_timeout
        );
        found.push(("health.max_result_age".to_owned(), problem));
    }
    if log.buffer_size < MIN_BUFFER {
        let problem = format!(
            "{} is too small: use at least {MIN_BUFFER}",
            log.buffer_size
        );
        found.push(("log.buffer_size".to_owned(), problem));
    }
    if server.http.max_body_size > server.max_body_memory {
        let problem = format!(
            "{} is more than server.max_body_memory, which is {}: lower this limit or raise server.max_body_memory",
            server.http.max_body_size, server.max_body_memory
        );
        found.push(("server.http.max_body_size".to_owned(), problem));
    }
    let is_required = |tls: &TlsConfig| tls.client_certificates == ClientCertificates::Required;
    if admin.tls.as_ref().is_some_and(is_required) {
        let problem = "probes of orchestrators have no client certificate: use `none` or `optional`, and admin.token for the other routes";
        found.push((
            "admin.tls.client_certificates".to_owned(),
            problem.to_owned(),
        ));
    }
    if server.http.addr == admin.addr && admin.addr.port() != 0 {
        let problem = format!(
            "{} is also server.http.addr, and two listeners cannot share an address",
            admin.addr
        );
        found.push(("admin.addr".to_owned(), problem));
    }
    let found = found.into_iter();
    found
        .map(|(key, problem)| config_error(loaded, key, problem))
        .collect()
}

/// Returns the addresses that other machines reach, if no profile is set. A deployed service must
/// not run as `development` because its image or manifest omits the profile (CONF-3).
pub(crate) fn exposed_addresses(loaded: &Loaded, framework: &FrameworkConfig) -> Vec<ConfigError> {
    if loaded.is_profile_set() {
        return Vec::new();
    }
    let exposed = framework.listening().into_iter();
    let exposed = exposed.filter(|(_, address)| !is_loopback_ip(address.ip()));
    let variable = loaded.profile_variable();
    let errors = exposed.map(|(key, address)| {
        let problem = format!(
            "other machines reach {address}, and no profile is set: set {variable} to production, or to development if other machines may reach a service with unsafe settings"
        );
        config_error(loaded, key.to_owned(), problem)
    });
    errors.collect()
}

fn check_listener(
    section: &str,
    listener: &ListenerConfig,
    stack: &HttpConfig,
    found: &mut Vec<(String, String)>,
) {
    if let Err(error) = listener.check() {
        found.push((format!("{section}.{}", error.key()), error.to_string()));
    }
    if let Err(error) = stack.check() {
        found.push((format!("{section}.{}", error.key()), error.to_string()));
    }
}

pub(crate) fn config_error(loaded: &Loaded, key: String, problem: String) -> ConfigError {
    let origin = loaded.origin(&key).unwrap_or(Origin::Default);
    ConfigError::new(origin, key, problem)
}

/// Returns the violations of preflight.
pub(crate) fn violations(loaded: &Loaded) -> Vec<Violation> {
    preflight::check(&facts(loaded))
}

/// Returns the settings that allow what production rejects otherwise.
pub(crate) fn allowances(loaded: &Loaded) -> Vec<Allowance> {
    preflight::allowances(&facts(loaded))
}

/// Returns whether the profile rejects unsafe settings instead of logging them.
pub(crate) fn rejects_unsafe(profile: Profile) -> bool {
    profile == Profile::Production
}

/// Logs the environment variables of a legacy deployment that have no effect.
pub(crate) fn warn_of_ignored(loaded: &Loaded) {
    for ignored in loaded.ignored_variables() {
        tracing::warn!(
            variable = ignored.name,
            advice = &*ignored.advice,
            "an environment variable is ignored"
        );
    }
}

/// Returns whether log lines default to JSON in the profile.
pub(crate) fn is_deployed(profile: Profile) -> bool {
    matches!(profile, Profile::Staging | Profile::Production)
}

/// Loads settings for commands that do not run the service. Without a runtime, `vault:` references
/// are errors.
pub(crate) fn load(loader: &Loader, schema: &Schema) -> Result<Loaded, ConfigErrors> {
    let loader = with_rules(loader.clone());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(loader.load_async(schema)),
        Err(_) => loader.load(schema),
    }
}

fn facts(loaded: &Loaded) -> Facts {
    let inline = loaded.inline_secrets();
    let mut facts = Facts::default();
    for shown in loaded.values() {
        let origin = shown.origin;
        let setting = Setting {
            is_default: loaded.origin(&shown.key) == Some(Origin::Default),
            is_inline_secret: inline.iter().any(|secret| secret.key == shown.key),
            marks: shown.marks,
            value: shown.value,
            origin,
        };
        match list_of(&shown.key) {
            Some(list) => facts.insert_item(list, setting),
            None => facts.insert(shown.key, setting),
        }
    }
    facts.set_memory_limit(preflight::memory_limit(Path::new("/")));
    loaded.for_each_secret(|key, secret, marks| {
        facts.insert_secret(key, secret, marks.clone());
    });
    facts
}

/// The key of the list that an item such as `origins[2]` belongs to.
fn list_of(key: &str) -> Option<&str> {
    let (list, index) = key.strip_suffix(']')?.rsplit_once('[')?;
    index
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(list)
}
