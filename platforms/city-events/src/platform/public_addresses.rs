use std::net::{SocketAddr, TcpListener};

use seaworthy::prelude::*;

use super::PlatformOptions;

/// The addresses that browsers use. The settings of several services contain them, so they are
/// known ahead of the start.
pub(super) struct PublicAddresses {
    pub(super) media: SocketAddr,
    bff: SocketAddr,
    is_free: bool,
}

impl PublicAddresses {
    pub(super) fn new(options: &PlatformOptions) -> Result<Self, StartError> {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        if !options.free_ports {
            return Ok(Self {
                media: loopback(8085),
                bff: loopback(8080),
                is_free: false,
            });
        }
        // Both listeners are open at once, so the ports differ.
        let [media, bff] = [
            TcpListener::bind(loopback(0))?,
            TcpListener::bind(loopback(0))?,
        ];
        Ok(Self {
            media: media.local_addr()?,
            bff: bff.local_addr()?,
            is_free: true,
        })
    }

    pub(super) fn of_media(&self) -> Vec<String> {
        let (media, port) = (self.media, self.bff.port());
        let mut settings = vec![
            format!("raw.public_url=http://{media}/media/files"),
            format!("pictures_url=http://{media}"),
            format!(
                "server.http.cors.allowed_origins=[http://127.0.0.1:{port}, http://localhost:{port}]"
            ),
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
