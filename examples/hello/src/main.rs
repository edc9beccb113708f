//! A minimal service: two routes and one setting.
//!
//! Run `cargo run --release -p hello`, and open <http://127.0.0.1:8000> and the admin listener at
//! <http://127.0.0.1:9900>.

use std::process::ExitCode;

use axum::body::Bytes;
use seaworthy::prelude::*;

/// Settings of this service. The framework derives documentation, schema and environment names.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct HelloConfig {
    /// Name in the greeting.
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

/// Registers the routes. A service with a database or a broker connects them here.
async fn assemble(service: &Assembly<HelloConfig>) -> Result<(), StartError> {
    let greeting = format!("Hello, {}!\n", service.settings().greeted);
    service.http(
        Routes::new()
            .get("/", async move || greeting)
            .post("/echo", echo),
    );
    Ok(())
}

/// Returns the body of the request.
async fn echo(body: Bytes) -> Bytes {
    body
}
