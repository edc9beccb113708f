//! The promises of the listener, kept against clients that send exactly the bytes they like.

mod body_budget;
mod cost;
mod fixture;
mod graceful_close;
mod http2;
mod limits;
mod rejections;
mod requests;
mod stopping;
mod tls;
