use std::{
    io::{self, Read as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use seaworthy_config::{Loader, Settings};

use super::{
    arguments::{Format, HealthProbe},
    health_tls, output, serve, status,
};
use crate::{config::FrameworkConfig, kernel::StartFailure, settings, start_error::StartError};

/// Maximum wait for a probe. It responds from memory, so a slower process is not healthy.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Maximum size of a response, in bytes. A report has a few kilobytes.
const MAX_RESPONSE_SIZE: u64 = 256 * 1_024;

/// Sends a probe to the service on this machine, so that the image needs neither a client nor a
/// shell.
pub(super) fn run<C: Settings>(loader: &Loader, format: Format, probe: HealthProbe) -> u8 {
    // The check must not depend on a vault, nor send it a request every few seconds.
    let loaded = match loader.load_without_secrets(&loader.extend_schema(settings::schema::<C>())) {
        Ok(loaded) => loaded,
        Err(errors) => {
            serve::report_failure(&StartFailure::Invalid(errors), format);
            return status::FAILURE;
        }
    };
    let admin = match loaded.get::<FrameworkConfig>() {
        Ok(framework) => framework.admin,
        Err(error) => {
            return serve::report_failure(
                &StartError::with_cause("the settings cannot be read", error).into(),
                format,
            );
        }
    };
    let address = reachable(admin.addr);
    match get(address, admin.tls.is_some(), probe.path()) {
        Ok((200, body)) => output::line(body.trim_end()),
        Ok((_, body)) => {
            output::line(body.trim_end());
            status::FAILURE
        }
        Err(error) => {
            output::stderr(&format!("error: {address} does not respond: {error}\n"));
            status::FAILURE
        }
    }
}

/// Returns the loopback address for a listener on all interfaces. A name could resolve to the other
/// address family (CONF-7).
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn get(address: SocketAddr, is_tls: bool, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    if !is_tls {
        return exchange(stream, address, path);
    }
    let mut session = health_tls::connection(address.ip())?;
    exchange(
        rustls::Stream::new(&mut session, &mut stream),
        address,
        path,
    )
}

fn exchange(
    mut stream: impl io::Read + io::Write,
    address: SocketAddr,
    path: &str,
) -> io::Result<(u16, String)> {
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.take(MAX_RESPONSE_SIZE).read_to_string(&mut answer)?;
    let status = answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3))
        .and_then(|code| code.parse().ok());
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned())
        .unwrap_or_default();
    status
        .map(|status| (status, body))
        .ok_or_else(|| io::Error::other("the response is not HTTP"))
}
