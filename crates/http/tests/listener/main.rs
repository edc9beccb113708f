//! The requirements of the listener, with clients that send arbitrary bytes.

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
