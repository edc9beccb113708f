//! A TCP proxy that injects network faults: latency, resets and dropped bytes.
//!
//! It runs between a client and a real server, so that a test needs no mock. A test can change the
//! fault at any time. Open connections apply it to their next bytes.
//!
//! ```
//! use std::time::Duration;
//! use seaworthy_testkit::fault::{Fault, FaultProxy};
//! use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
//! let proxy = FaultProxy::start(server.local_addr().unwrap()).await.unwrap();
//! proxy.set(Fault { latency: Duration::from_millis(20), ..Fault::none() });
//!
//! let mut client = tokio::net::TcpStream::connect(proxy.address()).await.unwrap();
//! let (mut accepted, _) = server.accept().await.unwrap();
//! client.write_all(b"ping").await.unwrap();
//! let mut received = [0; 4];
//! accepted.read_exact(&mut received).await.unwrap();
//! assert_eq!(&received, b"ping");
//! # });
//! ```

mod connection;
mod faults;
mod proxy;
mod trigger;

pub use faults::{Disruption, Fault};
pub use proxy::FaultProxy;
