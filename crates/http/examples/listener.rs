//! A listener to measure from outside: `listener auto|http1|http2 ADDRESS`, for instance under
//! `h2spec -p PORT`.

use std::{error::Error, net::SocketAddr};

use axum::{Router, body::Bytes, routing::any};
use seaworthy_http::server::{Listener, ListenerConfig, Protocols};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let protocols = match arguments.next().as_deref() {
        Some("http1") => Protocols::Http1,
        Some("http2") => Protocols::Http2,
        _ => Protocols::Auto,
    };
    let address: SocketAddr = match arguments.next() {
        Some(address) => address.parse()?,
        None => ListenerConfig::default().address,
    };
    let config = ListenerConfig {
        address,
        protocols,
        ..ListenerConfig::default()
    };
    let hello = any(async |_: Bytes| "hello");
    let server = Listener::bind(&config)
        .await?
        .serve(Router::new().route("/", hello));
    tokio::signal::ctrl_c().await?;
    server.drain();
    server.finished().await;
    Ok(())
}
