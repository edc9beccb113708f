//! A server that the Connect project's conformance runner tests (API-1).
//!
//! The runner writes the server's settings to standard input, reads the address from standard
//! output, and calls it. Only the called service is in this crate. Kernel, listener, stack and
//! generated code are those of every service. `tests/runner.rs` runs it:
//!
//! ```text
//! go install connectrpc.com/conformance/cmd/connectconformance@v1.0.6
//! SEAWORTHY_TEST_CONNECTCONFORMANCE=$(go env GOPATH)/bin/connectconformance cargo test -p seaworthy-grpc-conformance
//! ```

mod answer;
mod contract;
mod error_format;
mod headers;
mod service;
mod trailers;

use std::{
    error::Error,
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
    sync::Arc,
};

use contract::{ServerCompatRequest, ServerCompatResponse};
use error_format::Bare;
use seaworthy_config::{Environment, Loader, Profile};
use seaworthy_contract::ContractConfig;
use seaworthy_core::ByteSize;
use seaworthy_grpc::Contracts;
use seaworthy_service::{NoSettings, Service};
use service::Conformance;
use tokio::signal::unix::{SignalKind, signal};

const NAME: &str = "conformance";
/// One client sends all calls, and standard output belongs to the runner.
const SETTINGS: [&str; 5] = [
    "log.level=error",
    "server.http.addr=127.0.0.1:0",
    "admin.addr=127.0.0.1:0",
    "server.grpc.addr=127.0.0.1:0",
    "server.grpc.rate_limit.enabled=false",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let wanted: ServerCompatRequest = read()?;
    let files = tempfile::tempdir()?;
    let mut settings: Vec<String> = SETTINGS.map(str::to_owned).to_vec();
    settings.extend(tls(&wanted, files.path())?);
    let loader = Loader::new(NAME)
        .profile(Profile::Test)
        .environment(Environment::default())
        .overrides(settings);
    let mut config = ContractConfig::default().with_errors(Bare);
    if wanted.message_receive_limit > 0 {
        config.max_body_size = ByteSize::bytes(wanted.message_receive_limit.into());
    }
    let conformance = Conformance(Arc::new(config));
    let mut stop = signal(SignalKind::terminate())?;
    let running = Service::new(NAME, env!("CARGO_PKG_VERSION"))
        .start::<NoSettings, _>(loader, async |service| {
            Contracts::new().with(conformance).serve(service)
        })
        .await?;
    let address = running.addresses().grpc.ok_or("there is no listener")?;
    write(&ServerCompatResponse {
        host: address.ip().to_string(),
        port: address.port().into(),
        pem_cert: wanted.server_creds.unwrap_or_default().cert,
    })?;
    stop.recv().await;
    running.stop().await;
    Ok(())
}

/// Returns the TLS settings, and writes their files.
fn tls(wanted: &ServerCompatRequest, folder: &Path) -> Result<Vec<String>, Box<dyn Error>> {
    let mut settings = Vec::new();
    let Some(own) = wanted.server_creds.as_ref().filter(|_| wanted.use_tls) else {
        return Ok(settings);
    };
    let mut file = |key: &str, name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        settings.push(format!("server.grpc.tls.{key}={}", path.display()));
        fs::write(path, bytes)
    };
    file("certificate", "server.pem", &own.cert)?;
    file("key", "server.key", &own.key)?;
    if !wanted.client_tls_cert.is_empty() {
        file("client_ca", "client.pem", &wanted.client_tls_cert)?;
        settings.push("server.grpc.tls.client_certificates=required".to_owned());
    }
    Ok(settings)
}

/// Reads a message with its length ahead of it in four bytes.
fn read<M: prost::Message + Default>() -> Result<M, Box<dyn Error>> {
    let mut input = io::stdin().lock();
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    let mut bytes = Vec::new();
    input
        .take(u32::from_be_bytes(length).into())
        .read_to_end(&mut bytes)?;
    Ok(M::decode(bytes.as_slice())?)
}

fn write(message: &impl prost::Message) -> Result<(), Box<dyn Error>> {
    let bytes = prost::Message::encode_to_vec(message);
    let mut output = io::stdout().lock();
    output.write_all(&u32::try_from(bytes.len())?.to_be_bytes())?;
    output.write_all(&bytes)?;
    Ok(output.flush()?)
}
