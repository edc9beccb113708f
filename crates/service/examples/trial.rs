//! A service with faults that the tests of the kernel start as a separate process.

use std::{
    num::NonZeroU32,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{body::Bytes, extract::Path, routing::get};
use futures::future::BoxFuture;
use schemars::JsonSchema;
use seaworthy_client::HttpClient;
use seaworthy_config::LegacyVariable;
use seaworthy_core::{Error, Secret, Timeout, context};
use seaworthy_http::{RateLimitsConfig, RouteOptions, Routes};
use seaworthy_resilience::{
    adaptive_concurrency::{AdaptiveConcurrency, AdaptiveConcurrencyConfig, Priority},
    rate_limit::{RateLimitConfig, RateLimitKey, RateLimiter},
};
use seaworthy_service::{
    Assembly, CommandRun, Commands, Component, Console, Dependency, Schedule, Service,
    ServiceCommand, Stage, StartError, Tasks, Worker, clap,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TrialConfig {
    /// A server without which the trial does not start.
    needed: Option<String>,
    /// A server that the trial can do without.
    wanted: Option<String>,
    /// The fault that the assembly injects.
    fault: Fault,
    /// A key that follows its rotation.
    #[schemars(extend("x-reloadable" = true))]
    #[serde(skip_serializing)]
    key: Option<Secret<String>>,
    /// Limits on one route.
    reports: RateLimitsConfig,
    /// A number that follows a reload.
    #[schemars(extend("x-reloadable" = true))]
    number: u32,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Fault {
    #[default]
    None,
    Panic,
    Error,
}

fn main() -> ExitCode {
    let definition = clap::Command::new("tally")
        .about("Count to the number of the settings, or without an end.")
        .arg(clap::Arg::new("forever").long("forever").num_args(0));
    let commands =
        Commands::new().with(ServiceCommand::new(definition, |run| Box::pin(tally(run))));
    let ignored = LegacyVariable::ignored("TRIAL_LIMIT_*", "set server.http.rate_limit");
    Service::new("trial", env!("CARGO_PKG_VERSION"))
        .legacy_variables([ignored])
        .main_with(commands, assemble)
}

/// Counts, with a pool that has to be closed.
async fn tally(run: CommandRun<'_, TrialConfig>) -> Result<(), StartError> {
    run.service.component(Pool(run.console));
    let number = run.service.settings().number;
    if number == 0 {
        return Err(StartError::with_cause(
            "nothing can be counted",
            "the number is 0",
        ));
    }
    tracing::info!("a line that no command prints");
    tracing::warn!("a line that a command prints beside its answer");
    if run.arguments.get_flag("forever") {
        run.console.progress("counting without an end");
        std::future::pending::<()>().await;
    }
    let counted: Vec<u32> = (1..=number).collect();
    run.console.print(&format!("counted to {number}"), &counted);
    Ok(())
}

/// The pool of a command. It reports its close.
struct Pool(Console);

impl Component for Pool {
    fn name(&self) -> &str {
        "pool"
    }

    fn stage(&self) -> Stage {
        Stage::Pool
    }

    fn request_stop(&self) {
        self.0.progress("the pool is closed");
    }

    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn unfinished_work(&self) -> Vec<String> {
        Vec::new()
    }

    fn abort(&self) {}
}

async fn assemble(service: &Assembly<TrialConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    match settings.fault {
        Fault::None => {}
        Fault::Panic => return Err(broken()),
        Fault::Error => return Err(StartError::new("the assembly has a fault")),
    }
    if let Some(address) = &settings.needed {
        service
            .connect(
                Dependency::new("needed")
                    .with_address(address.as_str())
                    .with_health_check(),
                || TcpStream::connect(address.clone()),
            )
            .await?;
    }
    let wanted = settings.wanted.clone().map(|address| {
        let dependency = Dependency::new("wanted")
            .with_address(address.as_str())
            .with_health_check();
        service.connect_optional(dependency, move || TcpStream::connect(address.clone()))
    });
    service.worker(Worker::new(
        "ticker",
        Schedule::Interval(Timeout::from_millis(200)),
        |_| async {
            tracing::info!("tick");
            Ok(())
        },
    ));
    let tasks = service.tasks().clone();
    let partner = service.http_client_builder("partner").build()?;
    let once_a_minute = RateLimitConfig {
        requests: NonZeroU32::MIN,
        window: Timeout::from_secs(60),
        ..RateLimitConfig::default()
    };
    let resilience = service.resilience();
    let rate = resilience.rate_limiter("seldom", &once_a_minute);
    let concurrency =
        resilience.adaptive_concurrency("seldom", &AdaptiveConcurrencyConfig::default());
    let reports = service.rate_limits("reports", |settings| settings.reports.clone())?;
    let reports = RouteOptions::new().rate_limits(reports);
    let reloadable = service.reloadable();
    let keys = service.reloadable();
    service.http(
        Routes::new()
            .get("/", async || "trial\n")
            .get("/slow/{millis}", slow)
            .get("/never", async || std::future::pending::<()>().await)
            .get("/busy", busy)
            .post("/echo", echo)
            .get("/panic", async || -> &'static str { panics() })
            .get("/fails", async || -> Result<&'static str, Error> {
                Err(Error::internal("the disk of ada@example.org is full"))
            })
            .get("/spawned", async move || spawned(&tasks).await)
            .get("/key-length", async move || {
                let key = keys.load().key.as_ref().map_or(0, |key| key.expose().len());
                key.to_string()
            })
            .get("/number", async move || {
                reloadable.load().number.to_string()
            })
            .route_with("/reports", get(async || "report\n"), reports)
            .get("/seldom", async move || seldom(&rate, &concurrency))
            .get("/partner", async move || ask(&partner).await)
            .get("/wanted", async move || match &wanted {
                Some(wanted) => wanted.get().map(|_| "here\n").map_err(Error::from),
                None => Ok("not asked for\n"),
            }),
    );
    Ok(())
}

/// Answers with what the partner says.
async fn ask(partner: &HttpClient) -> Result<String, Error> {
    Ok(partner.get("/").send().await?.success()?.text().await?)
}

/// Answers once a minute, if there is room.
fn seldom(rate: &RateLimiter, concurrency: &AdaptiveConcurrency) -> Result<&'static str, Error> {
    let now = Instant::now();
    rate.admit(&RateLimitKey::Route(Arc::from("/seldom")), now)?;
    let _place = concurrency.admit(Priority::default(), now)?;
    Ok("done\n")
}

async fn slow(Path(millis): Path<u64>) -> &'static str {
    tokio::time::sleep(Duration::from_millis(millis)).await;
    "done\n"
}

async fn echo(body: Bytes) -> Bytes {
    body
}

/// Never returns and never lets go of its thread.
async fn busy() -> &'static str {
    tracing::info!("busy from now on");
    while std::hint::black_box(true) {
        std::hint::spin_loop();
    }
    "done\n"
}

/// Answers with the request ID that a spawned task sees.
async fn spawned(tasks: &Tasks) -> String {
    let seen = tasks.spawn("looker", async {
        tracing::info!("the spawned task looks");
        context::current().map(|context| context.request_id().to_string())
    });
    seen.await.ok().flatten().flatten().unwrap_or_default()
}

#[expect(clippy::panic, reason = "the fault that the tests ask for")]
fn panics() -> &'static str {
    panic!("a secret detail of the handler")
}

#[expect(clippy::panic, reason = "the fault that the tests ask for")]
fn broken() -> StartError {
    panic!("a detail of the assembly")
}
