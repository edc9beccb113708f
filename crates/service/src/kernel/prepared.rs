use std::sync::Arc;

use seaworthy_config::{ConfigErrors, Loaded, Loader, Schema, Settings};

use super::{StartFailure, framework};
use crate::{config::FrameworkConfig, preflight::Violation, settings};

/// The result of the first two phases of a start.
pub(super) struct Prepared {
    pub(super) loader: Loader,
    pub(super) schema: Schema,
    pub(super) loaded: Loaded,
    pub(super) framework: Arc<FrameworkConfig>,
    pub(super) violations: Vec<Violation>,
}

/// Runs the phases [`Phase::Configure`] and [`Phase::Preflight`]. `listens` is false for a program
/// without listeners.
pub(super) async fn prepare<C: Settings>(
    loader: Loader,
    listens: bool,
) -> Result<Prepared, StartFailure> {
    // Phase::Configure
    let schema = loader.extend_schema(settings::schema::<C>());
    let loader = settings::with_rules(loader);
    let loader = match listens {
        true => settings::with_tls_files(loader),
        false => loader,
    };
    let loaded = match loader.load_async(&schema).await {
        Ok(loaded) => loaded,
        // Add the violations of preflight, so that an operator reads all problems at once (CONF-1).
        Err(errors) => {
            let all = settings::with_preflight(loader).load_async(&schema).await;
            return Err(StartFailure::Invalid(all.err().unwrap_or(errors)));
        }
    };
    let framework = Arc::new(framework(&loaded)?);

    // Phase::Preflight
    let exposed = settings::exposed_addresses(&loaded, &framework);
    ConfigErrors::check(exposed).map_err(StartFailure::Invalid)?;
    let violations = settings::violations(&loaded);
    if settings::rejects_unsafe(loaded.profile()) && !violations.is_empty() {
        return Err(StartFailure::Unsafe(violations));
    }
    Ok(Prepared {
        loader,
        schema,
        loaded,
        framework,
        violations,
    })
}
