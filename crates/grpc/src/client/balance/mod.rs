//! Selects one of several addresses for each call.
//!
//! `tonic::transport::Channel::balance_channel` does not suffice. Its connections all report a load
//! of zero, so the choice of two is random. A connection that cannot be opened counts as ready and
//! fails every call. If one replica of three is down, a third of the calls fail. This module
//! therefore uses tonic for single connections, and adds:
//!
//! - A [`Replica`](replica::Replica) has one connection, and reconnects with a backoff. It detects
//!   a closed socket immediately. Without a connection it does not get calls.
//! - A server that drains a connection (GOAWAY) leaves the socket open until the last stream ends.
//!   The first call that the connection refuses replaces the connection and uses the new one. Open
//!   streams stay on the old one.
//! - Of two random replicas with connections, the call goes to the one with fewer calls in flight
//!   (M. Mitzenmacher, "The Power of Two Choices", 2001).
//! - A replica that fails five calls in a row is ejected for a second, then twice as long each
//!   time. If more than half are ejected, ejection does not apply, because the replicas are not the
//!   cause. After the ejection one test call uses the replica alone.
//! - The name is resolved periodically, and when a connection is lost.
//!
//! When every address refuses connections, calls wait for up to a fifth of `slow_call_duration`,
//! because a process that restarts accepts connections sooner. After `slow_call_duration` they fail
//! immediately, and each call triggers another attempt to connect. A call whose deadline passes
//! during the wait fails with `UNAVAILABLE` and not with `DEADLINE_EXCEEDED`, because the last
//! attempt was not sent.

mod balancer;
mod ejection;
mod notify_on_close;
mod replica;

pub(super) use balancer::{Balancer, ConnectionRefused, Resolver, refused};
pub(super) use replica::{ConnectionDrained, InFlight};
