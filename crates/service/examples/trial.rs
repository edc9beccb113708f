//! A service with every bad habit, which the tests of the kernel start as a process of its own.

use std::{process::ExitCode, time::Duration};

use axum::{body::Bytes, extract::Path};
use schemars::JsonSchema;
use seaworthy_client::HttpClient;
use seaworthy_core::{Error, Secret, Timeout, context};
use seaworthy_http::Routes;
use seaworthy_service::{Assembly, Dependency, Schedule, Service, StartError, Tasks, Worker};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TrialConfig {
    /// A server without which the trial does not start.
    needed: Option<String>,
    /// A server that the trial can do without.
    wanted: Option<String>,
    /// What the assembly does wrong.
    fault: Fault,
    /// A key that follows its rotation.
    #[schemars(extend("x-reloadable" = true))]
    #[serde(skip_serializing)]
    key: Option<Secret<String>>,
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
    Service::new("trial", env!("CARGO_PKG_VERSION")).main(assemble)
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
                Dependency::new("needed").at(address.as_str()).watched(),
                || TcpStream::connect(address.clone()),
            )
            .await?;
    }
    let wanted = settings.wanted.clone().map(|address| {
        let dependency = Dependency::new("wanted").at(address.as_str()).watched();
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
    let partner = service.http_client("partner")?;
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
            .get("/spawned", async move || spawned(&tasks).await)
            .get("/key-length", async move || {
                let key = keys.load().key.as_ref().map_or(0, |key| key.expose().len());
                key.to_string()
            })
            .get("/number", async move || {
                reloadable.load().number.to_string()
            })
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
