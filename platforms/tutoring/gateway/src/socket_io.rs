//! Connections of Socket.IO: who may connect, and which rooms they join.

use std::sync::Arc;

use seaworthy::{
    core::Grants,
    prelude::*,
    realtime::{Handshake, Hub, Peer, Presence, Room, Socket, SocketIo},
};
use tutoring_contract::{AccessTokenVerifier, AdminRole, error_response};

use crate::{
    chat::{self, ChatCalls},
    journeys::{self, JourneyCalls},
};

/// The path that clients of Socket.IO expect.
const PATH: &str = "/socket.io";
/// The room of super admins, who see all business events.
pub(crate) const ADMINS: &str = "admin";
/// The permission to join it.
const EVENTS_READ: &str = "events:read";

/// Returns the routes of Socket.IO.
pub(crate) fn routes(
    hub: &Hub,
    verifier: AccessTokenVerifier,
    chat: ChatCalls,
    journeys: JourneyCalls,
    presence: Presence,
) -> Routes {
    let server = SocketIo::new(hub, move |handshake| {
        let verifier = verifier.clone();
        async move { authenticate(&verifier, &handshake).await }
    })
    .allowed_origins_only()
    .error_renderer(Arc::new(error_response))
    .on_connect(|socket, _| join_admins(socket))
    .on_disconnect(move |socket, _| presence.leave(socket));
    let server = journeys::handlers(server, journeys);
    chat::handlers(server, &Arc::new(chat)).routes(PATH)
}

async fn authenticate(
    verifier: &AccessTokenVerifier,
    handshake: &Handshake,
) -> Result<Peer, Error> {
    let given = handshake.token()?;
    let token = verifier.verify(given).await;
    let token = token.map_err(Handshake::rejected)?;
    let peer = Peer::new(token.actor().clone(), token.grants().clone());
    Ok(peer.with_token(given).expires_at(token.expires_at()))
}

/// Events belong to all territories, so an administrator with a territory does not receive them.
fn sees_all_events(grants: &Grants) -> bool {
    grants.has_role(AdminRole::SuperAdmin.as_str()) && grants.has_scope(EVENTS_READ)
}

fn join_admins(socket: &Socket) {
    if !sees_all_events(socket.peer().grants()) {
        return;
    }
    let joined = ADMINS.parse::<Room>().map(|room| socket.join(room));
    if !matches!(joined, Ok(Ok(()))) {
        tracing::warn!("an administrator did not join the room of business events");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_super_admins_see_all_events_auth_5() {
        let sees =
            |role: &str, scope: &str| sees_all_events(&Grants::new(["admin", role], [scope]));
        assert!(sees("super_admin", EVENTS_READ));
        assert!(!sees("super_admin", "course:write"));
        assert!(!sees("state_admin", EVENTS_READ));
        assert!(!sees_all_events(&Grants::new(["student"], [EVENTS_READ])));
    }
}
