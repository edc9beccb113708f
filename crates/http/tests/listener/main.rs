//! The promises of the listener, kept against clients that send exactly the bytes they like.

mod fixture;
mod http2;
mod limits;
mod requests;
mod stopping;
mod tls;
