//! The smallest service that is worth running: two routes, one setting, and everything that a service needs around them.
//!
//! `cargo run --release -p hello`, then look at <http://127.0.0.1:8000> and <http://127.0.0.1:9900>.

use std::process::ExitCode;

use axum::body::Bytes;
use seaworthy::prelude::*;

/// The settings of this service. Their documentation, schema and environment names are made from these lines.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct HelloConfig {
    /// Who is greeted.
    greeted: String,
}

impl Default for HelloConfig {
    fn default() -> Self {
        Self {
            greeted: "world".to_owned(),
        }
    }
}

fn main() -> ExitCode {
    Service::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")).main(assemble)
}

/// Puts the service together. Whatever it would need (a database, a publisher) would be connected here, before the service is ready.
async fn assemble(service: &Assembly<HelloConfig>) -> Result<(), StartError> {
    let greeting = format!("Hello, {}!\n", service.settings().greeted);
    service.http(
        Routes::new()
            .get("/", async move || greeting)
            .post("/echo", echo),
    );
    Ok(())
}

/// Answers with what it was sent.
async fn echo(body: Bytes) -> Bytes {
    body
}
