use std::time::Duration;

use serde_json::json;

use super::{Malformed, Protocol, heartbeat::Heartbeat, packet::Packet, registry::SessionPermit};
use crate::{
    RealtimeConfig,
    socket_io::rate::{Decision, Rate},
};

/// Frames per call. A session ends at ten times `max_calls` times this number. A call is one
/// frame and up to 16 attachments.
const FRAMES_PER_CALL: u32 = 2;

/// A session with a client.
pub(super) struct Session<P> {
    pub(super) permit: SessionPermit,
    pub(super) protocol: P,
    pub(super) heartbeat: Heartbeat,
    /// Timeout for writing to the client, and for the upgrade to WebSocket.
    pub(super) timeout: Duration,
    /// Maximum number of packets that wait for a client over polling.
    pub(super) max_pending: usize,
    /// The size of pending packets above which the protocol waits, in bytes.
    pub(super) max_pending_size: usize,
    frames: Rate,
}

impl<P: Protocol> Session<P> {
    pub(super) fn new(permit: SessionPermit, protocol: P, config: &RealtimeConfig) -> Self {
        let timeout = config.ping_timeout.get();
        let max_frames = config.max_calls.get().saturating_mul(FRAMES_PER_CALL);
        Self {
            permit,
            protocol,
            heartbeat: Heartbeat::new(config.keep_alive.get(), timeout),
            timeout,
            max_pending: config.max_pending.get() as usize,
            max_pending_size: config.max_event_size.as_usize(),
            frames: Rate::new(max_frames, config.call_period.get()),
        }
    }

    /// Returns the first packet of a session.
    pub(super) fn open_packet(&self, upgrades: &[&str], config: &RealtimeConfig) -> Packet {
        let parameters = json!({
            "sid": self.permit.id(),
            "upgrades": upgrades,
            "pingInterval": config.keep_alive.get().as_millis(),
            "pingTimeout": config.ping_timeout.get().as_millis(),
            "maxPayload": config.max_message_size.get(),
        });
        Packet::Open(parameters.to_string())
    }

    /// Counts a frame of the client, which costs time even if it has no effect.
    ///
    /// # Errors
    /// The client sends too many frames.
    pub(super) fn count_frame(&mut self) -> Result<(), Malformed> {
        match self.frames.count(std::time::Instant::now()) {
            Decision::Disconnect => Err(Malformed),
            Decision::Admit | Decision::Reject => Ok(()),
        }
    }

    /// Accepts a packet. `None` ends the session.
    pub(super) fn accept(&mut self, packet: Packet) -> Result<Option<()>, Malformed> {
        match packet {
            Packet::Message(message) => self.protocol.receive(message).map(Some),
            Packet::Pong => {
                self.heartbeat.record_pong();
                Ok(Some(()))
            }
            Packet::Noop | Packet::Upgrade => Ok(Some(())),
            Packet::Close => Ok(None),
            _ => Err(Malformed),
        }
    }
}
