use std::sync::Arc;

use seaworthy_config::{Loader, Settings};
use seaworthy_core::ServiceIdentity;
use seaworthy_facts::Facts;
use tokio::runtime;

use super::{arguments::Format, custom::Stderr, output, serve};
use crate::{
    assembly::Assembly,
    config::FrameworkConfig,
    facts::{self, Assembled, Configured},
    kernel::{Kernel, StartFailure},
    lifecycle::Watched,
    settings,
    start_error::StartError,
};

/// The settings of the started service: free ports, no drain delay, and only errors in the log.
const OWN_SETTINGS: [&str; 5] = [
    "server.http.addr=127.0.0.1:0",
    "server.grpc.addr=127.0.0.1:0",
    "admin.addr=127.0.0.1:0",
    "lifecycle.drain_delay=0s",
    "log.level=error",
];

/// The sources of the two sets of settings.
pub(super) struct Loaders {
    /// The settings that the facts describe. Their secrets need not exist.
    pub(super) described: Loader,
    /// The settings of the service that starts.
    pub(super) started: Loader,
}

/// Prints the facts of the service.
pub(super) fn run<C, A>(
    identity: &ServiceIdentity,
    loaders: Loaders,
    format: Format,
    commands: Vec<String>,
    assemble: A,
) -> u8
where
    C: Settings,
    A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
{
    let runtime = match runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = StartError::with_cause("the runtime cannot be started", error);
            return serve::report_failure(&failure.into(), format);
        }
    };
    let described = runtime.block_on(describe(identity, loaders, commands, assemble));
    runtime.shutdown_background();
    match described {
        Ok(facts) => output::text(&facts.to_json()),
        Err(failure) => serve::report_failure(&failure, format),
    }
}

async fn describe<C, A>(
    identity: &ServiceIdentity,
    loaders: Loaders,
    commands: Vec<String>,
    assemble: A,
) -> Result<Facts, StartFailure>
where
    C: Settings,
    A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
{
    let Loaders { described, started } = loaders;
    let schema = described.extend_schema(settings::schema::<C>());
    let loaded = settings::with_rules(described)
        .load_without_secrets(&schema)
        .map_err(StartFailure::Invalid)?;
    let framework = loaded
        .get::<FrameworkConfig>()
        .map_err(|error| StartError::with_cause("the settings cannot be read", error))?;
    let configured = Configured::new(identity, &schema, &loaded, &framework)?;
    // The names of the metrics contain the prefix.
    let prefix = format!(
        "metrics.service_prefix={}",
        framework.metrics.service_prefix
    );
    let started = started.overrides(OWN_SETTINGS).overrides([prefix]);
    let assembled = assembled(identity, started, assemble).await?;
    Ok(facts::join(identity, commands, configured, assembled))
}

/// Starts the service, reads its facts and stops it.
async fn assembled<C, A>(
    identity: &ServiceIdentity,
    loader: Loader,
    assemble: A,
) -> Result<Assembled, StartFailure>
where
    C: Settings,
    A: AsyncFnOnce(&Assembly<C>) -> Result<(), StartError>,
{
    let kernel = Kernel::open_with_logs::<C>(identity, loader, Arc::new(Stderr)).await?;
    let outcome = kernel.assemble(assemble).await;
    let has_grpc = kernel.addresses().grpc.is_some();
    let assembled = Assembled::new(kernel.parts(), has_grpc);
    kernel
        .stop(&Watched::default(), std::future::pending())
        .await;
    outcome.map(|()| assembled)
}
