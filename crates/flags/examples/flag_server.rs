//! A flag server for programs in any language: OFREP over HTTP, and the gRPC APIs of flagd.
//!
//! ```text
//! cargo run -p seaworthy-flags --features grpc --example flag_server -- \
//!     --set flags.directory=. --set flags.state_directory=state
//! ```

use std::process::ExitCode;

use schemars::JsonSchema;
use seaworthy_flags::{Flag, FlagServer, Flags, FlagsConfig, Kind, flags_command};
use seaworthy_grpc::Contracts;
use seaworthy_service::{Assembly, Commands, Service, StartError};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ServerConfig {
    flags: FlagsConfig,
}

async fn start_flags(service: &Assembly<ServerConfig>) -> Result<Flags, StartError> {
    let flags = Flags::start(service, &service.settings().flags).await?;
    let stop = Flag::boolean("sales.open", true)
        .owner("sales")
        .kind(Kind::KillSwitch);
    let _ = flags.declare(stop)?;
    Ok(flags)
}

async fn assemble(service: &Assembly<ServerConfig>) -> Result<(), StartError> {
    let flags = start_flags(service).await?;
    service.http(flags.ofrep());
    FlagServer::public(&flags)
        .add_to(service, Contracts::new())
        .serve(service)
}

fn main() -> ExitCode {
    let commands = Commands::<ServerConfig>::new().with(flags_command(start_flags));
    Service::new("flag-server", env!("CARGO_PKG_VERSION")).main_with(commands, assemble)
}
