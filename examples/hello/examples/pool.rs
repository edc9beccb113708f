//! `hello` with a handler that needs one of ten connections for 20 ms, as a handler with a database
//! does. It serves almost 500 requests per second. `seaworthy-bench -- overload` sends more.

use std::{process::ExitCode, sync::Arc, time::Duration};

use seaworthy::prelude::*;
use tokio::{sync::Semaphore, time::sleep};

const WORK: Duration = Duration::from_millis(20);

/// Settings of this service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct PoolConfig {
    /// The number of connections.
    connections: u16,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self { connections: 10 }
    }
}

fn main() -> ExitCode {
    Service::new("pool", env!("CARGO_PKG_VERSION")).main(assemble)
}

async fn assemble(service: &Assembly<PoolConfig>) -> Result<(), StartError> {
    let pool = Arc::new(Semaphore::new(service.settings().connections.into()));
    let hello = async move || {
        let _connection = pool.acquire().await.map_err(Error::internal)?;
        sleep(WORK).await;
        Ok::<_, Error>("Hello, world!\n")
    };
    service.http(Routes::new().get("/", hello));
    Ok(())
}
