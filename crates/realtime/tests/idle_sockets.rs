//! SEC-3: idle clients of Socket.IO cost little memory. A process of its own, because it measures
//! its memory and moves its limit on open files.
#![expect(
    clippy::unwrap_used,
    reason = "the lint knows only functions marked as tests"
)]

#[path = "../examples/idle_sockets/measure.rs"]
mod measure;

use measure::{Measured, measure};

/// For both ends of a connection.
const MAX_BYTES_EACH: u64 = 10 << 10;

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_sockets_cost_at_most_ten_kibibytes_sec_3() {
    let (count, each) = measure(Measured::SocketIo).await;
    println!("{count} idle sockets, {each} bytes each");
    assert!(each <= MAX_BYTES_EACH, "{each} bytes each");
}
