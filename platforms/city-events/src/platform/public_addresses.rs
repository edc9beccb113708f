use std::{io, net::SocketAddr};

use city_events_contract::DEVELOPMENT_ORIGINS;
use seaworthy::prelude::*;
use tokio::net::TcpSocket;

use super::PlatformOptions;

/// The addresses that browsers use. The settings of several services contain them, so they are
/// known ahead of the start.
pub(super) struct PublicAddresses {
    pub(super) media: SocketAddr,
    bff: SocketAddr,
    is_free: bool,
    /// Sockets that keep outgoing connections from using the ports until the services listen.
    _reserved: Vec<TcpSocket>,
}

impl PublicAddresses {
    pub(super) fn new(options: &PlatformOptions) -> Result<Self, StartError> {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        if !options.free_ports {
            return Ok(Self {
                media: loopback(8085),
                bff: loopback(8080),
                is_free: false,
                _reserved: Vec::new(),
            });
        }
        // Both sockets are bound at the same time, so the ports differ.
        let (for_media, for_bff) = (bound(loopback(0))?, bound(loopback(0))?);
        let (media, bff) = (for_media.local_addr()?, for_bff.local_addr()?);
        // Elsewhere no listener can share the port of a bound socket.
        let is_shared = cfg!(target_os = "linux");
        Ok(Self {
            media,
            bff,
            is_free: true,
            _reserved: match is_shared {
                true => vec![for_media, for_bff],
                false => Vec::new(),
            },
        })
    }

    pub(super) fn of_media(&self) -> Vec<String> {
        let (media, port) = (self.media, self.bff.port());
        // Pages of every origin that the gateway allows may upload.
        let mut origins = DEVELOPMENT_ORIGINS.map(ToOwned::to_owned).to_vec();
        if self.is_free {
            origins.extend(["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{port}")));
        }
        let mut settings = vec![
            format!("raw.public_url=http://{media}/media/files"),
            format!("pictures_url=http://{media}"),
            format!("server.http.cors.allowed_origins=[{}]", origins.join(", ")),
        ];
        if self.is_free {
            settings.push(format!("server.http.addr={media}"));
        }
        settings
    }

    pub(super) fn of_gateway(&self) -> Vec<String> {
        let mut settings = vec![
            format!("pictures_url=http://{}", self.media),
            format!("uploads_url=http://{}", self.media),
        ];
        if self.is_free {
            settings.push(format!("server.http.addr={}", self.bff));
        }
        settings
    }
}

/// Binds a socket that does not listen. A listener can bind the same address, because both allow
/// its reuse.
fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
