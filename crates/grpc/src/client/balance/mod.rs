//! Which of several addresses a call goes to.
//!
//! Why not `tonic::transport::Channel::balance_channel`: its connections all report a load of zero, so that tower's choice of two is a blind one, and a connection
//! that cannot be opened counts as ready and fails every call that it is given. One dead replica of three costs a third of the calls, for as long as it is dead.
//! So tonic's channel is used for what it does well, HTTP/2 over one connection, and what is above it is here:
//!
//! - A [`Replica`](replica::Replica) holds one open connection, and opens it again with a growing wait when it is lost. It notices that when the socket closes, not
//!   at the next call. While it has none, no call goes there.
//! - A server that drains a connection (GOAWAY) leaves the socket open until the last stream ends.
//!   The first call that the connection refuses replaces the connection and uses the new one. Open
//!   streams stay on the old one.
//! - Of the replicas with a connection, two are drawn and the one with fewer calls under way is taken (M. Mitzenmacher, "The Power of Two Choices", 2001).
//! - A replica that fails five calls in a row is left out for a second, then twice as long each time, unless more than half are left out: then the trouble is
//!   not theirs. When its time is over, one call alone tries it.
//! - The name is resolved again and again, and at once when a connection is lost.
//!
//! When every address refuses connections, calls wait for up to 400 ms: a process that restarts is
//! back sooner. After that they fail at once, and each call triggers another attempt to connect.

mod balancer;
mod ejection;
mod replica;
mod watched;

pub(super) use balancer::{Balancer, ConnectionRefused, Resolver};
pub(super) use replica::{ConnectionDrained, InFlight};
